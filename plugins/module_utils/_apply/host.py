# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The host as it is written to: its files below a root, its drivers, and the few programs that a module may start."""

from __future__ import annotations

import errno
import os
from typing import Any, Callable, Optional

from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import KnobError
from ansible_collections.rxpath.linux.plugins.module_utils._collect.ethtool import Ethtool
from ansible_collections.rxpath.linux.plugins.module_utils._facts.reader import Reader

# A command to its exit code, output and errors: module.run_command.
Run = Callable[[list[str]], tuple[int, str, str]]

_SYSTEMD = ("/usr/lib/systemd/systemd", "/lib/systemd/systemd")


class Host:
    """This machine (root "/"), an image below a directory, or a recorded tree.

    ``run`` starts a program, and is None where none may be started (at boot, in tests).
    """

    def __init__(self, root: str = "/", run: Optional[Run] = None) -> None:
        self.root = root
        self.run = run
        self.messages: list[str] = []
        # Of device.py: the keys of the devices, as long as the devices are these.
        self.devices: tuple[Any, dict[str, str]] | None = None

    def path(self, path: str) -> str:
        """Return where ``path`` (absolute on the host) lies below the root."""
        return path if self.root == "/" else self.root.rstrip("/") + path

    def reader(self) -> Reader:
        """Return a new reader of the same root, for the functions of _facts."""
        return Reader(self.root)

    def read_text(self, path: str) -> str | None:
        """Return a file's text, None where there is no such file. Raises OSError for anything else."""
        try:
            with open(self.path(path), "rb") as stream:
                return stream.read().decode("utf-8", "surrogateescape")
        except (FileNotFoundError, NotADirectoryError):
            return None

    def write_text(self, path: str, text: str) -> None:
        """Write to a file of /proc or /sys in one system call; never makes one. Raises OSError, the kernel's answer."""
        data = text.encode("utf-8", "surrogateescape")
        descriptor = os.open(self.path(path), os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC)
        try:
            if os.write(descriptor, data) != len(data):
                raise OSError(errno.EIO, os.strerror(errno.EIO), path)
        finally:
            os.close(descriptor)

    def ethtool(self) -> Ethtool:
        """Return a new socket for ethtool requests; use it in a ``with`` statement."""
        return Ethtool()

    def has_systemd(self) -> bool:
        """Tell whether systemd is or will be the init here: it runs, or an image has it installed."""
        return self.runs_systemd() or any(os.path.exists(self.path(path)) for path in _SYSTEMD)

    def runs_systemd(self) -> bool:
        """Tell whether systemd is the running init, as sd_booted(3) does."""
        return os.path.isdir(self.path("/run/systemd/system"))

    def require_root(self) -> None:
        """Raise KnobError where this is the machine itself and we are not its root."""
        if self.root == "/" and os.geteuid() != 0:
            raise KnobError("changing the receive path needs root: run with become: true")

    def log(self, message: str) -> None:
        """Keep a message for whoever runs this: the journal at boot."""
        self.messages.append(message)
