# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all pages share: one file without network access, readable without JavaScript, all names from hosts escaped.

Nothing of a report stands inside a script or a style element. A content security policy allows the page's own script
and style by their hash and nothing else, so that a name that slipped through could still not run.
"""

from __future__ import annotations

import base64
import functools
import hashlib
from pathlib import Path
from typing import Any

import jinja2
from ansible_collections.rxpath.linux.plugins.plugin_utils import _wording as wording
from markupsafe import Markup

TEMPLATES = Path(__file__).parent / "_templates"


def render_page(template: str, script: str | None = None, **values: Any) -> str:
    """Return a page of a template that extends ``page.html.j2``; ``script`` names its script, if it has one."""
    style = _asset("report.css")
    code = _asset(script) if script else ""
    only = f"style-src '{_hash(style)}'" + (f"; script-src '{_hash(code)}'" if script else "")
    return (
        _environment()
        .get_template(template)
        .render(
            policy=f"default-src 'none'; {only}; base-uri 'none'; form-action 'none'",
            style=Markup(style),  # noqa: S704
            script=Markup(code),  # noqa: S704
            **values,
        )
    )


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        finalize=lambda value: "" if value is None else value,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["wording"] = wording
    environment.filters.update(
        count=wording.count, percent=wording.percent, size=wording.size, seconds=wording.seconds, title_of=wording.title
    )
    return environment


def _asset(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
