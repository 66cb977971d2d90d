# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The knob "file": a text file of the host, whole. Target ("", path); value its text, None where there is none."""

from __future__ import annotations

from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._apply import files
from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import KnobError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._apply.knob import BOOT
from ansible_collections.rxpath.linux.plugins.module_utils._apply.state import State
from ansible_collections.rxpath.linux.plugins.module_utils._plan.change import Target


class FileKnob:
    """A configuration file that the host reads at boot. A file that is there keeps its mode and its owner."""

    name = "file"
    scopes = BOOT
    by_file = True

    def read(self, host: Host, target: Target) -> Any:
        """Return the text. Bytes that are no UTF-8 survive a round trip."""
        try:
            return host.read_text(target.item)
        except OSError as error:
            raise KnobError(f"could not read {target.item}: {error.strerror}") from error

    def write(self, host: Host, target: Target, value: Any) -> None:
        """Record the file as it is, then put the new one in place, or remove it for None."""
        path = target.item
        State.load(host).touch_file(path)
        try:
            if value is None:
                files.remove_file(host, path)
                return
            now = files.read_file(host, path)
            data = value.encode("utf-8", "surrogateescape")
            if now is None:
                files.write_file(host, path, data)
            else:
                files.write_file(host, path, data, now.mode, (now.uid, now.gid))
        except OSError as error:
            raise KnobError(f"could not write {path}: {error.strerror}") from error
