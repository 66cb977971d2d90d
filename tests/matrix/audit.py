# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The audit's window in a process of its own, beside the one that sends: it may enter namespaces and has one thread."""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time
import traceback
from typing import Any, Callable, Dict, List, Optional

PR_SET_PDEATHSIG = 1


class Window:
    """A window that is being measured by a forked process."""

    def __init__(self, case: Any) -> None:
        self.came, into = os.pipe()
        self.text = b""
        self.pid = os.fork()
        if not self.pid:
            _measure(case, into)
        os.close(into)

    def begun(self) -> float:
        """Wait until the window begins; return the time."""
        self._read_until(lambda: b"\n" in self.text)
        if not self.text.startswith(b"begun"):
            raise RuntimeError(self.text.decode())
        return time.time()

    def over(self, timeout: float) -> bool:
        """Tell whether the window is over, after at most ``timeout`` seconds."""
        if self.text.count(b"\n") < 2 and select.select([self.came], [], [], timeout)[0]:
            self.text += os.read(self.came, 1 << 20)
        return len(self.text) > len(b"begun\n")

    def sample(self) -> Dict[str, Any]:
        """Return the sample document."""
        self._read_until(lambda: self.text.count(b"\n") >= 2)
        os.close(self.came)
        os.waitpid(self.pid, 0)
        line = self.text.splitlines()[1]
        document: Dict[str, Any] = json.loads(line)
        if "traceback" in document:
            raise RuntimeError(document["traceback"])
        return document

    def _read_until(self, enough: Callable[[], bool]) -> None:
        while not enough():
            data = os.read(self.came, 1 << 20)
            if not data:
                raise RuntimeError("the sampler ended: " + self.text.decode()[-2000:])
            self.text += data


class NoWindow:
    """Traffic and truth alone, without the code under test."""

    def __init__(self, case: Any) -> None:
        self.end = time.time() + float(case.window)

    def begun(self) -> float:
        return time.time()

    def over(self, timeout: float) -> bool:
        time.sleep(timeout)
        return time.time() > self.end

    def sample(self) -> Optional[Dict[str, Any]]:
        return None


def _measure(case: Any, into: int) -> None:
    """The forked process: measure, write, end without the parent's clean-up."""
    try:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        from ansible_collections.rxpath.linux.plugins.module_utils._sample import window
        from ansible_collections.rxpath.linux.plugins.module_utils._sample.options import Options

        case.before_window()
        names = ("all",) if case.every_namespace else ("host", *case.audited())
        begun: List[int] = []

        def progress(remaining: float) -> None:
            if not begun:
                begun.append(os.write(into, b"begun\n"))

        options = Options(window=case.window, namespaces=names, max_extension=case.extends, cpu_share=0.5)
        document = window.measure(options, progress=progress)
    except BaseException:  # the parent tells it
        document = {"traceback": traceback.format_exc()}
    data = json.dumps(document).encode() + b"\n"
    while data:
        data = data[os.write(into, data) :]
    sys.stderr.flush()
    os._exit(0)
