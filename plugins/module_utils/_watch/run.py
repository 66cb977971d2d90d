# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the service starts: one run, and its file for node_exporter's textfile collector.

Two runs at once (one by hand beside the service's) would both add the same gains to the same sums: the second waits
for the first. An audit's sampler may run beside it: both only read, and nothing that they read is changed by reading.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import sys
import time

from ansible_collections.rxpath.linux.plugins.module_utils._sample.host import boot_id
from ansible_collections.rxpath.linux.plugins.module_utils._watch import gather, memory, metrics
from ansible_collections.rxpath.linux.plugins.module_utils._watch.look import Noted

FILE = "rxpath_udp_watch.prom"
STATE = "/run/rxpath-linux-watch"
_REMEMBERED = "sums"
_LOCK = "lock"


def main(arguments: list[str]) -> int:
    """Carry out one run. Returns 1 where its file or what it remembers could not be written."""
    options = _options(arguments)
    unknowns = Noted()
    try:
        os.makedirs(options.state, mode=0o700, exist_ok=True)
        lock = os.open(os.path.join(options.state, _LOCK), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        boot = boot_id()
        remembered = os.path.join(options.state, _REMEMBERED)
        known = memory.load(remembered, boot, options.sockets)
        machine = gather.carry_out(known, options.namespaces, unknowns)
        memory.save(remembered, known, boot)
        times = os.times()
        run = metrics.Run(
            moment=time.time(),
            interval=options.interval,
            cpu=times.user + times.system,
            unknowns=len(unknowns.entries()),
            pages=machine.pages,
            limit=machine.limit,
        )
        # Readable for node_exporter, whoever runs it.
        memory.put(os.path.join(options.directory, FILE), metrics.render(known, run).encode("utf-8"), 0o644)
    except OSError as error:
        sys.stderr.write(f"{error.filename or 'udp_watch'}: {error.strerror or error}\n")
        return 1
    for entry in unknowns.entries() if options.verbose else ():
        sys.stderr.write("unknown: {what}: {why}\n".format(**entry))
    return 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="rxpath_udp_watch")
    parser.add_argument("--directory", required=True, help="of node_exporter's textfile collector")
    parser.add_argument("--interval", type=float, default=15.0, help="seconds between runs, as the file tells them")
    parser.add_argument("--namespaces", type=int, default=300, help="that are told one by one")
    parser.add_argument("--sockets", type=int, default=20, help="addresses of losing sockets that are told one by one")
    parser.add_argument("--state", default=STATE, help="directory of what is remembered between runs")
    parser.add_argument("--verbose", action="store_true", help="name on stderr what could not be read")
    return parser.parse_args(arguments)
