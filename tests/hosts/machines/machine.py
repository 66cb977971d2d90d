# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One guest as the supervisor runs it: QEMU's process, its disk, its snapshots, and the verbs on it."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import subprocess
import time
from pathlib import Path
from typing import Callable, List, Optional

from . import devices
from .cache import complete, digest
from .catalogue import Entry
from .emulator import PROGRAM, Emulator
from .errors import MachineError
from .image import Image
from .monitor import Monitor
from .network import Network
from .places import Outside

READY = "ready"
# Bounds: to SSH from a snapshot or from cold, and of a reboot, on a machine that has nothing else to do.
SSH_SECONDS = 60.0
BOOT_SECONDS = 180.0
REBOOT_SECONDS = 90.0
_UNPLUG_SECONDS = 15.0
# An emulated processor's timer now and then does not come back after a reset, and the guest waits for it for ever;
# the kernel says so every 21 s. Once may be for want of real processors.
_STALL = b"timer wakeup didn't happen"
_STALLS = 2
# Below the ports that the kernel gives away by itself.
_PORTS = range(20000, 32000)
SSH_OPTIONS = (
    "StrictHostKeyChecking=no",
    "UserKnownHostsFile=/dev/null",
    "LogLevel=ERROR",
    "ConnectTimeout=5",
    "BatchMode=yes",
    "IdentitiesOnly=yes",
)


def crowding() -> float:
    """Return by how much to stretch a bound, 1 to 4: an emulated guest gets its share of the processors and no more."""
    return min(4.0, max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1)))


class Machine:
    """A guest; ``private`` is a folder that nobody else sees, ``tell`` takes lines for the log."""

    def __init__(
        self,
        entry: Entry,
        image: Image,
        emulator: Emulator,
        outside: Outside,
        private: Path,
        tell: Callable[[str], None],
    ) -> None:
        self.entry = entry
        self.image = image
        self.emulator = emulator
        self.outside = outside
        self.tell = tell
        self.network = Network(entry)
        self.port = 0
        self._overlay = private / f"{entry.name}.qcow2"
        self._monitor_path = private / f"{entry.name}.qmp"
        self._console = private / f"{entry.name}.console"
        self._output = private / f"{entry.name}.out"
        self.control = private / f"{entry.name}.ssh"
        self._process: Optional[subprocess.Popen[bytes]] = None
        self._master: Optional[subprocess.Popen[bytes]] = None
        self._monitor: Optional[Monitor] = None

    @property
    def ready_image(self) -> Path:
        """Return the disk with the snapshot of the guest just booted, as the cache keeps it."""
        key = digest(self.image.key, self.emulator.version, devices.fixed(self.entry, self.emulator))
        return self.image.folder / f"ready-{self.entry.name}-{key}.qcow2"

    def prepare(self) -> None:
        """Boot once from cold and keep the snapshot, unless the cache has it; call it with the cache locked."""
        if self.ready_image.exists():
            return
        try:
            self._first_boot()
        except MachineError as error:
            self.tell(f"{self.entry.name}: {error}; once more")
            self._first_boot()
        # All units have started or failed, and what they set off has come to rest.
        self.ssh("timeout 100 systemctl is-system-running --wait; sleep 2; sync", 120, check=False)
        self._talk().human(f"savevm {READY}", 120)
        self._stop()
        for stale in self.image.folder.glob(f"ready-{self.entry.name}-*"):
            stale.unlink()
        with complete(self.ready_image) as partial:
            shutil.copyfile(self._overlay, partial)

    def _first_boot(self) -> None:
        self.tell(f"{self.entry.name}: first boot, for the snapshot")
        began = time.monotonic()
        self._stop()
        self._new_overlay()
        self._cold()
        self.tell(f"{self.entry.name}: booted in {time.monotonic() - began:.1f} s")

    def reset(self, name: str = READY) -> None:
        """Go to a snapshot in a new process: to the one after the first boot, or to one made on this disk since."""
        for attempt in (1, 2):
            try:
                self._stop()
                if name == READY:
                    shutil.copyfile(self.ready_image, self._overlay)
                self._start(["-loadvm", name])
                self.wait_ssh(SSH_SECONDS)
            except MachineError as error:
                if attempt == 2:
                    raise MachineError(f"{self.entry.name} hung twice: {error}\n{self._last_words()}") from error
                self.tell(f"{self.entry.name}: {error}; once more")
            else:
                # Its clock stopped when the snapshot was taken.
                self.ssh(f"date -s @{time.time() + 0.5:.0f}", 30)
                return

    def snapshot(self, name: str) -> None:
        """Keep the state of now under a name, until the next reset to the first one."""
        if name == READY or not name.isidentifier():
            raise MachineError(f"{name!r} cannot name a snapshot")
        self._talk().human(f"savevm {name}", 120)

    def reboot(self) -> None:
        """Reboot from inside; a guest that does not come back is power-cycled once, its disk as it is."""
        before = self.boot_id()
        said = self._stalls()
        with contextlib.suppress(MachineError):
            self.ssh("systemctl reboot", 30, check=False)
        self._disconnect()
        bound = REBOOT_SECONDS * crowding()
        end = time.monotonic() + bound
        while time.monotonic() < end and self._stalls() < said + _STALLS:
            with contextlib.suppress(MachineError):
                self._connect(end)
                if self.boot_id() != before:
                    return
            time.sleep(0.2)
        why = f"no reboot in {bound:.0f} s" if self._stalls() < said + _STALLS else "a timer stalled in the reboot"
        self.tell(f"{self.entry.name}: {why}; power cycle")
        self.crash()

    def crash(self) -> None:
        """Cut the power and boot from the disk as it is."""
        try:
            self._cold()
        except MachineError as error:
            self.tell(f"{self.entry.name}: {error}; once more")
            self._cold()

    def _cold(self) -> None:
        self._stop()
        self._start([])
        self.wait_ssh(BOOT_SECONDS)

    def link(self, key: str, up: bool) -> None:
        """Pull a cable, or put it in again."""
        self._talk().execute("set_link", {"name": self.entry.nic(key).key, "up": up})

    def unplug(self, key: str) -> None:
        """Take a network interface out; the guest has let go of it afterwards."""
        monitor = self._talk()
        for attempt in (1, 2):
            try:
                monitor.execute("device_del", {"id": self.entry.nic(key).key})
                monitor.wait_event("DEVICE_DELETED", key, _UNPLUG_SECONDS)
            except MachineError:
                if attempt == 2:
                    raise
            else:
                return

    def replug(self, key: str) -> None:
        """Put a network interface in again."""
        self._talk().execute("device_add", devices.device(self.entry.nic(key)))

    def ssh(self, command: str, timeout: float, check: bool = True) -> str:
        """Run a command in the guest, over the connection that stands if there is one."""
        line = ["ssh", "-F", "none", *self._options(), "-o", "ControlMaster=no", "root@127.0.0.1", command]
        return self.outside.run(line, timeout, check)

    def boot_id(self) -> str:
        """Return what names the boot that is running."""
        return self.ssh("cat /proc/sys/kernel/random/boot_id", 8).strip()

    def wait_ssh(self, timeout: float) -> None:
        """Wait until the guest runs commands; MachineError after ``timeout`` seconds, or when QEMU has ended."""
        timeout *= crowding()
        end = time.monotonic() + timeout
        said = self._stalls()
        while True:
            try:
                self._connect(end)
                self.boot_id()
            except MachineError as error:
                if not self._alive():
                    raise MachineError(f"QEMU has ended: {self._output.read_text(errors='replace')}") from None
                if time.monotonic() > end:
                    raise MachineError(f"no SSH in {timeout:.0f} s: {error}") from None
                if self._stalls() >= said + _STALLS:
                    raise MachineError("a timer stalled while it booted") from None
            else:
                return

    def _options(self) -> List[str]:
        options = [word for option in SSH_OPTIONS for word in ("-o", option)]
        return [*options, "-o", f"ControlPath={self.control}", "-i", str(self.image.user_key), "-p", str(self.port)]

    def _connect(self, end: float) -> None:
        """Open the connection that every command then shares: a key exchange costs an emulated guest half a second."""
        self._disconnect()
        with self._output.open("ab") as output:
            line = ["ssh", "-F", "none", "-MN", *self._options(), "-o", "ServerAliveInterval=15", "root@127.0.0.1"]
            master = self._master = self.outside.start(line, output)
        while not self.control.exists():
            if master.poll() is not None:
                time.sleep(0.1)
                raise MachineError("sshd does not answer")
            if time.monotonic() > end or not self._alive():
                raise MachineError("sshd does not let in")
            time.sleep(0.02)

    def _disconnect(self) -> None:
        if self._master is not None:
            self._master.kill()
            self._master.wait(30)
            self._master = None
        self.control.unlink(missing_ok=True)

    def _new_overlay(self) -> None:
        self._overlay.unlink(missing_ok=True)
        self.emulator.run(
            "qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", str(self.image.disk), str(self._overlay)
        )

    def _start(self, more: List[str]) -> None:
        self.network.renew()
        for port in [self.port or random.choice(_PORTS), random.choice(_PORTS), random.choice(_PORTS)]:
            self.port = port
            run = devices.Run(self._overlay, self._monitor_path, self._console, port, self.network.taps)
            command = self.emulator.command(PROGRAM, *devices.command(self.entry, self.emulator, self.image, run))
            self._monitor_path.unlink(missing_ok=True)
            with self._output.open("wb") as output:
                taps = [tap for queues in self.network.taps.values() for tap in queues]
                self._process = self.outside.start([*command, *more], output, taps)
            try:
                self._monitor = Monitor(self._monitor_path, self._alive, 30)
            except MachineError as error:
                self._stop()
                words = self._output.read_text(errors="replace").strip()
                # Another program may have the port, also one that it had before.
                if "host forwarding" not in words:
                    raise MachineError(f"{error}: {words[-2000:]}") from error
            else:
                return
        raise MachineError("no free port on 127.0.0.1 for the guest's SSH")

    def _stop(self) -> None:
        self._disconnect()
        if self._monitor is not None:
            self._monitor.close()
            self._monitor = None
        if self._process is not None:
            self._process.kill()
            self._process.wait(30)
            self._process = None

    def _stalls(self) -> int:
        return self._console.read_bytes().count(_STALL) if self._console.exists() else 0

    def _alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _talk(self) -> Monitor:
        if self._monitor is None:
            raise MachineError(f"{self.entry.name} is not running")
        return self._monitor

    def _last_words(self) -> str:
        parts = [path.read_text(errors="replace")[-2000:] for path in (self._output, self._console) if path.exists()]
        return "\n".join(parts)
