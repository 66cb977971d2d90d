# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Change what can help on a host, and after a second window keep what did and take back the rest.

Never fails a host: what went wrong is in its entry of the report. States: recovered, made, decided (see the module).
"""

from __future__ import annotations

import getpass
import socket
import time
import uuid
from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure, AnsibleError
from ansible_collections.rxpath.linux.plugins.module_utils._compare.compare import compare
from ansible_collections.rxpath.linux.plugins.module_utils._compare.entry import merge
from ansible_collections.rxpath.linux.plugins.module_utils._sample.options import MAX_WINDOW
from ansible_collections.rxpath.linux.plugins.plugin_utils import improvement, proof
from ansible_collections.rxpath.linux.plugins.plugin_utils.audit_action import AuditAction, display
from ansible_collections.rxpath.linux.plugins.plugin_utils.convert import SettingError
from ansible_collections.rxpath.linux.plugins.plugin_utils.judged import UNMEASURED, entry_of, latest
from ansible_collections.rxpath.linux.plugins.plugin_utils.settings import Settings, normalise

# Modules whose action does its share of the work on the controller.
_WITH_ACTION = (
    "rxpath.linux.nic_ring",
    "rxpath.linux.nic_channels",
    "rxpath.linux.tuning_rollback",
    "ansible.builtin.command",
)
# A service that was restarted needs a moment until it reads again.
_AFTER_RESTART = 2.0
# Half as long again as the new buffer needs to fill: a loss that is only put off is seen.
_FILL_MARGIN = 1.5

Found = Mapping[str, Any]


class ActionModule(AuditAction):
    _requires_connection = True
    _VALID_ARGS = frozenset(("state", "variables", "recovered", "diagnosed", "made", "collected"))

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        found = task_vars or {}
        self._found = found
        state = self.argument("state")
        try:
            settings = normalise(self.argument("variables"))
        except SettingError as error:
            if state == "recovered":
                # A variable of this host alone: its window tells of it.
                return {"changed": False, "busy": str(error), "rows": []}
            raise AnsibleActionFail(str(error)) from None
        if state == "recovered":
            told = self._recovered()
            return {"changed": bool(told["rows"]), **told}
        if state == "made":
            made = self._made(settings)
            return {"changed": bool(made.get("rows")) or any(step["rows"] for step in made["steps"]), **made}
        return {"changed": False, **self._decided(settings)}

    # The states.

    def _recovered(self) -> dict[str, Any]:
        try:
            told = improvement.recover(self._execute, check=self._task.check_mode)
        except AnsibleError as error:
            # The window will tell why.
            return {"busy": " ".join(str(error).split()), "rows": []}
        for row in told["rows"]:
            self._say(f"{row['what']} taken back to {row['from']}: {row['why']}")
        return told

    def _made(self, settings: Settings) -> dict[str, Any]:
        diagnosed = self._found[self.argument("diagnosed")]
        entry, history = diagnosed["entry"], _history(diagnosed)
        busy = (self._found.get(self.argument("recovered")) or {}).get("busy")
        if busy:
            return {"outcome": "refused", "reason": str(busy), "left": [], "steps": [], "round": history["round"] + 1}
        number = history["round"] + 1
        # Whatever ends a module once changes have begun leaves them as one that was lost does.
        arguments = (self._execute_or_lose, entry, history["tried"], number, settings.limits)
        try:
            if self._task.check_mode:
                return {**improvement.predicted(*arguments), "round": number}
            made = improvement.make(*arguments, holder=_holder())
        except (AnsibleError, KeyError, TypeError) as error:
            # Before anything was begun: make() tells of what comes after by itself.
            reason = " ".join(str(error).split())
            return {"outcome": "refused", "reason": reason, "left": [], "steps": [], "round": number}
        for step in made["steps"]:
            for row in step["rows"]:
                self._say(f"round {number}: {row['what']} from {row['from']} to {row['to']}")
            for row in step["restarted"]:
                if row["restarted"]:
                    self._say(f"round {number}: restarted {row.get('unit') or row.get('container')}")
        if any(row["restarted"] for step in made["steps"] for row in step["restarted"]):
            time.sleep(_AFTER_RESTART)
        fill = max([step["fill_seconds"] for step in made["steps"]] or [0.0])
        measure = settings.measure
        longest = min(MAX_WINDOW, measure["window"] + measure["max_extension"])
        window = min(max(measure["window"], fill * _FILL_MARGIN), longest)
        before = latest(self._found, self.argument("collected")).get("sample") if made["outcome"] == "made" else None
        return {**made, "round": number, "window": window, "before": before}

    def _decided(self, settings: Settings) -> dict[str, Any]:
        diagnosed, made = self._found[self.argument("diagnosed")], self._found[self.argument("made")]
        history = _history(diagnosed)
        entries, changes = history["entries"], history["changes"]
        if made["outcome"] != "made":
            return self._ended(made, entries, changes)
        result = latest(self._found, self.argument("collected"))
        entry = entry_of(result, self.argument("variables"), "after")
        blind = entry["reason"] if entry["status"] in UNMEASURED else ""
        compared = [] if blind else self._compared(made, entries[-1], result["sample"], entry, settings)
        steps = made["steps"] if blind else proof.without_reopened(made["steps"], entries[-1], entry)
        told = proof.judge(steps, compared, blind)
        rows, wrong, lost = proof.settle(self._execute_or_lose, steps, told, made["lease"], settings.limits)
        for row in rows:
            self._say(f"{row['what']} {'kept' if row['kept'] else 'taken back'}: {row['why']}")
        if wrong:
            status = "unreachable" if lost or entry["status"] == "unreachable" else "error"
            entry = {**entry, "status": status, "reason": f"{wrong}; {entry['reason']}"}
        tried = [
            *history["tried"],
            *(
                step["request"]
                for step, group in zip(steps, told)
                if step["request"] and not any(row["kept"] for row in group)
            ),
        ]
        entries, changes = [*entries, entry], [*changes, *rows]
        waiting = proof.waiting(steps, told)
        again = (
            not wrong
            and not blind
            and not waiting
            and made["round"] < settings.limits.max_rounds
            and entry["main_loss"] is not None
        )
        final = {**merge(entries, changes), "left": made["left"]}
        if waiting and final["status"] in ("fail", "warn"):
            final["reason"] += f"; {waiting}"
        history = {"round": made["round"], "entries": entries, "changes": changes, "tried": tried}
        return {"entry": final, "again": again, "history": history}

    # Their parts.

    def _ended(self, made: Found, entries: list[Any], changes: list[Any]) -> dict[str, Any]:
        """Return the entry where nothing was changed in this round, or the host was lost while it was."""
        rows = [dict(row) for row in made.get("rows") or ()]
        last = entries[-1]
        if made["outcome"] == "lost":
            rows = [{**row, "kept": not step["failed"]} for step in made["steps"] for row in step["rows"]]
            forced = [row for row in rows if row["kept"]]
            names = ", ".join(str(row["what"]) for row in forced)
            for row in forced:
                row["why"] = (
                    "the host was lost before a second window: not proved, and gone with the next run or reboot"
                )
            reason = (
                f"lost after {names or 'its changes'} had been changed ({made['reason']}); run again to complete it"
            )
            entries = [*entries[:-1], {**last, "status": "unreachable", "reason": reason}]
        final = {**merge(entries, [*changes, *rows]), "left": list(made["left"])}
        if made["reason"] and made["outcome"] != "lost":
            final["unknowns"] = [*final["unknowns"], f"what could be changed: nothing was, since {made['reason']}"]
        for sentence in made["left"]:
            self._say(str(sentence))
        return {"entry": final, "again": False}

    def _compared(
        self,
        made: Found,
        before: Mapping[str, Any],
        sample: Mapping[str, Any],
        entry: Mapping[str, Any],
        settings: Settings,
    ) -> list[dict[str, Any]]:
        keys = [key for step in made["steps"] for key in step["keys"]]
        try:
            return compare(made["before"], before, sample, entry, keys, settings.diagnose)
        except (KeyError, TypeError, ValueError) as error:
            self._say(f"the windows could not be compared: {type(error).__name__}: {error}")
            return []

    def _execute(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Run a module, by its own action where it has one."""
        if name not in _WITH_ACTION:
            result: dict[str, Any] = self._execute_module(
                module_name=name, module_args=arguments, task_vars=self._found
            )
            return result
        task = self._task.copy()
        task.action, task.args = name, arguments
        action = self._shared_loader_obj.action_loader.get(
            name,
            task=task,
            connection=self._connection,
            play_context=self._play_context,
            loader=self._loader,
            templar=self._templar,
            shared_loader_obj=self._shared_loader_obj,
        )
        return dict(action.run(task_vars=dict(self._found)))

    def _execute_or_lose(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Run a module; whatever ends it is told as a host that was lost."""
        try:
            return self._execute(name, arguments)
        except AnsibleConnectionFailure:
            raise
        except AnsibleError as error:
            raise AnsibleConnectionFailure(str(error)) from error

    def _say(self, sentence: str) -> None:
        display.display(f"{self._found.get('inventory_hostname')}: {sentence}")


def _history(diagnosed: Found) -> dict[str, Any]:
    """Return what earlier rounds left: {"round", "entries", "changes", "tried"}."""
    found = diagnosed.get("history")
    if isinstance(found, Mapping):
        return dict(found)
    entry = diagnosed["entry"]
    return {"round": 0, "entries": [entry], "changes": list(entry["changes"]), "tried": []}


def _holder() -> str:
    """Return which audit this is, for a run that finds the host taken."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "an unnamed user"
    return f"{uuid.uuid4().hex[:8]} of {user} on {socket.gethostname()}"
