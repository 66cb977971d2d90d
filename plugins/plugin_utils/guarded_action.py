# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's half of a change that may cut the link: start it, drop the connection, come back, confirm.

What a task is told at the end is what the host made of it. A host that cannot be reached again is a failure that says
what was changed and when the host takes it back, not just an unreachable host.
"""

from __future__ import annotations

import contextlib
import secrets
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

display = Display()

CONFIRM = "rxpath.linux.tuning_confirm"
# The controller gives up before the host does: it must never confirm at the last moment what the host takes back.
_SHARE = 2 / 3
# The change and the carrier need a moment; who comes earlier has to come again.
_FIRST_PAUSE = {True: 0.8, False: 2.0}
_PAUSE = 1.0
# One attempt over a connection that cannot notice by itself that it is dead. One that is given up was not in vain only
# if it was dead: a host that is slow would never finish any, so that it has as long again as its slowest execution.
_ATTEMPT_SECONDS = 30.0
_SLOWER = 2.0
_GRACE_SECONDS = 60.0
_SHOW_EVERY = 5.0
# A link that dies under an established connection ends ssh after these, not after the many minutes of TCP.
_KEEP_ALIVE = "-o ServerAliveInterval=3 -o ServerAliveCountMax=3"

# How long a host may take to arm a change, beyond the time in which that is decided.
_ARMING_SECONDS = 120.0
_PERHAPS = "If the change was begun all the same, the host takes it back by itself, since it is not confirmed"

Result = dict[str, Any]


class ReturningAction(ActionBase):
    """An action that loses its connection on purpose and comes back over a new one."""

    _supports_check_mode = True
    _supports_async = False
    # Seconds of the slowest execution that came to its end.
    _slowest = 0.0

    def run_module(self, name: str, arguments: Mapping[str, Any], task_vars: Mapping[str, Any] | None) -> Result:
        """Execute a module. Raises AnsibleConnectionFailure where the host is not reached."""
        began = time.monotonic()
        result: Result = self._execute_module(module_name=name, module_args=dict(arguments), task_vars=task_vars)
        self._slowest = max(self._slowest, time.monotonic() - began)
        return result

    @property
    def is_local(self) -> bool:
        """Whether there is no connection to lose."""
        return bool(getattr(self._connection, "transport", "") == "local")

    @property
    def _notices_death(self) -> bool:
        """Whether the connection ends by itself when the link is dead: ssh, with what ``_short_lived`` gives it."""
        return bool(getattr(self._connection, "transport", "") == "ssh")

    def come_back(self, ask: Callable[[], Result | None], seconds: float, what: str) -> Result | None:
        """Drop the connection and ask over new ones until there is an answer; None when time is over.

        ``ask`` returns None for "not yet" and may raise AnsibleConnectionFailure.
        """
        began = shown = time.monotonic()
        end = began + seconds
        pause = _FIRST_PAUSE[self.is_local]
        with self._short_lived():
            while True:
                self._drop()
                time.sleep(max(0.0, min(pause, end - time.monotonic())))
                pause = _PAUSE
                left = end - time.monotonic()
                if left <= 0:
                    return None
                if time.monotonic() - shown >= _SHOW_EVERY:
                    shown = time.monotonic()
                    host = self._play_context.remote_addr
                    display.display(f"{host}: {what}, {round(shown - began)} of {round(seconds)} s")
                with contextlib.suppress(AnsibleConnectionFailure, _AttemptOverError), _bounded(self._patience(left)):
                    answer = ask()
                    if answer is not None:
                        return answer

    def _patience(self, left: float) -> float:
        """Return how long an attempt may last that begins with ``left`` seconds to go.

        It is not cut off when these are over: its confirmation may be on its way.
        """
        if self._notices_death or self.is_local:
            return left + _GRACE_SECONDS
        return max(_ATTEMPT_SECONDS, _SLOWER * self._slowest)

    def forget_remote_files(self) -> None:
        """Leave what is on a host that cannot be reached: cleaning up there would hide this task's own failure."""
        self._connection._shell.tmpdir = None

    def _drop(self) -> None:
        """End the connection, and the persistent one behind it."""
        with contextlib.suppress(Exception), _bounded(_ATTEMPT_SECONDS):
            # Others (paramiko) would connect anew at once when they are reset.
            if self._notices_death:
                self._connection.reset()
            else:
                self._connection.close()

    @contextlib.contextmanager
    def _short_lived(self) -> Iterator[None]:
        """Let ssh notice a dead link while this lasts."""
        if not self._notices_death:
            yield
            return
        before = self._connection.get_option("ssh_extra_args")
        self._connection.set_option("ssh_extra_args", f"{before or ''} {_KEEP_ALIVE}".strip())
        try:
            yield
        finally:
            self._connection.set_option("ssh_extra_args", before)


class GuardedAction(ReturningAction):
    """The action of a module that arms its change on the host (``guarded.begin``)."""

    MODULE = ""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        token = secrets.token_hex(16)
        arguments = {**self._task.args, "confirm_token": token}
        # The link may die under the reply, and a connection of an earlier task does not notice.
        with self._short_lived():
            patience = _ARMING_SECONDS + _number(arguments.get("confirm_timeout"))
            try:
                with _bounded(patience):
                    started = self.run_module(self.MODULE, arguments, task_vars)
            except AnsibleConnectionFailure as error:
                self.forget_remote_files()
                raise AnsibleConnectionFailure(f"{error}. {_PERHAPS}") from error
            except _AttemptOverError:
                self.forget_remote_files()
                raise AnsibleConnectionFailure(f"no reply came within {round(patience)} s. {_PERHAPS}") from None
        guard = started.pop("guard", None)
        if started.get("failed") or not guard:
            return started
        return self._confirmed(token, guard, started, task_vars)

    def _confirmed(
        self, token: str, guard: Mapping[str, Any], started: Result, task_vars: Mapping[str, Any] | None
    ) -> Result:
        arguments = {"token": token, "new_connection": not self.is_local, "lease": self._task.args.get("lease")}
        arguments = {name: value for name, value in arguments.items() if value is not None}

        def ask() -> Result | None:
            answer = self.run_module(CONFIRM, arguments, task_vars)
            return answer if answer.get("result") or answer.get("refused") else None

        seconds = float(guard["seconds"]) * _SHARE
        answer = self.come_back(ask, seconds, "waiting for the host to come back after the change")
        if answer is None:
            self.forget_remote_files()
            return _failed(started, _lost(started, guard, round(seconds)))
        if answer.get("refused"):
            return _failed(started, str(answer["msg"]))
        result: Result = answer["result"]
        return {**started, **result, "warnings": [*started.get("warnings", []), *result["warnings"]]}


def _number(value: Any) -> float:
    """Return a number of seconds; what is none is the module's to refuse."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return 60.0


def _failed(started: Result, message: str) -> Result:
    return {**started, "failed": True, "changed": False, "msg": message}


def _lost(started: Result, guard: Mapping[str, Any], seconds: int) -> str:
    changes = "; ".join(f"{row['knob']} {row['target']}: {row['from']} -> {row['to']}" for row in started["changes"])
    return (
        f"the host did not come back within {seconds} s of the change ({changes}); "
        f"unless a confirmation reached it, the host takes that back by itself at {guard['deadline']} by its clock"
    )


class _AttemptOverError(Exception):
    """An attempt took too long."""


@contextlib.contextmanager
def _bounded(seconds: float) -> Iterator[None]:
    """Raise _AttemptOverError in the block when it lasts too long. A timeout of the task stays in force."""

    def ring(_number: int, _frame: object) -> None:
        raise _AttemptOverError

    try:
        former = signal.signal(signal.SIGALRM, ring)
    except ValueError:
        # Not the main thread: the connection's own bounds have to do.
        yield
        return
    began = time.monotonic()
    # Rung again and again: whoever swallows the first one is not stopped by it.
    rest, _interval = signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)
        if rest:
            signal.setitimer(signal.ITIMER_REAL, max(0.1, rest - (time.monotonic() - began)))
