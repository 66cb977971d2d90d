# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The commands that a systemd unit starts, from its files, drop-ins included.

Source: man 5 systemd.unit ("Unit File Load Path", drop-ins), man 7 systemd.syntax.
"""

from __future__ import annotations

from ansible_collections.rxpath.linux.plugins.module_utils._facts.reader import Reader

# The first directory that has a file of a name wins.
DIRECTORIES = (
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
)


def start_commands(reader: Reader, unit: str, without: str | None = None) -> list[str]:
    """Return the ExecStart lines of a unit, as written; none where there is no such unit, or it is masked.

    ``without`` is the name of a drop-in to leave out.
    """
    main = next((text for text in (reader.text(f"{base}/{unit}") for base in DIRECTORIES) if text is not None), None)
    commands = parse_start(main or "", [])
    if not commands:
        return []
    drop_ins: dict[str, str] = {}
    # Those of all services go before those of this one where names are equal; so do later directories.
    for folder in ("service.d", f"{unit}.d"):
        for base in reversed(DIRECTORIES):
            names = [name for name in reader.names(f"{base}/{folder}") if name.endswith(".conf") and name != without]
            drop_ins.update({name: f"{base}/{folder}/{name}" for name in names})
    for name in sorted(drop_ins):
        commands = parse_start(reader.text(drop_ins[name]) or "", commands)
    return commands


# [Service]
# ExecStart=
# ExecStart=/usr/sbin/irqbalance --foreground \
#   $IRQBALANCE_ARGS
def parse_start(text: str, before: list[str]) -> list[str]:
    """Return the commands after a file was read: it adds to those ``before`` it, an empty assignment clears them."""
    commands = list(before)
    section = ""
    for line in _joined(text):
        if line.startswith("["):
            section = line
            continue
        name, equals, value = line.partition("=")
        if section == "[Service]" and equals and name.strip() == "ExecStart":
            commands = [*commands, value.strip()] if value.strip() else []
    return commands


def _joined(text: str) -> list[str]:
    """Return the lines without comments, those that end in a backslash joined with the next."""
    lines: list[str] = []
    open_line = False
    for raw in text.split("\n"):
        line = raw.strip()
        # A comment within a continued line is left out and ends nothing.
        if line.startswith(("#", ";")):
            continue
        if open_line:
            lines[-1] = f"{lines[-1]} {line}"
        else:
            lines.append(line)
        open_line = line.endswith("\\")
        if open_line:
            lines[-1] = lines[-1][:-1].rstrip()
    return lines
