# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The process that a bed is: first in namespaces of its own (network, mounts, processes), which end with it.

Started by lifecycle.py through unshare; the kernel ends what runs in a process namespace when its first process ends,
however that happens. It ends by itself when its owner has ended, when its time is over, or when the one that waits for
the bed's start has gone away.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import signal
import socket
import sys
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional

from . import catalogue, emulator, image, places
from .cache import Cache
from .errors import MachineError, MachinesUnavailableError
from .machine import Machine
from .places import CONTROL, PRIVATE


class Supervisor:
    """The guests of one bed and who may tell them what to do."""

    def __init__(self, names: List[str], cache: Path, outside: int, tell: Callable[[str], None]) -> None:
        self.names = names
        self.cache = Cache(cache)
        self.private = cache / PRIVATE
        self.outside = places.Outside(outside)
        self.tell = tell
        self.machines: Dict[str, Machine] = {}
        self.locks = {name: threading.Lock() for name in names}

    def start(self) -> Dict[str, Any]:
        """Build what the cache lacks, start every guest from its snapshot, and return what others need to know."""
        places.run(["mount", "-t", "tmpfs", "-o", "mode=700", "bed", str(self.private)], 10)
        with self.cache.locked("qemu"):
            found = emulator.ensure(self.cache, self.outside, self.private, self.tell)
        for name in self.names:
            entry = catalogue.entry(name)
            with self.cache.locked(f"image-{entry.release}"):
                made = image.ensure(self.cache, self.outside, entry.release, self.private, self.tell)
                found = emulator.accelerated(found, made, self.cache, self.tell)
                machine = Machine(entry, made, found, self.outside, self.private, self.tell)
                machine.network.build()
                machine.prepare()
            self.machines[name] = machine
        with ThreadPoolExecutor() as pool:
            for _ in pool.map(Machine.reset, self.machines.values()):
                pass
        self._listen()
        return {name: self.describe(name) for name in self.names}

    def describe(self, name: str) -> Dict[str, Any]:
        """Return what a client needs to reach a guest."""
        machine = self.machines[name]
        return {"port": machine.port, "key": str(machine.image.user_key), "control": str(machine.control)}

    def _listen(self) -> None:
        # Relative, since the path of a Unix socket may have 107 bytes only.
        os.chdir(self.private)
        server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        server.bind(CONTROL)
        server.listen(64)

        def accept() -> None:
            while True:
                connection, _ = server.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rw", encoding="utf-8") as stream:
            for line in stream:
                answer = self._answer(json.loads(line))
                stream.write(json.dumps(answer) + "\n")
                stream.flush()
                if answer.get("stopped"):
                    os._exit(0)

    def _answer(self, request: Dict[str, Any]) -> Dict[str, Any]:
        name, verb, argument = request.get("guest", ""), request["verb"], request.get("argument", "")
        if verb == "stop":
            return {"stopped": True}
        try:
            if name not in self.machines:
                raise MachineError(f"no guest {name} in this bed")
            with self.locks[name]:
                self._act(self.machines[name], verb, argument)
        except (MachineError, OSError) as error:
            return {"error": str(error)}
        return self.describe(name)

    @staticmethod
    def _act(machine: Machine, verb: str, argument: str) -> None:
        verbs: Dict[str, Callable[[], None]] = {
            "snapshot": lambda: machine.snapshot(argument),
            "reset": lambda: machine.reset(argument) if argument else machine.reset(),
            "reboot": machine.reboot,
            "crash": machine.crash,
            "cut": lambda: machine.link(argument, up=False),
            "mend": lambda: machine.link(argument, up=True),
            "unplug": lambda: machine.unplug(argument),
            "replug": lambda: machine.replug(argument),
        }
        if verb not in verbs:
            raise MachineError(f"no verb {verb}; there are {', '.join(verbs)}")
        verbs[verb]()


def _watch(starter: int, done: threading.Event, owner: Optional[int], end: float) -> None:
    """Return when the bed is to end: the owner's or the starter's end, or that of its time."""
    poll = select.poll()
    if owner is not None:
        poll.register(owner, select.POLLIN)
    while time.monotonic() < end:
        if not done.is_set():
            poll.register(starter, select.POLLRDHUP | select.POLLHUP)
        ready = [descriptor for descriptor, _ in poll.poll(500)]
        if owner in ready or (starter in ready and not done.is_set()):
            return
        if done.is_set() and starter in ready:
            poll.unregister(starter)


def main() -> None:
    """Run a bed until it is to end."""
    parser = argparse.ArgumentParser()
    for name in ("outside", "starter", "owner"):
        parser.add_argument(f"--{name}", type=int)
    parser.add_argument("--lifetime", type=float)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("names", nargs="+")
    options = parser.parse_args()
    end = time.monotonic() + options.lifetime
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: os._exit(1))
    starter = socket.socket(fileno=options.starter)
    began = time.monotonic()
    done = threading.Event()

    def say(message: Dict[str, Any]) -> None:
        starter.sendall(json.dumps(message).encode() + b"\n")

    def tell(line: str) -> None:
        line = f"{time.monotonic() - began:6.1f} s  {line}"
        print(line, file=sys.stderr, flush=True)
        if not done.is_set():
            say({"progress": line})

    def start() -> None:
        try:
            guests = Supervisor(options.names, options.cache, options.outside, tell).start()
            tell("ready")
            done.set()
            say({"guests": guests})
        except MachinesUnavailableError as error:
            say({"unavailable": str(error)})
            os._exit(1)
        except Exception as error:
            traceback.print_exc()
            say({"error": f"{type(error).__name__}: {error}" if not isinstance(error, MachineError) else str(error)})
            os._exit(1)

    threading.Thread(target=start, daemon=True).start()
    _watch(options.starter, done, options.owner, end)
    # Not by way of the interpreter's end, which would wait for threads: what runs is ended by the kernel.
    os._exit(0)


if __name__ == "__main__":
    main()
