# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""After the rollback a host is in every setting and file what it was before the scenario."""

from __future__ import annotations

import difflib
from pathlib import Path

import testinfra.host

testinfra_hosts = ["ansible://all"]

SCRIPT = Path(__file__).parents[1] / "state.sh"


def test_all_is_as_it_was(host: testinfra.host.Host, ephemeral: Path) -> None:
    name = host.backend.get_pytest_id().rpartition("/")[2]
    before = (ephemeral / f"before-{name}.txt").read_text(encoding="utf-8").splitlines()
    now = host.check_output("bash -c %s", SCRIPT.read_text(encoding="utf-8")).splitlines()
    assert any(line.startswith("net.core.rmem_max = ") for line in before)
    different = list(difflib.unified_diff(before, now, "before", "now", lineterm="", n=0))
    # All of it: pytest would shorten what it compares.
    assert not different, "\n".join(different)


def test_nothing_of_ours_is_left(host: testinfra.host.Host) -> None:
    found = host.check_output("find / -xdev '(' -name '*rxpath*' -o -name '99-udp-tuning*' ')' -not -path '/proc/*'")
    assert found == ""
    # Without --all: udev still knows until the device's next event what it wanted, a unit that is "not-found".
    assert "rxpath" not in host.check_output("systemctl list-units --no-legend --plain 'rxpath*'")


def test_the_host_is_well(host: testinfra.host.Host) -> None:
    assert host.run("systemctl is-system-running").stdout.strip() in ("running", "starting")
