# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""dnsmasq, a DNS server that never asks for a receive buffer, so that rmem_default rules it."""

from __future__ import annotations

import shutil
import time

from .bed import Bed, Program

COMMAND = (
    "dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts --bind-interfaces --user=root"
    " --pid-file= --cache-size=0 --listen-address=10.9.0.2 --address=/example.test/10.9.0.3"
)


def available() -> bool:
    """Tell whether dnsmasq is installed."""
    return shutil.which("dnsmasq") is not None


def start(bed: Bed) -> Program:
    """Start dnsmasq in the receiver's namespace, on port 53."""
    program = Program(COMMAND.split(), bed.receiver)
    bed.programs.append(program)
    end = time.monotonic() + 10
    while "0200090A:0035" not in _sockets(program.pid):
        if time.monotonic() > end or program.process.poll() is not None:
            raise RuntimeError("dnsmasq does not listen")
        time.sleep(0.05)
    return program


def _sockets(pid: int) -> str:
    with open(f"/proc/{pid}/net/udp", encoding="ascii") as file:
        return file.read()
