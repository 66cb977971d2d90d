# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Put on the host what makes the remembered requests again at boot: code, unit and rule.

The code is an archive of what runs now; the interpreter is the one that runs it, by the name that outlives an upgrade
of the distribution where that leads to the same one. Each file is recorded before it is written, so that a rollback
removes it. Files are made in the directories where they stay: under SELinux they get those directories' labels, which
are the ones that systemd and udev expect.
"""

from __future__ import annotations

import os
import sys

from ansible_collections.rxpath.linux.plugins.module_utils._apply import archive, files
from ansible_collections.rxpath.linux.plugins.module_utils._apply.boot_files import (
    ARCHIVE,
    RULE,
    UNIT,
    rule_text,
    unit_text,
)
from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import KnobError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._apply.state import State

# A device that is brought up late, and a run that holds the lease, are waited for: reapply.py bounds both.
RUN_SECONDS = 1500
_STABLE = "/usr/bin/python3"


def install(host: Host, keys: list[str]) -> None:
    """Write what differs, for the devices with these keys. Raises KnobError."""
    texts = _texts(keys)
    stale = [path for path, data in texts.items() if not _is_same(host, path, data)]
    if not _has_current_code(host):
        # Named here for Ansible to pack it, and late: it imports what imports this.
        from ansible_collections.rxpath.linux.plugins.module_utils._apply import reapply

        texts[ARCHIVE] = archive.build(reapply.__name__)
        stale.append(ARCHIVE)
    # The code is there before anything that starts it.
    for path in sorted(stale, key=(ARCHIVE, UNIT, RULE).index):
        State.load(host).touch_file(path)
        try:
            files.write_file(host, path, texts[path])
        except OSError as error:
            raise KnobError(f"could not write {path}: {error.strerror or error}") from error
    if UNIT in stale:
        _tell(host, ["systemctl", "daemon-reload"])
    if RULE in stale:
        _tell(host, ["udevadm", "control", "--reload"])


def is_current(host: Host, keys: list[str]) -> bool:
    """Tell whether ``install`` would write nothing."""
    return all(_is_same(host, path, data) for path, data in _texts(keys).items()) and _has_current_code(host)


def interpreter() -> str:
    """Return the Python that is to run at boot."""
    present = sys.executable or _STABLE
    return _STABLE if os.path.realpath(_STABLE) == os.path.realpath(present) else present


def _texts(keys: list[str]) -> dict[str, bytes]:
    return {UNIT: unit_text(interpreter(), RUN_SECONDS).encode(), RULE: rule_text(keys).encode()}


def _is_same(host: Host, path: str, data: bytes) -> bool:
    found = files.read_file(host, path)
    return found is not None and found.data == data


def _has_current_code(host: Host) -> bool:
    found = files.read_file(host, ARCHIVE)
    return found is not None and archive.is_current(found.data)


def _tell(host: Host, command: list[str]) -> None:
    """Let a running manager read its files anew; udev and systemd of an image read them when they start."""
    if host.run is None or host.root != "/" or not host.runs_systemd():
        return
    code, out, err = host.run(command)
    if code != 0:
        raise KnobError(f"{' '.join(command)} failed: {(err or out).strip() or code}")
