# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The text of a drop-in file below sysctl.d, with some keys set and everything else left as it stands."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.rxpath.linux.plugins.module_utils._facts.sysctl_files import normal_key, parse_sysctl_file

# Sorts after 99-sysctl.conf, so that it wins at boot.
DEFAULT_FILE = "/etc/sysctl.d/99-udp-tuning.conf"
HEADER = "# Set by rxpath.linux.sysctl_settings, and taken back by rxpath.linux.tuning_rollback.\n"


def with_settings(text: str | None, settings: Mapping[str, str]) -> str:
    """Return a file's text with these keys set: a key's last line is replaced, its others go, a new key is appended."""
    if not settings:
        return text or ""
    wanted = {normal_key(key): f"{key} = {setting}" for key, setting in settings.items()}
    lines = (text if text is not None else HEADER).split("\n")
    if lines[-1] == "":
        lines.pop()
    last: dict[str, int] = {}
    dropped = set()
    for item in parse_sysctl_file("\n".join(lines), ""):
        if item.key in wanted and item.value is not None:
            if item.key in last:
                dropped.add(last[item.key])
            last[item.key] = item.line - 1
    for key, index in last.items():
        lines[index] = wanted.pop(key)
    kept = [line for index, line in enumerate(lines) if index not in dropped]
    return "\n".join([*kept, *wanted.values()]) + "\n"
