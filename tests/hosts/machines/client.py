# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A bed that runs, as tests and the command line use it: tell its guests what to do."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Dict, List, Optional

import yaml
from ansible_collections.rxpath.linux.tests.matrix.tools import command as traffic

from . import catalogue
from .errors import MachineError
from .machine import SSH_OPTIONS
from .places import CONTROL

_VERB_SECONDS = 1200.0
_SBIN = "/usr/local/sbin:/usr/sbin:/sbin"
PATH = f"{os.environ.get('PATH', '')}:{_SBIN}"


class Guest:
    """One guest of a running bed."""

    def __init__(self, bed: Bed, name: str, about: Mapping[str, Any]) -> None:
        self.bed = bed
        self.name = name
        self.entry = catalogue.entry(name)
        self._about = dict(about)
        self._nics: Dict[str, str] = {}

    @property
    def nics(self) -> Dict[str, str]:
        """Return the names that the interfaces have in the guest now, by their keys; those present only."""
        if not self._nics:
            # A bond gives all its members one address; what they had before stands beside it.
            script = (
                "cd /sys/class/net; for i in *; do [ -e $i/device ] || continue; "
                "cat $i/bonding_slave/perm_hwaddr 2>/dev/null || cat $i/address; echo $i; done"
            )
            words = self.ssh(script).split()
            names = dict(zip(words[::2], words[1::2]))
            self._nics = {nic.key: names[nic.mac] for nic in self.entry.nics if nic.mac in names}
        return dict(self._nics)

    def address(self, key: str) -> str:
        """Return the IPv4 address of an interface on its data network."""
        return self.entry.nic(key).address

    def ssh(self, command: str, check: bool = True, timeout: float = 60.0) -> str:
        """Run a shell command as root and return what it printed; MachineError on failure if ``check``."""
        done = self.run(command, timeout)
        if check and done.returncode:
            raise MachineError(f"{self.name}: {command}: exit code {done.returncode}: {done.stderr or done.stdout}")
        return done.stdout

    def run(self, command: str, timeout: float = 60.0, stdin: Optional[str] = None) -> subprocess.CompletedProcess[str]:
        """Run a shell command as root; its output, complaints and exit code."""
        words = ["ssh", "-F", "none", *self.ssh_words(), "-o", "ControlMaster=no"]
        control = f"/proc/{self.bed.pid}/root{self._about['control']}"
        if len(control) < 90:  # ssh adds to it, and 107 bytes are what a Unix socket's path may have
            words += ["-o", f"ControlPath={control}"]
        try:
            return subprocess.run(
                [*words, "root@127.0.0.1", command],
                stdin=subprocess.DEVNULL if stdin is None else None,
                input=stdin,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=timeout,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise MachineError(f"{self.name}: {command}: not done in {timeout:.0f} s") from None

    def ssh_words(self) -> List[str]:
        """Return the options with which ssh reaches the guest, destination and command excepted."""
        options = [word for option in SSH_OPTIONS for word in ("-o", option)]
        return [*options, "-i", str(self._about["key"]), "-p", str(self._about["port"])]

    def snapshot(self, name: str) -> None:
        """Keep the state of now under a name, for ``reset(name)``; a reset to the first state forgets it."""
        self.do("snapshot", name)

    def reset(self, name: str = "") -> None:
        """Go back to the state right after the first boot, or to a snapshot of one's own, all devices plugged in."""
        self.do("reset", name)

    def reboot(self) -> None:
        """Reboot from inside, and wait for it."""
        self.do("reboot")

    def crash(self) -> None:
        """Cut the power, and boot from the disk as it then is."""
        self.do("crash")

    def cut(self, key: str) -> None:
        """Pull the cable of an interface."""
        self.do("cut", key)

    def mend(self, key: str) -> None:
        """Put the cable of an interface in again."""
        self.do("mend", key)

    def unplug(self, key: str) -> None:
        """Take an interface out of the running guest."""
        self.do("unplug", key)

    def replug(self, key: str) -> None:
        """Put an interface in again, and wait until the guest has it, address and all."""
        self.do("replug", key)
        end = time.monotonic() + 30.0
        while key not in self.nics or self.address(key) not in self.ssh(f"ip -4 addr show dev {self.nics[key]}"):
            if time.monotonic() > end:
                raise MachineError(f"{self.name}: {key} plugged in and not seen")
            self._nics = {}
            time.sleep(0.2)

    def do(self, verb: str, argument: str = "") -> None:
        """Have the supervisor do something with the guest."""
        self._about.update(self.bed.ask({"guest": self.name, "verb": verb, "argument": argument}))
        self._nics = {}

    def variables(self) -> Dict[str, Any]:
        """Return what Ansible needs to reach the guest, and its interfaces by key in ``rx_nics``."""
        variables: Dict[str, Any] = {
            "ansible_host": "127.0.0.1",
            "ansible_port": self._about["port"],
            "ansible_user": "root",
            "ansible_ssh_private_key_file": str(self._about["key"]),
            "ansible_ssh_common_args": " ".join(f"-o {option}" for option in SSH_OPTIONS),
            "ansible_ssh_pipelining": True,
            "ansible_pipelining": True,
            "ansible_python_interpreter": "/usr/bin/python3",
            "rx_nics": self.nics,
        }
        sockets = self.bed.folder.absolute() / "cp"
        if len(str(sockets)) < 70:
            variables["ansible_control_path_dir"] = str(sockets)
        return variables


class Bed:
    """A running bed; ``folder`` holds its state, inventory and log."""

    def __init__(self, folder: Path, pid: int, private: Path, guests: Mapping[str, Mapping[str, Any]]) -> None:
        self.folder = folder
        self.pid = pid
        self._private = private
        self.guests = {name: Guest(self, name, about) for name, about in guests.items()}

    def __getitem__(self, name: str) -> Guest:
        if name not in self.guests:
            raise MachineError(f"no guest {name} in this bed; there are {', '.join(self.guests)}")
        return self.guests[name]

    def ask(self, request: Mapping[str, Any]) -> Dict[str, Any]:
        """Send a request to the supervisor and return its answer; MachineError if it says so."""
        try:
            place = os.open(f"/proc/{self.pid}/root{self._private}", os.O_PATH | os.O_DIRECTORY)
        except OSError:
            raise MachineError("the bed has ended") from None
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(_VERB_SECONDS)
            try:
                connection.connect(f"/proc/self/fd/{place}/{CONTROL}")
                connection.sendall(json.dumps(request).encode() + b"\n")
                line = connection.makefile("rb").readline()
            except OSError as error:
                raise MachineError(f"the bed does not answer: {error}") from None
            finally:
                os.close(place)
        if not line:
            raise MachineError("the bed has ended")
        answer: Dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise MachineError(answer["error"])
        return answer

    def enter(self, command: Sequence[str]) -> List[str]:
        """Return the command that runs a program in the bed's network namespace, where the other ends are."""
        return ["nsenter", f"--net=/proc/{self.pid}/ns/net", "--", *command]

    def inside(
        self, command: Sequence[str], timeout: float = 60.0, check: bool = False, stdin: Optional[str] = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a program in the bed's network namespace to its end."""
        return subprocess.run(
            self.enter(command),
            stdin=subprocess.DEVNULL if stdin is None else None,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=check,
        )

    def burst(
        self, name: str, key: str, datagrams: int = 3000, size: int = 200, flows: int = 1, port: int = 9000
    ) -> Dict[str, Any]:
        """Send an exact number of datagrams as fast as the machine can; ``size`` is their payload in bytes."""
        return self._send(name, key, ["-b", str(datagrams), "-n", "1"], size, flows, port, 60.0)

    def flood(
        self,
        name: str,
        key: str,
        rate: float = 10000,
        seconds: float = 3.0,
        size: int = 200,
        flows: int = 1,
        port: int = 9000,
    ) -> Dict[str, Any]:
        """Send datagrams at a pace, ``rate`` a second, in groups every millisecond where there are that many."""
        ticks = max(1, round(min(rate, 1000) * seconds))
        period, group = round(seconds * 1e6 / ticks), max(1, round(rate * seconds / ticks))
        return self._send(
            name, key, ["-b", str(group), "-e", str(period), "-n", str(ticks)], size, flows, port, seconds + 60.0
        )

    def _send(
        self, name: str, key: str, pace: List[str], size: int, flows: int, port: int, timeout: float
    ) -> Dict[str, Any]:
        """Return what was sent, and in ``tap_dropped`` what the guest's side of the cable did not take."""
        nic = self[name].entry.nic(key)
        words = [*traffic("flood"), "-a", nic.address, "-p", str(port), "-s", str(size), "-F", str(flows), *pace]
        before = self.tap_dropped(name, key)
        # One flow's group of datagrams is followed by the next flow's: as many as the flows share in one round.
        done = self.inside(words if flows == 1 else [*words, "-m", "1"], timeout=timeout, stdin="go\n")
        if done.returncode:
            raise MachineError(f"{' '.join(words)}: {done.stderr.strip()}")
        told: Dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return {**told, "tap_dropped": self.tap_dropped(name, key) - before}

    def tap_dropped(self, name: str, key: str) -> int:
        """Return how many frames for an interface were dropped before it, since its device could take no more."""
        tap = self[name].entry.nic(key).tap
        told = json.loads(self.inside(["ip", "-s", "-j", "link", "show", "dev", tap], check=True).stdout)
        return int(told[0]["stats64"]["tx"]["dropped"])

    def write_inventory(
        self, hosts: Optional[Mapping[str, Mapping[str, Any]]] = None, file: str = "inventory.yml"
    ) -> Path:
        """Write an inventory of these guests, each with further variables, and return its path."""
        wanted = hosts if hosts is not None else {name: {} for name in self.guests}
        known = {
            name: {**(self[name].variables() if name in self.guests else {}), **more} for name, more in wanted.items()
        }
        path = self.folder / file
        path.write_text(yaml.safe_dump({"all": {"hosts": known}}), encoding="utf-8")
        return path

    def write_ssh_config(self) -> Path:
        """Write what ``ssh -F`` needs to reach the guests by their names."""
        lines = []
        for name, guest in self.guests.items():
            words = guest.ssh_words()
            options = [word.replace("=", " ", 1) for word in words if "=" in word]
            fields = ["HostName 127.0.0.1", "User root", f"Port {words[-1]}", f"IdentityFile {words[-3]}", *options]
            lines += [f"Host {name}", *(f"    {field}" for field in fields)]
        path = self.folder / "ssh_config"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path
