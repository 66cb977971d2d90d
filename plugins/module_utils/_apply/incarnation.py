# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Was everything already made for a device since it appeared? Its interface index tells one appearance from the next.

The index stays through a rename and is never given again while the network namespace lives (dev_new_index() in
net/core/dev.c); a driver that is loaded anew brings a device with another one. The marks are below /run.
"""

from __future__ import annotations

import os

from ansible_collections.rxpath.linux.plugins.module_utils._apply import files
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host

DIRECTORY = "/run/rxpath-linux/applied"


def is_applied(host: Host, name: str) -> bool:
    """Tell whether this appearance of a device has had all its requests made."""
    path = _path(host, name)
    return path is not None and os.path.exists(host.path(path))


def mark_applied(host: Host, name: str) -> None:
    """Note that it has; nothing where there is no such device. Raises OSError."""
    path = _path(host, name)
    if path is None:
        return
    for directory in files.missing_directories(host, path):
        files.make_directory(host, directory, 0o700)
    files.write_file(host, path, b"", 0o600)


def _path(host: Host, name: str) -> str | None:
    index = host.read_text(f"/sys/class/net/{name}/ifindex") if name else None
    return None if index is None else f"{DIRECTORY}/{int(index)}"
