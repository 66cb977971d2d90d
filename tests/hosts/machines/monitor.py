# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""QEMU's monitor: the QMP protocol (QEMU's docs/interop/qmp-spec) over a Unix socket."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Callable, Dict, List

from .errors import MachineError


class Monitor:
    """One connection to a QEMU that is running or about to."""

    def __init__(self, path: Path, alive: Callable[[], bool], timeout: float) -> None:
        self._events: List[Dict[str, Any]] = []
        self._rest = b""
        end = time.monotonic() + timeout
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        while True:
            try:
                self._socket.connect(str(path))
                break
            except (FileNotFoundError, ConnectionRefusedError):
                if not alive() or time.monotonic() > end:
                    raise MachineError("QEMU did not start") from None
                time.sleep(0.02)
        self._read(end)  # the greeting
        self.execute("qmp_capabilities", {})

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def execute(self, command: str, arguments: Mapping[str, object], timeout: float = 30.0) -> Any:
        """Execute a command and return what it returns; MachineError with QEMU's words if it refuses."""
        request = {"execute": command, "arguments": dict(arguments)}
        end = time.monotonic() + timeout
        self._socket.sendall(json.dumps(request).encode() + b"\n")
        while True:
            answer = self._read(end)
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                raise MachineError(f"QEMU refuses {command}: {answer['error'].get('desc')}")
            self._events.append(answer)

    def human(self, line: str, timeout: float) -> None:
        """Execute a line of the human monitor, which prints nothing when all is well."""
        printed = str(self.execute("human-monitor-command", {"command-line": line}, timeout)).strip()
        if printed:
            raise MachineError(f"QEMU on {line}: {printed}")

    def wait_event(self, event: str, device: str, timeout: float) -> None:
        """Wait until an event has come for a device; it may have come already."""
        end = time.monotonic() + timeout
        while True:
            for seen in self._events:
                if seen.get("event") == event and seen["data"].get("device") == device:
                    self._events.remove(seen)
                    return
            self._events.append(self._read(end))

    def _read(self, end: float) -> Dict[str, Any]:
        while b"\n" not in self._rest:
            self._socket.settimeout(max(0.01, end - time.monotonic()))
            try:
                data = self._socket.recv(1 << 16)
            except TimeoutError:
                raise MachineError("QEMU's monitor does not answer in time") from None
            except OSError as error:
                raise MachineError(f"QEMU's monitor: {error}") from error
            if not data:
                raise MachineError("QEMU has ended")
            self._rest += data
        line, _, self._rest = self._rest.partition(b"\n")
        message: Dict[str, Any] = {}
        with contextlib.suppress(ValueError):
            message = json.loads(line)
        return message
