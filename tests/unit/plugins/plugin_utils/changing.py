# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host that answers modules as ours do, and entries of hosts with something to change."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleConnectionFailure
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.verdict import diagnose_host
from ansible_collections.rxpath.linux.plugins.plugin_utils.improvement import Limits
from ansible_collections.rxpath.linux.tests.unit.plugins.module_utils._diagnose.conftest import simulate

DEFAULT, BACKLOG = "net.core.rmem_default", "net.core.netdev_max_backlog"
LIMITS = Limits(max_rounds=3, restart_services=(), confirm_timeout=45, lease_seconds=300)
ALLOWED = LIMITS._replace(restart_services=("nsd",))
LEASE = "the-token"
OVERFLOW = "socket.receive_buffer_overflow"
KEY = f"{OVERFLOW}|pod-1|"
CHANGING = ("sysctl_settings", "nic_ring", "tuning_rollback", "systemd_service", "command")

Answer = Callable[[Mapping[str, Any]], "dict[str, Any] | None"]


class Host:
    """Modules by their short name; ``answers`` go first, and None from one means: as usual."""

    def __init__(self, answers: Mapping[str, Answer] | None = None) -> None:
        self.running = {DEFAULT: "212992", BACKLOG: "1000"}
        self.kept: dict[str, str] = {}
        self.begun = dict(self.running)
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.answers = dict(answers or {})

    def __call__(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        short = name.rpartition(".")[2]
        self.calls.append((short, arguments))
        special = self.answers.get(short)
        answer = special(arguments) if special else None
        return answer if answer is not None else dict(getattr(self, "_" + short)(arguments))

    @property
    def names(self) -> list[str]:
        return [f"{name} {arguments['state']}" if "state" in arguments else name for name, arguments in self.calls]

    def of(self, name: str) -> list[dict[str, Any]]:
        return [arguments for short, arguments in self.calls if short == name]

    def _tuning_session(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        if arguments["state"] == "begun":
            return {"lease": LEASE, "held": None, "interrupted": None}
        return {"held": None, "interrupted": None}

    def _tuning_plan(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        requests = [
            # As the module has it: what it adds may come first.
            {"changes": self._changes(request), "file": "/etc/sysctl.d/x.conf", **request}
            for request in arguments["requests"]
        ]
        return {"requests": requests, "refused": [], "unsupported": []}

    def _changes(self, request: Mapping[str, Any]) -> list[dict[str, Any]]:
        if request["family"] == "nic_ring":
            target = request["interface"]
            return [{"knob": "ring", "target": target, "from": {"rx": 256}, "to": {"rx": 4096}}]
        rows = [
            {"knob": "sysctl", "target": key, "from": self.running[key], "to": str(value)}
            for key, value in request["settings"].items()
            if self.running[key] != str(value)
        ]
        return [*rows, {"knob": "file", "target": "/etc/sysctl.d/x.conf", "from": None, "to": "text"}]

    def _sysctl_settings(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        rows = [row for row in self._changes({"family": "", **arguments}) if row["knob"] == "sysctl"]
        for key, value in arguments["settings"].items():
            self.running[key] = str(value)
            if arguments["scope"] == "both":
                self.kept[key] = str(value)
        return {"changes": rows, "applied": [{**row, "value": row["to"]} for row in rows], "boot": "written"}

    def _tuning_rollback(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        for row in arguments.get("changes") or ():
            self.running[row["target"]] = self.begun[row["target"]]
        return {"changes": []}

    def _systemd_service(self, _arguments: Mapping[str, Any]) -> dict[str, Any]:
        return {"changed": True}

    _command = _systemd_service


def lost(_arguments: Mapping[str, Any]) -> dict[str, Any]:
    raise AnsibleConnectionFailure("Connection\ntimed out")


def failing(message: str) -> Answer:
    return lambda _arguments: {"failed": True, "msg": message}


@functools.cache
def _sample(slow: bool) -> str:
    length = 0.5 if slow else 0.03
    return json.dumps(simulate(lambda now: 400_000.0 if now % 0.5 < length else 0.0, lambda _now: 50_000.0))


def sample_of(slow: bool = False) -> dict[str, Any]:
    """Return a sample: a pod that never asked for a buffer and loses bursts, or whose reader is too slow."""
    sample: dict[str, Any] = json.loads(_sample(slow))
    sample["namespaces"][1]["sockets"][0]["cgroup"] = "/system.slice/nsd.service"
    return sample


@functools.cache
def _entry(slow: bool) -> str:
    return json.dumps(diagnose_host(sample_of(slow), {}))


def entry(slow: bool = False) -> dict[str, Any]:
    """Return the entry of a host with that sample."""
    made: dict[str, Any] = json.loads(_entry(slow))
    assert made["main_loss"] == OVERFLOW
    return made


def two_findings() -> dict[str, Any]:
    """Return an entry with a step for the backlog and one for the socket."""
    made = entry()
    advice = {
        "action": f"raise {BACKLOG}",
        "current": 1000,
        "recommended": 4000,
        "helps": True,
        "why": "bursts of 3000",
        "knob": {"family": "sysctl_settings", "settings": {BACKLOG: 4000}},
    }
    first = {**made["findings"][0], "finding": "softnet.backlog_overflow", "causes": [], "advice": [advice]}
    return {**made, "first_loss": first["finding"], "findings": [{**first, "sockets": []}, *made["findings"]]}


def compared(key: str, verdict: str) -> dict[str, Any]:
    figures = {"lost": 3, "arrived": 1000, "ratio": 0.003, "seconds": 10.0, "rate": 0.3}
    return {
        "key": key,
        "finding": key.partition("|")[0],
        "verdict": verdict,
        "before": figures,
        "after": figures,
        "difference": [-0.001, 0.001],
        "certainty": "exact",
        "why": f"figures; {verdict}",
    }
