# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How Sphinx makes the site of the guides and the reference; ``make docs`` starts it (tests/docs/build.py)."""

from __future__ import annotations

import re
from typing import Optional

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

project = "rxpath.linux"
author = "rxpath.linux contributors"
copyright = "2026, rxpath.linux contributors"  # noqa: A001 - Sphinx wants this name
html_title = "rxpath.linux"

extensions = ["sphinx_antsibull_ext", "sphinx_copybutton"]
nitpicky = True
default_role = "any"
highlight_language = "text"

html_theme = "sphinx_ansible_theme"
html_theme_options = {
    "collapse_navigation": False,
    "documentation_home_url": "index.html",
    "navigation_depth": 2,
    "show_extranav": False,
    "show_rtd_ethical_ads": False,
    "topbar_links": {
        "Repository": "https://github.com/rxpath/rxpath.linux",
        "Issues": "https://github.com/rxpath/rxpath.linux/issues",
    },
}
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_use_index = False

# For make docs LINKS=--links alone.
linkcheck_timeout = 20
linkcheck_anchors = False

# Only what is typed is copied: the lines after a prompt, joined where a backslash goes on.
copybutton_prompt_text = "$ "
copybutton_only_copy_prompt_lines = True
copybutton_line_continuation_character = "\\"

# Labels of Ansible's own documentation. Its inventory would have to be fetched, and the site is built without network.
ANSIBLE = "https://docs.ansible.com/ansible/latest"
ELSEWHERE = {
    "action_plugins": "plugins/action.html",
    "ansible_configuration_settings": "reference_appendices/config.html",
    "common_return_values": "reference_appendices/common_return_values.html",
}
BUILTIN = re.compile(r"ansible_collections\.ansible\.builtin\.(\w+_(?:module|lookup|filter|test|callback))")


def elsewhere(label: str) -> Optional[str]:
    """Return the address of a label of Ansible's own documentation."""
    builtin = BUILTIN.fullmatch(label)
    page = f"collections/ansible/builtin/{builtin[1]}.html" if builtin else ELSEWHERE.get(label)
    return page and f"{ANSIBLE}/{page}"


def resolve(
    _app: Sphinx, _env: BuildEnvironment, node: pending_xref, contents: nodes.TextElement
) -> Optional[nodes.reference]:
    """Lead a reference to Ansible's own documentation there; any other that is missing stays a fault."""
    address = elsewhere(node["reftarget"])
    return nodes.reference("", "", contents, internal=False, refuri=address) if address else None


def setup(app: Sphinx) -> None:
    """Tell Sphinx of what is done here."""
    app.connect("missing-reference", resolve)
