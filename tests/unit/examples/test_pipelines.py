# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The examples for CI against the schemas of GitHub and GitLab, and what a gate must not forget."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = ROOT / "docs/examples"
CHECK = Path(sys.executable).with_name("check-jsonschema")
ZIZMOR = Path(sys.executable).with_name("zizmor")
SCHEMAS = {
    "ci/github-actions.yml": "vendor.github-workflows",
    "ci/gitlab-ci.yml": "vendor.gitlab-ci",
    "gitlab-ci.yml": "vendor.gitlab-ci",
}


def check(path: Path, schema: str) -> int:
    command = [str(CHECK), "--builtin-schema", schema, str(path)]
    return subprocess.run(command, capture_output=True, check=False).returncode


@pytest.mark.parametrize(("name", "schema"), SCHEMAS.items())
def test_pipeline_is_valid(name: str, schema: str) -> None:
    assert check(EXAMPLES / name, schema) == 0


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("ci/github-actions.yml", "    steps:", "    stages:"),
        ("ci/gitlab-ci.yml", "    when: always", "    when: sometimes"),
        ("gitlab-ci.yml", "  parallel:", "  parallel: many\n  other:"),
    ],
)
def test_a_mistake_is_refused(name: str, right: str, wrong: str, tmp_path: Path) -> None:
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    assert right in text
    broken = tmp_path / "broken.yml"
    broken.write_text(text.replace(right, wrong), encoding="utf-8")
    assert check(broken, SCHEMAS[name]) != 0


def test_workflow_is_safe(tmp_path: Path) -> None:
    path = EXAMPLES / "ci/github-actions.yml"
    command = [str(ZIZMOR), "--offline", "--quiet", "--no-progress", "--persona", "pedantic"]
    assert subprocess.run([*command, str(path)], capture_output=True, check=False).returncode == 0
    broken = tmp_path / "broken.yml"
    text = path.read_text(encoding="utf-8")
    broken.write_text(re.sub(r"checkout@\S+", "checkout@v5", text), encoding="utf-8")
    assert subprocess.run([*command, str(broken)], capture_output=True, check=False).returncode != 0


def test_reports_are_kept_whatever_the_verdict() -> None:
    gitlab = yaml.safe_load((EXAMPLES / "ci/gitlab-ci.yml").read_text(encoding="utf-8"))["udp-gate"]
    assert gitlab["artifacts"]["when"] == "always"
    assert "allow_failure" not in gitlab, "4 hides whether a host that was reached has lost"
    steps = yaml.safe_load((EXAMPLES / "ci/github-actions.yml").read_text(encoding="utf-8"))["jobs"]["gate"]["steps"]
    keep = next(step for step in steps if "upload-artifact" in step.get("uses", ""))
    assert keep["if"] == "always()"
