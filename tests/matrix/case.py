# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a case is: a fault that is built, traffic, the truth measured in the run, and what must be reported."""

from __future__ import annotations

import fnmatch
from typing import Any, Callable, ClassVar, Dict, List, NamedTuple, Optional, Sequence, Tuple, Type

from . import counters
from .bed import Bed, Program

OVERFLOW = "socket.receive_buffer_overflow"
LOSSES = frozenset((
    "nic.link_errors", "nic.ring_overflow", "nic.outside_host", "nic.xdp_drop", "tc.drop", "softnet.backlog_overflow",
    "softnet.flow_limit", "ip.header_errors", "ip.reassembly_failures", "ip.no_route", "ip.reverse_path_filter",
    "ip.discards", "conntrack.table_full", "conntrack.insert_failed", "qdisc.drop", "udp.checksum_errors",
    "udp.memory_limit", OVERFLOW,
))  # fmt: skip
PASS = frozenset(("pass",))
WARN = frozenset(("warn",))
FAIL = frozenset(("fail",))
QUIET = frozenset(("pass", "inconclusive"))


class Untrue(Exception):
    """The run did not produce what it is about (a neighbour stole the CPU): it is repeated, not judged."""


class Expected(NamedTuple):
    """One finding that must be there, as far as the truth of the run determines it."""

    finding: str
    namespace: Optional[str] = None
    delta: Optional[int] = None
    near: Optional[Tuple[int, int]] = None  # where only a range is determined
    causes: Optional[List[str]] = None
    inodes: Optional[Sequence[int]] = None  # the losing sockets, no other
    share: Optional[float] = None
    helps: Optional[bool] = None
    pending: bool = False
    certainty: Optional[str] = None
    process: Optional[str] = None
    closed: Optional[bool] = None  # whether the losing sockets are told as closed
    rates: Optional[bool] = None  # whether arrival and service rate may be given
    says: Sequence[str] = ()  # regular expressions, each found in the evidence or the advice
    silent: Sequence[str] = ()  # regular expressions found in neither


class Verdict(NamedTuple):
    """What the host's entry must say. Findings of class loss that are not named must not be there."""

    status: frozenset[str]
    findings: Sequence[Expected] = ()
    main: Optional[str] = None
    first: Optional[str] = None
    absent: Sequence[str] = ()
    blind: Optional[str] = None  # a regular expression that a blind spot must match
    says: Sequence[str] = ()  # regular expressions found in the reason or in any finding


class Case:
    """A fault. Subclasses build it, send, and say from what they measured what must be reported."""

    name: ClassVar[str] = ""
    alone: ClassVar[bool] = False  # sensitive to the CPU, or judges what all namespaces share
    window: ClassVar[float] = 3.0
    lead: ClassVar[float] = 0.1  # from the window's start to the first datagram
    inside: ClassVar[bool] = True  # all traffic lies within the window
    extends: ClassVar[float] = 0.0  # seconds by which the audit may extend the window
    every_namespace: ClassVar[bool] = False
    settings: ClassVar[Dict[str, Any]] = {}

    def __init__(self, bed: Bed) -> None:
        self.bed = bed
        self.facts: Dict[str, Any] = {}  # the truth, as the table's evidence
        self.floods: List[Program] = []
        self.before: Dict[str, int] = {}
        self.audit: Any = None  # the window under way: over(timeout)

    def build(self) -> None:
        """Build the fault, the readers and the senders."""
        raise NotImplementedError

    def traffic(self) -> None:
        """Send; the audit's window is under way in another process."""
        for flood in self.floods:
            flood.go()
        for flood in self.floods:
            flood.wait(self.window + 40)

    def audited(self) -> List[str]:
        return [self.bed.receiver]

    def judge(self) -> Verdict:
        """Measure the truth and say what must be reported.

        Raises:
            Untrue: the run is not what the case is about.
        """
        raise NotImplementedError

    def before_window(self) -> None:
        """Runs in the process that measures; only where the kernel cannot be brought to a value in seconds."""

    # -- what most cases need ----------------------------------------------------------------------------------------

    def flood(self, *options: str, **where: Any) -> Program:
        program = self.bed.flood(*options, **where)
        self.floods.append(program)
        return program

    def mark(self) -> None:
        """Note the receiver's counters right before the window."""
        self.before = counters.nstat(self.bed.receiver)

    def rose(self, name: str) -> int:
        """Return how much a counter of the receiver rose since ``mark``."""
        if name not in self.facts:
            self.facts[name] = counters.nstat(self.bed.receiver)[name] - self.before[name]
        rise: int = self.facts[name]
        return rise

    def sent(self) -> int:
        total = sum(int(flood.wait()["sent"]) for flood in self.floods)
        self.facts["sent"] = total
        return total

    def drops(self, port: int = 5300, namespace: str = "") -> Dict[int, counters.Socket]:
        """Return the sockets of a port by inode."""
        found = counters.sockets(self.bed, namespace or self.bed.receiver)
        return {entry.inode: entry for entry in found if entry.port == port}

    def lost(self, reader: Program, family: str = "Udp", port: int = 5300) -> int:
        """Return the datagrams that overflow took from one reader; numbers, SNMP and socket must agree."""
        (socket,) = self.drops(port).values()
        got = reader.stop()
        self.facts["received"] = got["distinct"]
        missing = self.sent() - int(got["distinct"])
        self.facts["lost"] = missing
        counted = self.rose(family + "RcvbufErrors")
        agree(missing, counted, socket.drops)
        return missing

    def only_inode(self, port: int = 5300) -> int:
        (inode,) = self.drops(port)
        return inode


def need(condition: bool, why: str) -> None:
    """Stop the run as untrue unless the condition holds."""
    if not condition:
        raise Untrue(why)


def agree(missing: int, counted: int, drops: int) -> None:
    """Stop the run as untrue unless the numbers that are missing, RcvbufErrors and the socket's drops are one."""
    need(missing == counted == drops, "missing %d, RcvbufErrors %d, drops %d" % (missing, counted, drops))


_CASES: Dict[str, Type[Case]] = {}


def case(name: str) -> Callable[[Type[Case]], Type[Case]]:
    """Register a case under the name that ``--case`` and the table use."""

    def register(made: Type[Case]) -> Type[Case]:
        made.name = name
        _CASES[name] = made
        return made

    return register


def all_cases() -> Dict[str, Type[Case]]:
    """Return every case, in the order of the files."""
    from . import cases_below, cases_buffer, cases_path, cases_quiet, cases_sockets  # noqa: F401 - they register

    return _CASES


def chosen(patterns: Sequence[str]) -> List[Type[Case]]:
    """Return the cases whose names match one of the patterns (all without patterns)."""
    return [made for name, made in all_cases().items()
            if not patterns or any(fnmatch.fnmatch(name, pattern) for pattern in patterns)]  # fmt: skip
