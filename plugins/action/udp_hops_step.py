# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One step of a run over a path: what is done on a host of it, or over all of them on the controller.

Like the steps of the audit it fails no host before the verdict: what went wrong is recorded and told in the report.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure, AnsibleError
from ansible.utils.color import ANSIBLE_COLOR
from ansible_collections.rxpath.linux.plugins.plugin_utils import hops_judged, hops_report
from ansible_collections.rxpath.linux.plugins.plugin_utils.audit_action import (
    SETTLE_SECONDS,
    AuditAction,
    display,
    registered,
)
from ansible_collections.rxpath.linux.plugins.plugin_utils.convert import SettingError
from ansible_collections.rxpath.linux.plugins.plugin_utils.entries import failure_reason
from ansible_collections.rxpath.linux.plugins.plugin_utils.hops_settings import (
    HopsSettings,
    misspelt_hops,
    normalise_hops,
    rounds,
)
from ansible_collections.rxpath.linux.plugins.plugin_utils.peers import PeerError, find_target
from ansible_collections.rxpath.linux.plugins.plugin_utils.report import ReportError

PROBE, WINDOW = "rxpath.linux.udp_probe", "rxpath.linux.receive_path_info"
# A window that is to last as long as a probe: what comes before, between and after, at most (seconds).
_AROUND = 90.0
_BEGUN = "__udp_hops_begun"
_UNSENT = "check mode: the probe that was asked for was not sent; this is of counters alone"

Result = dict[str, Any]


class _StepError(Exception):
    """A module failed; the text says why."""


class ActionModule(AuditAction):
    _requires_connection = True
    _VALID_ARGS = frozenset(("state", "variables", "round", "judged"))

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> Result:
        super().run(tmp, task_vars)
        variables = task_vars or {}
        state = str(self.argument("state"))
        try:
            settings = normalise_hops(self.argument("variables"))
            if self._task.check_mode:
                # A probe is a load: in check mode the window is measured, and nothing sent.
                settings = settings._replace(probe=None)
            if state in _ON_CONTROLLER:
                return _ON_CONTROLLER[state](self, settings, variables)
        except (SettingError, ReportError) as error:
            raise AnsibleActionFail(str(error)) from None
        try:
            return {"changed": False, "outcome": state, **_ON_HOSTS[state](self, settings, variables)}
        except AnsibleConnectionFailure as error:
            return _left("unreachable", str(error))
        except (_StepError, PeerError) as error:
            return _left("error", str(error))
        except AnsibleError as error:
            return _left("error", f"the host could not be measured: {error}")

    # On the controller.

    def plan(self, settings: HopsSettings, task_vars: Mapping[str, Any]) -> Result:
        """Return the hosts of each part of the path, and the rounds."""
        wrong = misspelt_hops([str(name) for name in task_vars])
        if wrong:
            raise AnsibleActionFail(f"no such variable: {', '.join(wrong)}")
        groups = hops_judged.hosts_of(settings.path, task_vars)
        return {
            "changed": False,
            "groups": [{"name": name, "hosts": hosts} for name, hosts in zip(settings.path, groups)],
            "rounds": rounds(settings, groups),
        }

    def judge(self, settings: HopsSettings, task_vars: Mapping[str, Any]) -> Result:
        """Return the rounds that are judged, this one added."""
        plan, this = task_vars["__udp_hops_plan"], dict(self.argument("round"))
        # With the first round a run begins anew, whatever an earlier one of the same play has left.
        first = this == dict(plan["rounds"][0])
        before = [] if first else (task_vars.get(str(self.argument("judged"))) or {}).get("rounds") or []
        steps = {
            name: dict(registered(task_vars, f"__udp_hops_{name}")) for name in ("begun", "sent", "counted", "ended")
        }
        done = hops_judged.judge(this, steps, plan["groups"], settings, before)
        if settings.probe is None and normalise_hops(self.argument("variables")).probe:
            done["notes"] = [_UNSENT, *done["notes"]]
        return {"changed": False, "rounds": [*before, done]}

    def report(self, settings: HopsSettings, task_vars: Mapping[str, Any]) -> Result:
        """Print and write the report."""
        judged = task_vars.get(str(self.argument("judged"))) or {}
        plan = task_vars.get("__udp_hops_plan") or {}
        report = hops_report.build(judged.get("rounds") or [], plan.get("groups") or [])
        display.display(hops_report.render(report, bool(ANSIBLE_COLOR)))
        path, page = hops_report.write(report, settings.report_dir)
        display.display(f"\nreports: {page}, and beside it {hops_report.FILE}")
        statistics = {"udp_hops": {"status": report["status"], "verdicts": report["verdicts"], "report": path}}
        return {
            "changed": False,
            "report": path,
            "page": page,
            "ansible_stats": {"data": statistics, "per_host": False, "aggregate": False},
        }

    def verdict(self, settings: HopsSettings, task_vars: Mapping[str, Any]) -> Result:
        """Return the host's verdict as Ansible knows one."""
        del settings
        judged = task_vars.get(str(self.argument("judged"))) or {}
        status, reason = hops_report.verdict_of(str(task_vars["inventory_hostname"]), judged.get("rounds"))
        return {
            "changed": False,
            "status": status,
            "msg": f"{status}: {reason}",
            "failed": status in ("fail", "error"),
            **({"unreachable": True} if status == "unreachable" else {}),
        }

    # On the hosts of a round.

    def begin(self, settings: HopsSettings, task_vars: Mapping[str, Any]) -> Result:
        """Start the window, and on the host that counts the receiver."""
        this, found = self.argument("round"), {}
        load = settings.probe
        window = settings.window if load is None else min(600.0, load.duration * 1.5 + _AROUND)
        if load is not None and this["receiver"] == task_vars["inventory_hostname"]:
            own = {"port": settings.port, "receive_buffer": settings.receive_buffer}
            asked: Result = {"state": "started", **own, **load._asdict()}
            found.update(self._module(PROBE, asked, task_vars))
            found["probe"] = found.pop("session")
        asked = {"state": "started", "window": window, "namespaces": settings.namespaces, "max_extension": 0.0}
        found["session"] = self._module(WINDOW, asked, task_vars)["session"]
        now = time.time()
        return {**found, "began": now, "due": now + window + SETTLE_SECONDS}

    def send(self, settings: HopsSettings, task_vars: Mapping[str, Any]) -> Result:
        """Send the probe."""
        this, load = self.argument("round"), settings.probe
        if load is None:
            raise _StepError("no probe was asked for")
        target = {"to": this["via"] or this["receiver"], "receiver": this["receiver"], "started": _BEGUN}
        if this["via"]:
            target["port"] = settings.forward_port
        for host in this["hosts"]:
            started = (task_vars["hostvars"][host].get(_BEGUN) or {}) if host in task_vars["hostvars"] else {}
            if started.get("outcome") != "begun":
                raise _StepError(f"not sent, since {host} was not measured: {started.get('reason', 'not reached')}")
        found = find_target(target, task_vars["hostvars"], str(task_vars["inventory_hostname"]))
        asked = {"state": "sent", **target, **found, **load._asdict()}
        return {"sent": self._module(PROBE, asked, task_vars)["sent"]}

    def count(self, settings: HopsSettings, task_vars: Mapping[str, Any]) -> Result:
        """End the receiver, and return what it counted."""
        del settings
        begun = task_vars.get(_BEGUN) or {}
        if "probe" not in begun:
            raise _StepError(str(begun.get("reason") or "no receiver was started"))
        result = self._module(PROBE, {"state": "collected", "session": begun["probe"]}, task_vars)
        return {"received": result["received"]}

    def end(self, settings: HopsSettings, task_vars: Mapping[str, Any]) -> Result:
        """End the window of a probe, or collect one that is over."""
        begun = task_vars.get(_BEGUN) or {}
        if begun.get("outcome") != "begun":
            return _left(str(begun.get("outcome") or "error"), str(begun.get("reason") or "it was not begun"))
        asked = {"state": "collected", "session": begun["session"], "finish": settings.probe is not None}
        result = self._module(WINDOW, asked, task_vars)
        if not result.get("finished"):
            raise _StepError("the sampler did not end in time, although its window was over")
        return {"sample": result["sample"], "ended": time.time()}

    def _module(self, name: str, arguments: Mapping[str, Any], task_vars: Mapping[str, Any]) -> Result:
        result: Result = self._execute_module(module_name=name, module_args=dict(arguments), task_vars=task_vars)
        if result.get("failed"):
            raise _StepError(failure_reason(result))
        return result


def _left(outcome: str, reason: str) -> Result:
    return {"changed": False, "outcome": outcome, "reason": " ".join(reason.split())}


_Step = Callable[[ActionModule, HopsSettings, Mapping[str, Any]], Result]
_ON_CONTROLLER: dict[str, _Step] = {
    "planned": ActionModule.plan,
    "judged": ActionModule.judge,
    "reported": ActionModule.report,
    "verdict": ActionModule.verdict,
}
_ON_HOSTS: dict[str, _Step] = {
    "begun": ActionModule.begin,
    "sent": ActionModule.send,
    "counted": ActionModule.count,
    "ended": ActionModule.end,
}
