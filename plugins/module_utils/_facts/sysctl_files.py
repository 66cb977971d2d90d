# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which file and line sets a sysctl at boot: the rules of systemd-sysctl.

Source: man 5 sysctl.d; src/sysctl/sysctl.c and conf_files_list() of systemd.
- Directories by rank: /etc, /run, /usr/local/lib, /usr/lib (and /lib where it is not the same directory). A file hides
  those of the same name in lower directories; an empty one or a link to /dev/null masks the name altogether.
- The files that are left are read in the order of their names, whatever directory they are in; the last assignment
  wins.
- A pattern (`net.ipv4.conf.*.rp_filter`) yields to any explicit assignment, also to an earlier one, and to `-key`
  alone.
- /etc/sysctl.conf is not among them, unless a distribution links it in (`99-sysctl.conf`: Debian until 12, RHEL).
  `sysctl --system` of procps reads it all the same, and last.
"""

from __future__ import annotations

import fnmatch
import os
from typing import NamedTuple

from ansible_collections.rxpath.linux.plugins.module_utils._facts.reader import Reader

DIRECTORIES = ("/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d", "/lib/sysctl.d")
SYSCTL_CONF = "/etc/sysctl.conf"


class Assignment(NamedTuple):
    """One line. ``key`` is a path below /proc/sys, maybe with wildcards; ``value`` None excludes it from patterns."""

    key: str
    value: str | None
    file: str
    line: int


class BootSettings(NamedTuple):
    """All assignments in the order in which they are made, and the files that are masked.

    ``conf`` holds the assignments of /etc/sysctl.conf where boot does not read it (``conf_at_boot``).
    """

    assignments: list[Assignment]
    masked: list[str]
    conf: list[Assignment]
    conf_at_boot: bool


def normal_key(key: str) -> str:
    """Return a key as a path: "net.ipv4.conf.a/1.rp_filter" and "net/ipv4/conf/a.1/rp_filter" are the same."""
    first = min((key.find(mark) for mark in "./" if mark in key), default=-1)
    if first < 0 or key[first] == "/":
        return key
    return key.translate(str.maketrans("./", "/."))


# # a comment; so does a line that begins with a semicolon
# net.core.rmem_max = 8388608
# -net.ipv4.conf.*.rp_filter = 2      (a leading dash: an error of the write is ignored)
# -net.ipv4.conf.lo.rp_filter         (without a value: left out of patterns)
def parse_sysctl_file(text: str, file: str) -> list[Assignment]:
    """Return a file's assignments in order. A line that is none is passed over, as systemd does. Raises nothing."""
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        if not stripped or stripped[0] in "#;":
            continue
        key, equals, value = stripped.partition("=")
        excluded = not equals and key.startswith("-")
        if not equals and not excluded:
            continue
        key = normal_key(key.lstrip("-").strip())
        found.append(Assignment(key, None if excluded else " ".join(value.split()), file, number))
    return found


def read_boot_settings(reader: Reader) -> BootSettings:
    """Read every file that boot would read, in its order."""
    chosen: dict[str, str] = {}
    for directory in DIRECTORIES:
        for name in reader.names(directory):
            if name.endswith(".conf"):
                chosen.setdefault(name, f"{directory}/{name}")
    assignments: list[Assignment] = []
    masked = []
    conf_is_linked = False
    conf_real = os.path.realpath(reader.path(SYSCTL_CONF))
    for name in sorted(chosen):
        file = chosen[name]
        if _is_mask(reader, file):
            masked.append(file)
            continue
        conf_is_linked = conf_is_linked or os.path.realpath(reader.path(file)) == conf_real
        assignments.extend(parse_sysctl_file(reader.text(file) or "", file))
    conf = [] if conf_is_linked else parse_sysctl_file(reader.text(SYSCTL_CONF) or "", SYSCTL_CONF)
    return BootSettings(assignments, masked, conf, conf_is_linked)


def _is_mask(reader: Reader, file: str) -> bool:
    path = reader.path(file)
    try:
        return os.path.realpath(path) == "/dev/null" or os.stat(path).st_size == 0
    except OSError:
        return False


def assigned(assignments: list[Assignment], key: str) -> list[Assignment]:
    """Return the assignments that speak of a key, the one that rules last; empty where none does.

    ``key`` is in dots. Only those of the winning kind are listed: patterns only where no line is explicit.
    """
    path = normal_key(key)
    explicit = [item for item in assignments if item.key == path]
    if explicit:
        return [item for item in explicit if item.value is not None] if explicit[-1].value is not None else []
    return [item for item in assignments if _matches(item.key, path) and item.value is not None]


def _matches(pattern: str, path: str) -> bool:
    """Match as glob(7) does: a wildcard does not cross a slash."""
    if not any(mark in pattern for mark in "*?["):
        return False
    parts, names = pattern.split("/"), path.split("/")
    return len(parts) == len(names) and all(fnmatch.fnmatchcase(name, part) for part, name in zip(parts, names))
