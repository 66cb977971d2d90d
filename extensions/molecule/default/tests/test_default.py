# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role without a variable, after a reboot: larger buffers may be asked for, and nothing else was touched."""

from __future__ import annotations

from pathlib import Path

import pytest
import testinfra.host

testinfra_hosts = ["ansible://bookworm"]

FILE = "/etc/sysctl.d/99-udp-tuning.conf"


@pytest.fixture(scope="module")
def before(ephemeral: Path) -> dict[str, str]:
    """The sysctls as they were before the role."""
    lines = (ephemeral / "before-bookworm.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split(" = ") for line in lines if line.startswith("net."))
    return dict(pair for pair in pairs if len(pair) == 2)


def test_a_larger_buffer_may_be_asked_for(host: testinfra.host.Host, before: dict[str, str]) -> None:
    now = int(host.check_output("sysctl -n net.core.rmem_max"))
    assert before["net.core.rmem_max"] == "212992"
    assert 212992 < now < 1 << 30
    # What the kernel really gives to one who asks for all of it: the double (socket(7), SO_RCVBUF).
    script = (
        "import socket; s = socket.socket(type=socket.SOCK_DGRAM); "
        "s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 30); "
        "print(s.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF))"
    )
    assert int(host.check_output("python3 -c %s", script)) == 2 * now


def test_sockets_that_do_not_ask_keep_their_buffer(host: testinfra.host.Host, before: dict[str, str]) -> None:
    assert host.check_output("sysctl -n net.core.rmem_default") == before["net.core.rmem_default"]


def test_it_comes_from_the_file(host: testinfra.host.Host) -> None:
    file = host.file(FILE)
    assert (file.user, file.group, file.mode) == ("root", "root", 0o644)
    wanted = dict(
        line.replace(" ", "").split("=") for line in file.content_string.splitlines() if "=" in line and line[0] != "#"
    )
    assert wanted["net.core.rmem_max"] == host.check_output("sysctl -n net.core.rmem_max")
    # The time of the boot is after that of the file: what runs was set at boot, not by the role.
    boot = int(host.check_output("awk '/^btime/ { print $2 }' /proc/stat"))
    assert boot >= int(host.check_output("stat -c %Y " + FILE)) - 1


def test_no_nic_was_touched(host: testinfra.host.Host, ephemeral: Path) -> None:
    before = (ephemeral / "before-bookworm.txt").read_text(encoding="utf-8")
    for device in ("enp1s0", "enp2s0", "enp3s0", "enp4s0", "enp5s0"):
        for option in ("-g", "-l"):
            section = before.split(f"== ethtool {option} {device}\n")[1].split("\n==")[0].rstrip()
            now = host.run(f"ethtool {option} {device} 2>&1 | grep -v '^$'").stdout.rstrip()
            assert now == section


def test_irqbalance_still_runs(host: testinfra.host.Host) -> None:
    assert host.service("irqbalance").is_running
