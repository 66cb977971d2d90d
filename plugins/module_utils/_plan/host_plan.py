# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The whole plan of a host: every family that has something to do, in the order of work, with its changes.

What a request changes is predicted by the family itself (``predict``), which is what its module does in check mode.
A channel change comes before what depends on the number of queues: those families are told the number to come.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._plan.device_requests import (
    Request,
    device_requests,
    steering,
)
from ansible_collections.rxpath.linux.plugins.module_utils._plan.host_sysctls import host_sysctls
from ansible_collections.rxpath.linux.plugins.module_utils._plan.interfaces import (
    AUTO,
    Choice,
    choose,
    in_turn,
    meant_by_auto,
)
from ansible_collections.rxpath.linux.plugins.module_utils._plan.order import FAMILY_ORDER, family_rank
from ansible_collections.rxpath.linux.plugins.module_utils._plan.profile import resolve
from ansible_collections.rxpath.linux.plugins.module_utils._plan.refusals import (
    CHANNELS,
    IRQ,
    RING,
    RSS,
    STEERING,
    refusal,
)
from ansible_collections.rxpath.linux.plugins.module_utils._plan.shared import SHARED, in_order
from ansible_collections.rxpath.linux.plugins.module_utils._plan.sysctl_file import DEFAULT_FILE

SYSCTLS = "sysctl_settings"
# Request → what its module would answer in check mode: changes, unsupported, refused, warnings, notes.
Predict = Callable[[Request], Mapping[str, Any]]
# A session around the work: begun and finished.
_SESSION_EXECUTIONS = 2
# Families whose plan depends on the number of queues.
_COUNT_QUEUES = (RING, RSS, IRQ, STEERING)
# Families that may change, beside what is a device's, what belongs to the host.
_SHARE = (IRQ, STEERING)
_SENTENCES = ("unsupported", "refused", "warnings", "notes")


def host_plan(settings: Mapping[str, Any], survey: Mapping[str, Any], predict: Predict) -> dict[str, Any]:
    """Return {"requests", "interfaces", "refused", "warnings", "notes", "unsupported", "skipped_interfaces",
    "executions"}.

    ``requests`` are in the order of work, each with its "changes" (maybe none). ``settings["requests"]`` replaces
    what profile and knobs ask for; ``settings["families"]``, where it is there, is all that is planned. Raises
    NoSuchInterfaceError, and what ``predict`` raises.
    """
    plan = _Plan(survey, predict, settings.get("families") or FAMILY_ORDER, force=bool(settings["force"]))
    if settings.get("requests") is not None:
        plan.explicit(settings["requests"])
    else:
        plan.from_profile(resolve(settings))
    return plan.result()


class _Plan:
    """The plan as it grows."""

    def __init__(self, survey: Mapping[str, Any], predict: Predict, families: Sequence[str], force: bool) -> None:
        self._survey = survey
        self._predict = predict
        self._families = families
        self._force = force
        self._requests: list[Request] = []
        self._interfaces: list[str] = []
        self._said: dict[str, list[str]] = {kind: [] for kind in _SENTENCES}
        self._left: dict[str, list[str]] = {}
        self._skipped: list[dict[str, str]] = []
        # Queues that were placed on each memory node so far.
        self._placed: Counter[Any] = Counter()

    def from_profile(self, settings: Mapping[str, Any]) -> None:
        """Plan what profile and named knobs ask for."""
        if SYSCTLS in self._families:
            self._sysctls(settings)
        choice = self._choose(settings["interfaces"], settings["persist_only"])
        self._skipped.extend(choice.skipped)
        self._said["notes"].extend(choice.notes)
        interfaces = self._survey["interfaces"]
        asked = {
            name: self._of_families(device_requests(settings, name, interfaces.get(name) or {}))
            for name in choice.chosen
        }
        if list(settings["interfaces"]) == [AUTO] and sum(map(bool, asked.values())) > 1:
            self._said["notes"].append(meant_by_auto(choice.chosen))
        for requests in asked.values():
            self._device(requests)
        for name in choice.virtual:
            if steering(settings) and STEERING in self._families:
                self._device([{"family": STEERING, "interface": name, **steering(settings)}])
        self._in_turn([*in_turn(choice.chosen, interfaces), *choice.virtual])

    def explicit(self, requests: Sequence[Mapping[str, Any]]) -> None:
        """Plan a list of requests as it is, put into the order of work."""
        wanted = self._of_families([_with_defaults(request) for request in requests])
        ordered = sorted(wanted, key=lambda item: family_rank(item["family"]))
        for request in ordered:
            if not request.get("interface"):
                self._add(request)
        names = sorted({str(request["interface"]) for request in ordered if request.get("interface")})
        for name in names:
            self._device([request for request in ordered if request.get("interface") == name])
        self._in_turn(in_turn(names, self._survey["interfaces"]))

    def result(self) -> dict[str, Any]:
        """Return the plan as the module returns it."""
        refused = [f"{why} ({', '.join(families)} left as they are)" for why, families in self._left.items()]
        busy = sum(1 for request in self._requests if request["changes"])
        return {
            "requests": self._requests,
            "interfaces": self._interfaces,
            **{kind: list(dict.fromkeys(said)) for kind, said in self._said.items()},
            "refused": list(dict.fromkeys([*self._said["refused"], *refused])),
            "skipped_interfaces": self._skipped,
            "executions": 1 + (busy + _SESSION_EXECUTIONS if busy else 0),
        }

    def _of_families(self, requests: Sequence[Request]) -> list[Request]:
        """Return the requests that the plan is about. A family that does not exist is its module's to refuse."""
        unplanned = set(FAMILY_ORDER) - set(self._families)
        return [request for request in requests if request["family"] not in unplanned]

    def _sysctls(self, settings: Mapping[str, Any]) -> None:
        wishes = host_sysctls(settings, self._survey)
        for kind in ("notes", "warnings", "refused"):
            self._said[kind].extend(getattr(wishes, kind))
        if wishes.values:
            where = {"file": settings["sysctl_file"], "lower": settings["lower"]}
            self._add({"family": SYSCTLS, "settings": wishes.values, **where})

    def _choose(self, wanted: Sequence[str], persist_only: bool) -> Choice:
        if persist_only and self._survey["image"]:
            # The devices of the machine that builds the image are not those that will boot it: "auto" is kept as it
            # is, and found out at boot.
            return Choice(list(wanted), [], [], [])
        return choose(wanted, self._survey["interfaces"], self._survey["links"])

    def _device(self, requests: Sequence[Request]) -> None:
        """Plan the families of one device, each with the number of queues that the ones before it will leave."""
        queues = None
        interrupts: dict[str, str] = {}
        for request in requests:
            name, family = request["interface"], request["family"]
            why = None if self._force else refusal(self._survey, name, family)
            if why:
                self._left.setdefault(why, []).append(family)
                continue
            facts = self._survey["interfaces"].get(name) or {}
            extra: Request = {}
            if queues is not None and family in _COUNT_QUEUES:
                extra["channels"] = queues
            if family == IRQ and request.get("policy") == "auto":
                extra["skip"] = self._placed[facts.get("numa_node")]
            if family == STEERING and interrupts:
                extra["interrupts"] = interrupts
            outcome = self._add({**request, **extra})
            if family == CHANNELS:
                queues = _queues_to_come(outcome)
            if family == IRQ:
                interrupts = _interrupts_to_come(outcome, facts)
                self._placed[facts.get("numa_node")] += queues or _queues(facts)

    def _add(self, request: Request) -> Mapping[str, Any]:
        """Take a request into the plan with what it would change."""
        if self._force and request["family"] != SYSCTLS:
            request["force"] = True
        outcome = self._predict(request)
        for kind in _SENTENCES:
            self._said[kind].extend(outcome.get(kind) or ())
        self._requests.append({**request, "changes": list(outcome["changes"])})
        return outcome

    def _in_turn(self, names: Sequence[str]) -> None:
        """Put the requests of devices into the order in which the devices have their turn."""
        place = {name: index for index, name in enumerate(names)}
        self._requests.sort(key=lambda request: place.get(str(request.get("interface") or ""), -1))
        self._chain()
        busy = {request.get("interface") for request in self._requests if request["changes"]}
        self._interfaces = [name for name in names if name in busy]

    def _chain(self) -> None:
        """Let the changes of each request start from what the ones before it leave of the host's own knobs.

        Check mode makes none of them, so that the modules are told what has to be thought of as done ("earlier").
        """
        done: dict[tuple[str, str], Mapping[str, Any]] = {}
        for request in self._requests:
            theirs = [row for row in request["changes"] if row["knob"] in SHARED]
            earlier = [done[place] for row in theirs if (place := (row["knob"], row["target"])) in done]
            request["changes"] = in_order(earlier, request["changes"])
            if earlier and request["family"] in _SHARE:
                request["earlier"] = [{name: row[name] for name in ("knob", "target", "to")} for row in earlier]
            done.update({(row["knob"], row["target"]): row for row in request["changes"] if row["knob"] in SHARED})


def _with_defaults(request: Mapping[str, Any]) -> Request:
    """Return a request with what its module takes where nothing is said."""
    if request["family"] == SYSCTLS:
        return {"file": DEFAULT_FILE, "lower": False, **request}
    return dict(request)


def _queues_to_come(outcome: Mapping[str, Any]) -> int | None:
    """Return the receive queues that a channel change will leave; None where there is none."""
    for change in outcome["changes"]:
        if change["knob"] == "channels":
            return int(change["to"].get("combined") or 0) + int(change["to"].get("rx") or 0)
    return None


def _interrupts_to_come(outcome: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, str]:
    """Return the CPUs of each receive queue's interrupt after a placement; nothing where it places none anew."""
    placed = {change["target"]: change["to"] for change in outcome["changes"] if change["knob"] == "irq"}
    if not placed:
        return {}
    served = {irq["serves"]: irq["asked"] for irq in facts.get("irqs") or () if irq["serves"] and irq["asked"]}
    for target, cpus in placed.items():
        # "eth0 rx-3 tx-3": the device, then what the interrupt serves.
        served[target.partition(" ")[2]] = cpus
    return {
        word[3:]: cpus for serves, cpus in sorted(served.items()) for word in serves.split() if word.startswith("rx-")
    }


def _queues(facts: Mapping[str, Any]) -> int:
    """Return the receive queues that a device has now."""
    channels = facts.get("channels") or {}
    return int(channels.get("combined") or 0) + int(channels.get("rx") or 0) or int(
        (facts.get("queues") or {}).get("rx") or 0
    )
