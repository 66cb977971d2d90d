# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The traffic of hosts made of namespaces, by the host's name; a host of another name has none."""

from __future__ import annotations

import time

from ansible_collections.rxpath.linux.tests.hosts.namespaces import SshHosts
from ansible_collections.rxpath.linux.tests.matrix.tools import command

# Reader and sender of each host.
TRAFFIC = {
    "healthy": (["-w", "10"], ["-s", "200", "-b", "5", "-e", "10000"]),
    "bursting": (["-w", "30"], ["-s", "1200", "-b", "400", "-e", "250000"]),
    "slow": (["-w", "400"], ["-s", "1200", "-b", "5", "-e", "1000"]),
}
# Ticks: hours of it. The traffic ends with the hosts.
_FOREVER = "1000000"


def begin(hosts: SshHosts) -> None:
    """Start the reader on each host and its sender beside the bridge; return when the datagrams flow."""
    for name, (reader, sender) in TRAFFIC.items():
        if name in hosts.names:
            hosts.start([*command("drain"), *reader], name)
            hosts.start([*command("flood"), "-a", hosts.address(name), "-n", _FOREVER, *sender]).go()
    time.sleep(0.5)
