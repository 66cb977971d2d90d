# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading below a root directory, with each thing that could not be read kept as an unknown."""

from __future__ import annotations

import errno
import os

Unknown = dict[str, str]

AS_ROOT = "run as root (become: true)"
# What an attribute of sysfs answers where the device has no such property: its speed while it is down, the XPS mask
# of a device with one queue, an attribute that vanished with its device between listing and reading.
_ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.ENODEV, errno.ENXIO, errno.EINVAL, errno.EOPNOTSUPP)


class Reader:
    """Reads files of the machine (root "/") or of a recorded tree. ``unknowns`` collects {"what", "why", "remedy"}."""

    def __init__(self, root: str = "/") -> None:
        self.root = root
        self.unknowns: list[Unknown] = []

    def path(self, path: str) -> str:
        """Return where ``path`` (absolute on the machine) lies below the root."""
        return path if self.root == "/" else self.root.rstrip("/") + path

    def unknown(self, what: str, why: str, remedy: str) -> None:
        """Note once that something could not be told."""
        item = {"what": what, "why": why, "remedy": remedy}
        if item not in self.unknowns:
            self.unknowns.append(item)

    def text(self, path: str) -> str | None:
        """Return a file's text, or None: silently where it does not exist, with an unknown where it cannot be read."""
        try:
            with open(self.path(path), "rb") as stream:
                return stream.read().decode("utf-8", "backslashreplace")
        except OSError as error:
            self._failed(path, error)
            return None

    def word(self, path: str) -> str | None:
        """Return a one-line file without the white space around it; None as ``text``."""
        text = self.text(path)
        return None if text is None else text.strip()

    def number(self, path: str) -> int | None:
        """Return the decimal number in a file; None as ``text``, and with an unknown for anything else."""
        word = self.word(path)
        if not word:
            return None
        try:
            return int(word)
        except ValueError:
            self.unknown(path, f"{word[:40]!r} is not a number", "report the kernel's version")
            return None

    def names(self, path: str) -> list[str]:
        """Return the sorted names in a directory; none where it does not exist."""
        try:
            return sorted(os.listdir(self.path(path)))
        except OSError as error:
            self._failed(path, error)
            return []

    def exists(self, path: str) -> bool:
        """Tell whether a path exists (a broken link does not)."""
        return os.path.exists(self.path(path))

    def link_name(self, path: str) -> str | None:
        """Return the last component of what a symbolic link points to, None where there is no link."""
        try:
            return os.path.basename(os.readlink(self.path(path)))
        except OSError:
            return None

    def _failed(self, path: str, error: OSError) -> None:
        if error.errno in _ABSENT:
            return
        denied = error.errno in (errno.EACCES, errno.EPERM)
        self.unknown(path, os.strerror(error.errno or errno.EIO), AS_ROOT if denied else "look at the kernel's log")
