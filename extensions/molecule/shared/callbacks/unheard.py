# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A callback that does nothing but let ansible-playbook come to its end when the molecule that started it was killed.

What it shows then goes into a pipe that nobody reads any more. ansible-core passes over that error when it flushes, not
when it writes (display.py): once its buffer is full, the thread that takes the workers' results ends by it, and the
strategy waits for ever.
"""

from __future__ import annotations

import ctypes
import os
import signal

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: unheard
type: notification
short_description: Goes on when nobody reads the output
description: Shows nothing more once the process is gone that started this one.
"""

# man 2 prctl: the signal that the kernel sends at the end of the parent.
_PR_SET_PDEATHSIG = 1


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "unheard"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        signal.signal(signal.SIGUSR1, _silence)
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGUSR1, 0, 0, 0)


def _silence(_number: int, _frame: object) -> None:
    nothing = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(nothing, descriptor)
    os.close(nothing)
