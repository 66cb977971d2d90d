# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role's argument specification, defaults and README say the same, and so do the module's and the service's."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.rxpath.linux.plugins.module_utils._apply.watch_units import Wish
from ansible_collections.rxpath.linux.plugins.module_utils._watch.run import _options
from ansible_collections.rxpath.linux.plugins.modules import udp_watch_service

ROOT = Path(__file__).resolve().parents[3]
ROLE = ROOT / "roles/udp_watch"
PREFIX = "udp_watch_"


def load(path: str) -> Any:
    return yaml.safe_load((ROLE / path).read_text(encoding="utf-8"))


def test_specification_defaults_and_readme_agree() -> None:
    options = load("meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    defaults = load("defaults/main.yml")
    assert {name: option.get("default") for name, option in options.items()} == defaults
    readme = (ROLE / "README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(rf"^\| `({PREFIX}\w+)` \| `([^`]*)` \|", readme, re.MULTILINE))
    assert rows == {name: str(value) for name, value in defaults.items()}


def test_every_default_has_its_reason_above_it() -> None:
    lines = (ROLE / "defaults/main.yml").read_text(encoding="utf-8").splitlines()
    assert not [line for above, line in zip(lines, lines[1:]) if line.startswith(PREFIX) and above[:1] != "#"]


def test_module_and_service_have_the_same_defaults() -> None:
    defaults = {name[len(PREFIX) :]: value for name, value in load("defaults/main.yml").items()}
    options = yaml.safe_load(udp_watch_service.DOCUMENTATION)["options"]
    assert {name: option["default"] for name, option in options.items()} == defaults
    check, see = load("tasks/main.yml")
    assert see["rxpath.linux.udp_watch_service"] == {name: f"{{{{ {PREFIX}{name} }}}}" for name in defaults}
    assert check["vars"]["__udp_watch_known"] == sorted(PREFIX + name for name in defaults)
    wish = Wish(defaults["directory"])._asdict()
    assert wish == {name: value for name, value in defaults.items() if name != "state"}
    service = vars(_options(["--directory", defaults["directory"]]))
    assert {name: service[name] for name in wish} == wish
