# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A pod with a name server, and its clients: two network namespaces, queries in bursts from one to the other."""

from __future__ import annotations

import sys
from pathlib import Path

from ansible_collections.rxpath.linux.tests.matrix import dnsmasq, nsd
from ansible_collections.rxpath.linux.tests.matrix.bed import Bed, Program

HERE = Path(__file__).parent
NAME = "dns-pod"


class Pod(Bed):
    """A bed whose receiver is the pod; it lives in a mount namespace of its own, so that names are free."""

    server: Program
    told: Path

    def name(self, label: str) -> str:
        """Return what a namespace is called."""
        return {"src": "clients", "dst": NAME}[label]

    def serve(self) -> str:
        """Start the server, and return the name of its program."""
        if dnsmasq.available():
            self.server = dnsmasq.start(self)
            return "dnsmasq"
        self.server = self.start([sys.executable, str(HERE / "responder.py")], self.receiver)
        return "responder.py"

    def ask(self, told: Path) -> None:
        """Let the clients begin; ``told`` is the file in which they count."""
        self.told = told
        self.start([sys.executable, str(HERE / "client.py"), nsd.QUERY, str(told)], self.sender).go()

    def counted(self) -> tuple[int, int]:
        """Return how many queries the clients have asked and how many were answered."""
        asked, answered = self.told.read_text(encoding="ascii").split()
        return int(asked), int(answered)

    def restart(self) -> None:
        """End the server and start it again."""
        self.server.kill()
        self.serve()
