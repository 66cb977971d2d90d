# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""nsd, an authoritative DNS server of the distribution, in a namespace; and a query that it answers."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from .bed import Bed, Program, run

PORT = 53
# Query for www.example.test A; the first two bytes are the number of the query.
QUERY = "00000000000100000000000003777777076578616d706c650474657374" + "00" + "0001" + "0001"

CONFIG = """
server:
    ip-address: 10.9.0.2
    port: 53
    server-count: 1
    zonesdir: "{folder}"
    xfrdir: "{folder}"
    database: ""
    pidfile: "{folder}/nsd.pid"
    xfrdfile: "{folder}/xfrd.state"
    zonelistfile: "{folder}/zone.list"
    logfile: "{folder}/nsd.log"
    username: ""
    rrl-ratelimit: 0
    {buffer}
remote-control:
    control-enable: no
zone:
    name: example.test
    zonefile: example.test
"""
ZONE = """$ORIGIN example.test.
@ 3600 IN SOA ns hostmaster 1 3600 600 86400 3600
@ IN NS ns
ns IN A 10.9.0.2
www IN A 10.9.0.3
"""


def available() -> bool:
    """Tell whether nsd is installed."""
    return shutil.which("nsd") is not None


def start(bed: Bed, buffer: int = 0) -> Program:
    """Start nsd in the receiver's namespace; ``buffer`` is what it asks for, 0 leaves the system's default."""
    folder = Path(tempfile.mkdtemp(prefix="rxm-nsd-"))
    bed.cleanups.append(lambda: shutil.rmtree(folder, ignore_errors=True))
    asked = "receive-buffer-size: %d" % buffer if buffer else ""
    (folder / "nsd.conf").write_text(CONFIG.format(folder=folder, buffer=asked))
    (folder / "example.test").write_text(ZONE)
    program = Program(["nsd", "-d", "-c", str(folder / "nsd.conf")], bed.receiver)
    bed.programs.append(program)
    deadline = time.monotonic() + 10
    # The refusal of a port that nobody listens at is told from an answer by two counters, read a moment apart.
    while not _answers(bed) or program.process.poll() is not None:
        if time.monotonic() > deadline or program.process.poll() is not None:
            log = folder / "nsd.log"
            raise RuntimeError("nsd does not answer: " + (log.read_text()[-500:] if log.exists() else ""))
        time.sleep(0.1)
    bed.cleanups.append(lambda: _end_workers(bed))
    return program


def _answers(bed: Bed) -> bool:
    flood = bed.flood("-p", str(PORT), "-q", QUERY)
    before = _count(bed)
    flood.go()
    flood.wait()
    time.sleep(0.05)
    return _count(bed) > before


def _count(bed: Bed) -> int:
    """Return what IP delivered to the sender less ICMP: replies, read or not."""
    text = run("ip", "netns", "exec", bed.sender, "cat", "/proc/net/snmp")
    rows = [row.split() for row in text.splitlines()]
    ip, icmp = ([row for row in rows if row[0] == name] for name in ("Ip:", "Icmp:"))
    return int(dict(zip(*ip))["InDelivers"]) - int(dict(zip(*icmp))["InMsgs"])


def _end_workers(bed: Bed) -> None:
    for pid in run("ip", "netns", "pids", bed.receiver, check=False).split():
        subprocess.run(["kill", "-9", pid], check=False)
