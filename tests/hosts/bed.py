# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Start, use and stop virtual machines from the command line; README.md in this folder tells how.

build fills the cache; start returns when the guests are up, and they run on until stop, until their owner (the process
that called, or --owner; 0 for none) has ended, or until their lifetime is over.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Optional, Sequence

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / ".venv/tree"))

from ansible_collections.rxpath.linux.tests.hosts.machines import (  # noqa: E402
    Bed,
    MachineError,
    MachinesUnavailableError,
    attach,
    build,
    check,
    start,
    stop,
)

VERBS = ("snapshot", "reset", "reboot", "crash", "cut", "mend", "unplug", "replug")


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Do what the command line asks for; 2 where machines cannot be run at all."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    verbs = parser.add_subparsers(dest="action", required=True)
    added = verbs.add_parser("build", help="fill the cache for the guests named, or for all")
    added.add_argument("names", nargs="*", metavar="NAME")
    added = verbs.add_parser("start", help="start guests; writes inventory.yml, ssh_config and state.json")
    added.add_argument("--folder", type=Path, required=True)
    added.add_argument("--owner", type=int, default=int(os.environ.get("RXPATH_BED_OWNER") or os.getppid()))
    added.add_argument("--lifetime", type=float, default=7200.0, metavar="SECONDS")
    added.add_argument("names", nargs="+", metavar="NAME")
    added = verbs.add_parser("do", help=f"{', '.join(VERBS)}, ssh, burst or flood")
    added.add_argument("--folder", type=Path, required=True)
    added.add_argument("host")
    added.add_argument("verb", choices=[*VERBS, "ssh", "burst", "flood"])
    added.add_argument("arguments", nargs=argparse.REMAINDER)
    added = verbs.add_parser("stop", help="stop the guests started with a folder, if any run")
    added.add_argument("--folder", type=Path, required=True)
    options = parser.parse_args(arguments)
    try:
        return act(options)
    except MachinesUnavailableError as error:
        print(f"unavailable: {error}", file=sys.stderr)
        return 2
    except MachineError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def act(options: argparse.Namespace) -> int:
    """Do one of the four actions."""
    if options.action in ("build", "start"):
        check()
    if options.action == "build":
        with tempfile.TemporaryDirectory() as folder:
            build(options.names, Path(folder), tell)
    elif options.action == "start":
        stop(options.folder)
        bed = start(options.names, options.folder, options.owner, options.lifetime, tell)
        bed.write_inventory()
        bed.write_ssh_config()
    elif options.action == "stop":
        stop(options.folder)
    else:
        running = attach(options.folder)
        if running is None:
            raise MachineError(f"no bed runs that was started with {options.folder}")
        return do(running, options.host, options.verb, options.arguments)
    return 0


def do(bed: Bed, host: str, verb: str, arguments: Sequence[str]) -> int:
    """Do one thing with one guest."""
    guest = bed[host]
    if verb == "ssh":
        command = ["ssh", "-F", str(bed.folder / "ssh_config"), host, *arguments]
        return subprocess.run(command, check=False).returncode
    if verb in ("burst", "flood"):
        print(json.dumps(send(bed, host, verb, arguments)))
        return 0
    if verb == "replug":
        guest.replug(*arguments)
    else:
        guest.do(verb, *arguments)
    bed.write_inventory()
    bed.write_ssh_config()
    return 0


def send(bed: Bed, host: str, verb: str, arguments: Sequence[str]) -> object:
    """Send datagrams to one guest and return what was sent."""
    parser = argparse.ArgumentParser(prog=f"do {host} {verb}")
    parser.add_argument("nic")
    for name, default in (("size", 200), ("flows", 1), ("port", 9000)):
        parser.add_argument(f"--{name}", type=int, default=default)
    if verb == "burst":
        parser.add_argument("--datagrams", type=int, default=3000)
    else:
        parser.add_argument("--rate", type=float, default=10000.0)
        parser.add_argument("--seconds", type=float, default=3.0)
    options = vars(parser.parse_args(list(arguments)))
    nic = options.pop("nic")
    return (bed.burst if verb == "burst" else bed.flood)(host, nic, **options)


def tell(line: str) -> None:
    """Show progress."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
