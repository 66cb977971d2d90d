# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The examples for images and first boots: what Packer's template names exists, and cloud-init's schema agrees."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import hcl2
import jsonschema
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
PACKER = ROOT / "docs/examples/packer"
USER_DATA = sorted((ROOT / "docs/examples/cloud-init").glob("user-data.*"))
# Where cloud-init is installed, and where the step builder unpacks it without installing.
SCHEMAS = (
    Path("/usr/lib/python3/dist-packages"),
    ROOT / ".cache/cloud-init/usr/lib/python3/dist-packages",
)
SCHEMA = "cloudinit/config/schemas/schema-cloud-config-v1.json"


def template(text: str) -> dict[str, Any]:
    return dict(hcl2.loads(text))


def bare(value: Any) -> Any:
    return value.strip('"') if isinstance(value, str) else value


def faults(found: dict[str, Any], folder: Path) -> list[str]:
    """Return what a template names and does not have."""
    wrong = []
    plugins = {
        name: bare(row["source"])
        for block in found["packer"]
        for required in block["required_plugins"]
        for name, row in required.items()
        if isinstance(row, dict)
    }
    sources = {
        f"source.{bare(kind)}.{bare(name)}"
        for block in found["source"]
        for kind, named in block.items()
        if isinstance(named, dict)
        for name in named
        if name != "__is_block__"
    }
    for build in found["build"]:
        wrong += [f"no {bare(name)}" for name in build["sources"] if bare(name) not in sources]
        for provisioner in build["provisioner"]:
            options = provisioner.get('"ansible"') or provisioner.get("ansible")
            if options is None:
                continue
            if plugins.get("ansible") != "github.com/hashicorp/ansible":
                wrong.append("no plugin ansible")
            for key in ("playbook_file", "galaxy_file"):
                if not (folder / bare(options[key])).is_file():
                    wrong.append(f"no {bare(options[key])}")
    return wrong


def test_template_names_what_there_is() -> None:
    assert not faults(template((PACKER / "image.pkr.hcl").read_text(encoding="utf-8")), PACKER)


@pytest.mark.parametrize(
    ("right", "wrong", "fault"),
    [
        ("./tune.yml", "./tuning.yml", "no ./tuning.yml"),
        ("hashicorp/ansible", "hashicorp/chef", "no plugin ansible"),
        ('["source.qemu.resolver"]', '["source.qemu.server"]', "no source.qemu.server"),
    ],
)
def test_what_a_template_lacks_is_found(right: str, wrong: str, fault: str) -> None:
    text = (PACKER / "image.pkr.hcl").read_text(encoding="utf-8")
    assert faults(template(text.replace(right, wrong)), PACKER) == [fault]


def test_a_template_that_does_not_parse_is_refused() -> None:
    text = (PACKER / "image.pkr.hcl").read_text(encoding="utf-8")
    with pytest.raises(Exception, match=r"Unexpected|Expected|No terminal"):
        template(text.replace('version = "~> 1"', "version = ~> 1"))


def test_an_image_is_only_prepared() -> None:
    play = yaml.safe_load((PACKER / "tune.yml").read_text(encoding="utf-8"))[0]
    assert play["tasks"][0]["vars"]["udp_tuning_persist_only"] is True


@pytest.mark.parametrize("path", USER_DATA, ids=lambda path: path.name)
def test_user_data_is_known_as_such(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith("#cloud-config\n")
    assert set(yaml.safe_load(text)) <= {"ansible", "packages", "runcmd"}


def test_user_data_is_valid() -> None:
    found = [folder / SCHEMA for folder in SCHEMAS if (folder / SCHEMA).is_file()]
    if not found:
        pytest.skip("there is no cloud-init; the step builder fetches its schema")
    assert len(USER_DATA) == 2
    schema = json.loads(found[0].read_text(encoding="utf-8"))
    for path in USER_DATA:
        jsonschema.validate(yaml.safe_load(path.read_text(encoding="utf-8")), schema)
    for broken in ({"runcmd": "ls"}, {"ansible": {"install_method": "by hand", "package_name": "ansible"}}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(broken, schema)
