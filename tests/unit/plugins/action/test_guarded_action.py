# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the controller's half does by itself: bounds, and the sentence for a host that does not come back.

The whole of it, with a link that is really cut, is in tests/integration/test_guard.py.
"""

from __future__ import annotations

import contextlib
import signal
import time
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.plugin_utils import guarded_action
from ansible_collections.rxpath.linux.plugins.plugin_utils.guarded_action import (
    ReturningAction,
    _AttemptOverError,
    _bounded,
    _lost,
)


def test_attempt_that_takes_too_long_is_ended() -> None:
    began = time.monotonic()
    with pytest.raises(_AttemptOverError), _bounded(0.2):
        time.sleep(10)
    assert time.monotonic() - began < 5


def test_attempt_that_swallows_its_end_is_ended_all_the_same() -> None:
    def swallow() -> None:
        with contextlib.suppress(_AttemptOverError):
            time.sleep(10)
        time.sleep(10)

    with pytest.raises(_AttemptOverError), _bounded(0.2):
        swallow()


def test_timeout_of_the_task_stays_in_force() -> None:
    rung: list[int] = []
    former = signal.signal(signal.SIGALRM, lambda number, _frame: rung.append(number))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.6)
        with _bounded(30):
            time.sleep(0.1)
        time.sleep(0.1)
        assert rung == []
        time.sleep(1.0)
        assert rung == [signal.SIGALRM]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)


def test_sentence_says_what_was_changed_and_when_it_is_taken_back() -> None:
    started: dict[str, Any] = {
        "changes": [{"knob": "ring", "target": "eth0", "from": {"rx": 256}, "to": {"rx": 4096}}],
    }
    assert _lost(started, {"deadline": "10:31:07"}, 40) == (
        "the host did not come back within 40 s of the change (ring eth0: {'rx': 256} -> {'rx': 4096}); unless a "
        "confirmation reached it, the host takes that back by itself at 10:31:07 by its clock"
    )


def test_controller_gives_up_before_the_host_does() -> None:
    assert guarded_action._SHARE < 1


class _Slow(ReturningAction):
    """An action on a host whose module executions take as long as ``seconds``."""

    def __init__(self, transport: str, seconds: float) -> None:
        def nothing(*_arguments: Any) -> None:
            pass

        connection = {"transport": transport, "close": nothing, "reset": nothing, "set_option": nothing}
        self.__dict__["_connection"] = SimpleNamespace(get_option=nothing, **connection)
        self.__dict__["_play_context"] = SimpleNamespace(remote_addr="slow")
        self.seconds = seconds
        self.attempts = 0

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        return self.run_module("", {}, task_vars)

    def _execute_module(self, *_arguments: Any, **_named: Any) -> dict[str, Any]:
        self.attempts += 1
        time.sleep(self.seconds)
        return {"finished": True}


@pytest.mark.parametrize("transport", ["ssh", "paramiko", "local"])
def test_slow_host_finishes_its_first_answer(monkeypatch: pytest.MonkeyPatch, transport: str) -> None:
    """Over anything but ssh each attempt was cut off after a fixed time, and the last one with it."""
    monkeypatch.setattr(guarded_action, "_FIRST_PAUSE", {True: 0.0, False: 0.0})
    monkeypatch.setattr(guarded_action, "_PAUSE", 0.0)
    monkeypatch.setattr(guarded_action, "_ATTEMPT_SECONDS", 0.1)
    action = _Slow(transport, 0.4)
    # What arms the change takes as long as what confirms it.
    action.run()
    answer = action.come_back(action.run, 0.3, "waiting")
    assert (answer, action.attempts) == ({"finished": True}, 2)
