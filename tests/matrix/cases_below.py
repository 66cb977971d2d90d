# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all namespaces share: the backlogs of softnet, the memory of all UDP sockets, a control group's memory."""

from __future__ import annotations

import os
from pathlib import Path
from typing import ClassVar, Dict, List

from . import counters, tools
from .case import FAIL, OVERFLOW, WARN, Case, Expected, Verdict, case, need
from .cgroups import Group

BACKLOG, LIMIT, MEMORY = "softnet.backlog_overflow", "softnet.flow_limit", "udp.memory_limit"


class Softnet(Case):
    """Datagrams of one large send are cut by the sending kernel and come to the veth's backlog all at once."""

    alone = True
    backlog: ClassVar[int] = 20
    reader_options: ClassVar[List[str]] = ["-F", "8388608"]
    flood_options: ClassVar[List[List[str]]] = [["-s", "500", "-g", "40", "-b", "1", "-e", "20000", "-n", "135"]]

    def build(self) -> None:
        self.bed.within(self.bed.sender, "ethtool", "-K", "eth0", "tx-udp-segmentation", "off")
        self.reader = self.bed.reader(*self.reader_options)
        self.bed.sysctls.set("net.core.netdev_max_backlog", str(self.backlog))
        for options in self.flood_options:
            self.flood(*options)

    def mark(self) -> None:
        super().mark()
        self.softnet = counters.softnet()

    def backlog_lost(self) -> Dict[str, int]:
        """Return what the backlogs dropped; softnet's count and the device's must agree."""
        after = counters.softnet()
        lost = {name: after[name] - self.softnet[name] for name in after}
        device = counters.device(self.bed, self.bed.receiver, "eth0")["dropped"]
        self.facts.update(softnet=lost, device_dropped=device)
        need(lost["dropped"] == device > 0, "softnet dropped %d, the device %d" % (lost["dropped"], device))
        return lost

    def numbers_missing(self) -> int:
        return self.sent() - int(self.reader.stop()["distinct"])


@case("softnet.backlog")
class Backlog(Softnet):
    """More datagrams at once than ``netdev_max_backlog`` holds."""

    def judge(self) -> Verdict:
        lost = self.backlog_lost()
        need(self.numbers_missing() == lost["dropped"] and not lost["flow_limit"], "the numbers do not agree")
        expected = Expected(BACKLOG, None, lost["dropped"], share=1.0, certainty="exact")
        return Verdict(WARN, [expected], BACKLOG, BACKLOG, absent=[LIMIT])


@case("softnet.backlog_and_socket")
class BacklogAndSocket(Softnet):
    """The backlog loses a part, the socket's buffer another: both shares are told, the larger is the main loss."""

    reader_options = ["-w", "30"]
    flood_options = [["-s", "500", "-g", "40", "-b", "40", "-e", "250000", "-n", "11"]]

    def judge(self) -> Verdict:
        inode = self.only_inode()
        first = self.backlog_lost()["dropped"]
        second = self.rose("UdpRcvbufErrors")
        need(self.numbers_missing() == first + second and second > 0, "the numbers do not agree")
        whole = first + second
        need(abs(first - second) > 0.02 * whole, "both lost alike")
        share, causes = second / whole, ["arrival_burst"]
        findings = [
            Expected(BACKLOG, None, first, share=first / whole),
            Expected(OVERFLOW, self.bed.receiver, second, causes=causes, inodes=[inode], share=share),
        ]
        return Verdict(FAIL, findings, BACKLOG if first > second else OVERFLOW, BACKLOG)


@case("softnet.flow_limit")
class FlowLimit(Softnet):
    """Four flows overflow the backlog, then one flow meets the flow limit: the backlog's count is less the limit's."""

    backlog = 40
    flood_options = [
        ["-s", "500", "-g", "100", "-b", "1", "-e", "20000", "-n", "50", "-F", "4", "-m", "1"],
        ["-s", "500", "-g", "100", "-b", "1", "-e", "20000", "-n", "50", "-o", "4194304"],
    ]

    def build(self) -> None:
        super().build()
        self.bed.sysctls.set("net.core.flow_limit_cpu_bitmap", "%x" % ((1 << (os.cpu_count() or 1)) - 1))

    def traffic(self) -> None:
        for flood in self.floods:
            flood.go()
            flood.wait()

    def judge(self) -> Verdict:
        lost = self.backlog_lost()
        limited = lost["flow_limit"]
        need(self.numbers_missing() == lost["dropped"] > limited > 0, "the numbers do not agree")
        plain = lost["dropped"] - limited
        findings = [Expected(BACKLOG, None, plain, share=plain / lost["dropped"]),
                    Expected(LIMIT, None, limited, share=limited / lost["dropped"])]  # fmt: skip
        return Verdict(WARN, findings, BACKLOG if plain > limited else LIMIT, BACKLOG)


@case("softnet.rps_makes_the_loss")
class Rps(Softnet):
    """Steering to another CPU puts the backlog on the path; without it the same traffic loses nothing."""

    backlog = 4
    flood_options = [["-s", "500", "-b", "800", "-e", "50000", "-n", "54"]]

    def build(self) -> None:
        need((os.cpu_count() or 1) > 1, "one CPU")
        self.steer("2")
        super().build()
        for flood in self.floods:
            os.sched_setaffinity(flood.pid, {0})

    def steer(self, mask: str) -> None:
        self.bed.within(self.bed.receiver, "sh", "-c", "echo %s >/sys/class/net/eth0/queues/rx-0/rps_cpus" % mask)

    def judge(self) -> Verdict:
        lost = self.backlog_lost()["dropped"]
        need(self.numbers_missing() == lost, "the numbers do not agree")
        self.steer("0")
        reader = self.bed.reader(*self.reader_options)
        again = self.bed.flood(*self.flood_options[0], cpu=0)
        again.go()
        need(again.wait()["sent"] == reader.stop()["distinct"], "datagrams are lost without RPS as well")
        expected = Expected(BACKLOG, None, lost, share=1.0, says=["RPS"])
        return Verdict(WARN, [expected], BACKLOG, BACKLOG)


class MemoryCase(Case):
    """A reader that pauses, with a buffer that would hold it all; the memory for it is not granted."""

    alone = True
    options: ClassVar[List[str]] = ["-F", "33554432", "-P", "900", "-C", "1000"]

    def build(self) -> None:
        self.reader = self.start()
        self.flood("-s", "1200", "-b", "2", "-e", "1000", "-n", "2750")

    def start(self) -> object:
        return self.bed.reader(*self.options)

    def judge(self) -> Verdict:
        (socket,) = self.drops().values()
        lost = self.sent() - self.reader.stop()["distinct"]  # type: ignore[attr-defined]
        self.facts.update(lost=lost, MemErrors=self.rose("UdpMemErrors"))
        need(0 < lost == socket.drops and self.rose("UdpRcvbufErrors") == 0, "lost %d, drops %d" % (lost, socket.drops))
        expected = Expected(MEMORY, self.bed.receiver, lost, share=1.0, inodes=[socket.inode], says=self.says)
        return Verdict(FAIL, [expected], MEMORY, MEMORY)

    says: ClassVar[List[str]] = []


@case("memory.udp_mem_exhausted")
class UdpMemory(MemoryCase):
    """The memory of all UDP sockets is used up; on kernel 6.18 no SNMP counter moves."""

    says = ["udp_mem"]

    def build(self) -> None:
        super().build()
        rest = Path("/proc/sys/net/ipv4/udp_mem").read_text().split()[1:]
        self.bed.sysctls.set("net.ipv4.udp_mem", " ".join(["100", *rest]))


@case("memory.cgroup_limit")
class GroupMemory(MemoryCase):
    """The control group of the server grants no more socket memory."""

    says = ["cgroup|container"]

    def start(self) -> object:
        self.group = Group(self.bed, "memory")
        self.group.memory((2 << 20) if self.group.version == 1 else (12 << 20))
        enter = 'echo $$ >"%s/cgroup.procs" && exec "$@"' % self.group.path
        command = ["sh", "-c", enter, "sh", *tools.command("drain"), *self.options]
        return self.bed.start(command, self.bed.receiver)
