# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts in a row: namespaces joined by a bridge, whose modules run here with each one's network, without SSH.

    with Row(["client", "proxy", "server"], tmp_path) as row:
        done = row.play("playbooks/hops.yml", {"path": "client,server"})

Each has the address 10.9.0.N on eth0, counted from 1, and fixed neighbours: no ARP among the counted packets. The
bridge is the wire between them; what is put on its port of a host (``port``) is lost there, on neither host.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.rxpath.linux.tests.matrix.bed import Bed, run

PLAYBOOK = str(Path(sys.executable).with_name("ansible-playbook"))
# Two processors are enough for a sender and what it sends to, and every host of the row has the same two.
_WRAPPER = """#!/bin/sh
exec {pin} nsenter --net=/run/netns/{namespace} -- {python} "$@"
"""


class Row(Bed):
    """A bed of hosts with names."""

    def __init__(self, names: Sequence[str], folder: Path, pins: Mapping[str, int] | None = None) -> None:
        """Take the names, a folder for the inventory, and the processor on which a host's modules have to run."""
        super().__init__()
        self.names, self.folder, self._pins = list(names), folder, dict(pins or {})
        self.wire = ""

    def __enter__(self) -> Row:
        """Make the hosts."""
        super().__enter__()
        return self

    def _build(self) -> None:
        self.wire = self.namespace("wire")
        # With snooping it would join a group of its own, and tell the hosts so.
        run("ip", "-n", self.wire, "link", "add", "br0", "type", "bridge", "mcast_snooping", "0")
        self._raise("br0")
        for name in self.names:
            self.namespace(name)
            ends = ("eth0", "netns", self.name(name), "address", self._mac(name))
            peer = ("type", "veth", "peer", "name", self.port(name), "netns", self.wire)
            run("ip", "link", "add", *ends, *peer)
            run("ip", "-n", self.wire, "link", "set", self.port(name), "master", "br0")
            self._raise(self.port(name))
        for name in self.names:
            batch = [f"addr add {self.address(name)}/24 dev eth0", "link set eth0 addrgenmode none", "link set eth0 up"]
            batch += [
                f"neigh replace {self.address(other)} dev eth0 lladdr {self._mac(other)} nud permanent"
                for other in self.names
                if other != name
            ]
            run("ip", "-n", self.name(name), "-batch", "-", stdin="\n".join(batch))
        self._write_inventory()

    def _raise(self, device: str) -> None:
        """Set a device of the wire up, without IPv6 of its own, for which it would send reports to the hosts."""
        # The kernel sets a device up before it looks at this, if both come at once.
        run("ip", "-n", self.wire, "link", "set", device, "addrgenmode", "none")
        run("ip", "-n", self.wire, "link", "set", device, "up")

    def _mac(self, name: str) -> str:
        return f"02:00:00:00:09:{self.names.index(name) + 1:02x}"

    def address(self, name: str) -> str:
        """Return the address of a host."""
        return f"10.9.0.{self.names.index(name) + 1}"

    def port(self, name: str) -> str:
        """Return the bridge's device on the way to a host."""
        return f"to-{name}"

    def _write_inventory(self) -> None:
        hosts = {}
        for name in self.names:
            wrapper = self.folder / f"python-{name}"
            pin = f"taskset -c {self._pins[name]}" if name in self._pins else ""
            text = _WRAPPER.format(pin=pin, namespace=self.name(name), python=sys.executable)
            wrapper.write_text(text, encoding="utf-8")
            wrapper.chmod(0o755)
            hosts[name] = {
                "ansible_connection": "local",
                "ansible_python_interpreter": str(wrapper),
                "udp_hops_address": self.address(name),
            }
        self.inventory = self.folder / "hosts.yml"
        self.inventory.write_text(yaml.safe_dump({"all": {"hosts": hosts}}), encoding="utf-8")

    def play(
        self, playbook: str, variables: Mapping[str, Any], *arguments: str, timeout: float = 180
    ) -> subprocess.CompletedProcess[str]:
        """Run a playbook over the row; its output is one text."""
        return subprocess.run(
            [PLAYBOOK, "-i", str(self.inventory), playbook, "-e", json.dumps(dict(variables)), *arguments],
            cwd=self.folder,
            env={**os.environ, "ANSIBLE_NOCOLOR": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )
