# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Socket cases: which socket lost, whose it is, and what the counters of its namespace do not tell."""

from __future__ import annotations

import time
from typing import ClassVar, List

from . import counters, nsd
from .bed import Program
from .case import FAIL, OVERFLOW, PASS, Case, Expected, Verdict, case, need
from .cases_buffer import BURST, DEFAULT, SLOW, BufferCase

IMBALANCE = "socket.reuseport_imbalance"


@case("socket.reuseport_stuck_worker")
class StuckWorker(Case):
    """One of four reuse-port workers does not read: it has all drops and a full queue."""

    def build(self) -> None:
        self.workers = [self.bed.reader("-R", "-M", "n" if number == 2 else "e") for number in range(4)]
        self.flood("-s", "200", "-b", "4", "-e", "1000", "-n", "2750", "-F", "64", "-m", "1")

    def judge(self) -> Verdict:
        sockets = self.drops()
        losers = [entry for entry in sockets.values() if entry.drops]
        need(len(losers) == 1, "%d sockets lost" % len(losers))
        sent = self.sent()
        received = sum(worker.stop()["distinct"] for worker in self.workers)
        need(sent - received == losers[0].drops == self.rose("UdpRcvbufErrors"), "the numbers do not agree")
        expected = Expected(OVERFLOW, self.bed.receiver, losers[0].drops, causes=[SLOW], inodes=[losers[0].inode],
                            share=1.0, helps=False, certainty="exact")  # fmt: skip
        beside = Expected(IMBALANCE, self.bed.receiver, inodes=[losers[0].inode])
        return Verdict(FAIL, [expected, beside], OVERFLOW, OVERFLOW)


@case("socket.two_busy_in_one_namespace")
class TwoBusy(Case):
    """Two busy sockets in one namespace, one of them bursting: no arrival or service rate can be told."""

    def build(self) -> None:
        self.loser, self.calm = self.bed.reader("-w", "30"), self.bed.reader("-p", "5301", kind="pydrain")
        self.flood("-s", "1200", "-b", "400", "-e", "250000", "-n", "11")
        self.flood("-p", "5301", "-s", "1200", "-b", "2", "-e", "1000", "-n", "2750")

    def judge(self) -> Verdict:
        inode, calm = self.only_inode(), self.calm.stop()
        need(calm["distinct"] == self.floods[1].wait()["sent"], "the calm socket lost as well")
        lost = self.floods[0].wait()["sent"] - self.loser_received(inode)
        need(0 < lost == self.rose("UdpRcvbufErrors"), "the numbers do not agree")
        self.facts["lost"] = lost
        expected = Expected(OVERFLOW, self.bed.receiver, lost, causes=[BURST], inodes=[inode], share=1.0, helps=True,
                            rates=False)  # fmt: skip
        return Verdict(FAIL, [expected], OVERFLOW, OVERFLOW)

    def loser_received(self, inode: int) -> int:
        return int(self.loser.stop()["distinct"])


@case("socket.ipv6_only")
class Ipv6Only(BufferCase):
    """An IPv6 server: only the Udp6 counters move."""

    causes = [BURST]
    reader_options = ["-a", "::", "-6", "1", "-w", "30"]
    flood_options = ["-a", "fd09::2", "-s", "1200", "-b", "400", "-e", "250000", "-n", "11"]

    def lost(self, reader: Program, family: str = "Udp", port: int = 5300) -> int:
        return super().lost(reader, "Udp6", port)


@case("socket.dual_stack_ipv4_traffic")
class DualStack(BufferCase):
    """IPv4 traffic to a dual-stack socket: counted under Udp, the socket stands among the IPv6 ones."""

    causes = [BURST]
    reader_options = ["-a", "::", "-6", "0", "-M", "e", "-w", "30"]
    flood_options = ["-s", "1200", "-b", "400", "-e", "250000", "-n", "11"]


@case("socket.udp_gro_reader")
class Gro(BufferCase):
    """A UDP_GRO reader: one counted drop is twenty datagrams."""

    causes = [BURST]
    reader_options = ["-g", "-w", "300"]
    flood_options = ["-s", "1200", "-g", "20", "-b", "40", "-e", "250000", "-n", "11"]

    def overflow(self) -> Expected:
        inode = self.only_inode()
        got = self.reader.stop()
        counted, missing = self.rose("UdpRcvbufErrors"), self.sent() - got["distinct"]
        self.facts.update(lost=missing, counted=counted, segment=got["segment"])
        need(got["segment"] == 1200 and missing == 20 * counted > 0, "a drop is not twenty datagrams")
        return Expected(OVERFLOW, self.bed.receiver, counted, causes=self.causes, inodes=[inode], helps=True,
                        certainty="bound", says=["GRO|offload|several datagrams"])  # fmt: skip


@case("socket.multicast_members")
class Multicast(Case):
    """Three members of a group, one with a small buffer: each datagram counts once for each member."""

    members: ClassVar[List[List[str]]] = [["-F", "1048576"], ["-F", "4608", "-w", "20"], ["-F", "1048576"]]

    def build(self) -> None:
        joined = ["-j", "239.1.2.3", "-i", "eth0"]
        self.readers = [self.bed.reader(*joined, *options) for options in self.members]
        self.flood("-a", "239.1.2.3", "-i", "eth0", "-s", "400", "-b", "100", "-e", "100000", "-n", "27")

    def judge(self) -> Verdict:
        losers = [entry for entry in self.drops().values() if entry.drops]
        need(len(losers) == 1, "%d members lost" % len(losers))
        sent, got = self.sent(), [reader.stop()["distinct"] for reader in self.readers]
        lost = len(got) * sent - sum(got)
        need(lost == losers[0].drops == self.rose("UdpRcvbufErrors"), "the numbers do not agree")
        expected = Expected(OVERFLOW, self.bed.receiver, lost, causes=[BURST], inodes=[losers[0].inode], share=1.0,
                            helps=True, rates=False)  # fmt: skip
        return Verdict(FAIL, [expected], OVERFLOW, OVERFLOW)


@case("socket.bystander_unread")
class BystanderFull(BufferCase):
    """Beside the losing reader a socket that nobody reads holds a queue since long: it is not to blame."""

    causes = [BURST]
    reader_options = ["-w", "30"]
    flood_options = ["-s", "1200", "-b", "400", "-e", "250000", "-n", "11"]

    def build(self) -> None:
        self.bed.reader("-p", "5301", "-M", "n")
        filler = self.bed.flood("-p", "5301", "-s", "1200", "-b", "200")
        filler.go()
        filler.wait()
        super().build()


@case("socket.bystander_loses")
class BystanderLoses(Case):
    """A socket that nobody reads overflows; the busy reader beside it loses nothing."""

    def build(self) -> None:
        self.busy, self.nobody = self.bed.reader("-M", "e"), self.bed.reader("-p", "5301", "-M", "n", "-q")
        self.flood("-s", "1200", "-b", "4", "-e", "1000", "-n", "2750")
        self.flood("-p", "5301", "-s", "1200", "-b", "1", "-e", "4000", "-n", "575")

    def judge(self) -> Verdict:
        (loser,) = self.drops(5301).values()
        need(self.busy.stop()["distinct"] == self.floods[0].wait()["sent"], "the busy reader lost as well")
        need(0 < loser.drops == self.rose("UdpRcvbufErrors"), "the numbers do not agree")
        expected = Expected(OVERFLOW, self.bed.receiver, loser.drops, causes=[SLOW], inodes=[loser.inode], helps=False,
                            share=1.0, rates=False)  # fmt: skip
        return Verdict(FAIL, [expected], OVERFLOW, OVERFLOW)


@case("socket.kernel_owned_vxlan")
class Vxlan(BufferCase):
    """A tunnel that ends in the namespace: its socket is the kernel's, outer and inner datagrams both count."""

    causes = [BURST]
    reader_options = ["-a", "10.200.0.2", "-w", "30"]
    flood_options = ["-a", "10.200.0.2", "-s", "1200", "-b", "400", "-e", "250000", "-n", "11"]

    def build(self) -> None:
        ends = ((self.bed.sender, 1, 2), (self.bed.receiver, 2, 1))
        for name, own, other in ends:
            self.bed.within(name, "ip", "link", "add", "vx0", "address", "02:00:00:01:00:%02x" % own, "type", "vxlan",
                            "id", "7", "dev", "eth0", "remote", "10.9.0.%d" % other, "dstport", "4789")  # fmt: skip
            self.bed.within(name, "ip", "addr", "add", "10.200.0.%d/24" % own, "dev", "vx0")
            self.bed.within(name, "ip", "link", "set", "vx0", "up")
            self.bed.within(name, "ip", "neigh", "replace", "10.200.0.%d" % other, "dev", "vx0", "lladdr",
                            "02:00:00:01:00:%02x" % other, "nud", "permanent")  # fmt: skip
        super().build()

    def overflow(self) -> Expected:
        expected = super().overflow()
        outer = [entry for entry in counters.sockets(self.bed, self.bed.receiver) if entry.port == 4789]
        need(bool(outer), "there is no VXLAN socket")
        need(self.rose("UdpInDatagrams") > self.facts["received"] + self.facts["sent"] - 10, "outer was not counted")
        return expected._replace(certainty=None, rates=False, says=["vxlan|tunnel"])


@case("socket.closed_within_window")
class Closed(Case):
    """The server ends within the window; its drops go with its socket and are told all the same."""

    def build(self) -> None:
        self.reader = self.bed.reader("-w", "30")
        self.inode = self.only_inode()
        self.flood("-s", "1200", "-b", "400", "-e", "250000", "-n", "6")

    def traffic(self) -> None:
        super().traffic()
        time.sleep(0.3)
        self.drops_seen = self.drops()[self.inode].drops
        self.reader.stop()
        self.reader.kill()

    def judge(self) -> Verdict:
        lost = self.sent() - self.reader.stop()["distinct"]
        need(0 < lost == self.rose("UdpRcvbufErrors") == self.drops_seen, "the numbers do not agree")
        need(not self.drops(), "the socket is still there")
        expected = Expected(OVERFLOW, self.bed.receiver, lost, causes=[BURST], inodes=[self.inode], share=1.0,
                            closed=True)  # fmt: skip
        return Verdict(FAIL, [expected], OVERFLOW, OVERFLOW)


@case("socket.filter")
class Filter(Case):
    """A socket filter refuses every second datagram, as its owner asked: no loss."""

    def build(self) -> None:
        self.reader = self.bed.reader("-o", kind="pydrain")
        self.flood("-s", "200", "-b", "2", "-e", "1000", "-n", "2750")

    def judge(self) -> Verdict:
        (socket,) = self.drops().values()
        refused = self.sent() - self.reader.stop()["distinct"]
        half = self.floods[0].wait()["sent"] // 2
        need(refused == half == socket.drops == self.rose("UdpInErrors"), "not every second")
        need(self.rose("UdpRcvbufErrors") == 0, "the buffer overflowed")
        self.facts["refused"] = refused
        expected = Expected("udp.socket_filter", self.bed.receiver, refused, inodes=[socket.inode])
        return Verdict(PASS, [expected], absent=[OVERFLOW])


@case("socket.nsd_burst")
class NsdBurst(Case):
    """nsd, a name server of the distribution, with a buffer of the default's size; bursts of queries above it.

    Left to itself, nsd asks for 1 MiB; here it is told to ask for no more than the default.
    """

    alone = True
    asked: ClassVar[int] = DEFAULT // 2

    def build(self) -> None:
        self.server = nsd.start(self.bed, self.asked)
        self.flood("-p", str(nsd.PORT), "-q", nsd.QUERY, "-b", "3000", "-e", "500000", "-n", "5")

    def mark(self) -> None:
        super().mark()
        (self.inode,) = self.drops(nsd.PORT)

    def judge(self) -> Verdict:
        lost, (socket,) = self.rose("UdpRcvbufErrors"), self.drops(nsd.PORT).values()
        answered = self.rose("UdpInDatagrams")
        self.facts.update(lost=lost, answered=answered)
        need(self.sent() == lost + answered and lost == socket.drops, "the numbers do not agree")
        if self.asked > DEFAULT:
            need(lost == 0, "the larger buffer lost as well")
            return Verdict(PASS, absent=[OVERFLOW])
        need(lost > 0, "nothing was lost")
        expected = Expected(OVERFLOW, self.bed.receiver, lost, causes=[BURST], inodes=[self.inode], share=1.0,
                            helps=True, process="nsd: server 1")  # fmt: skip
        return Verdict(FAIL, [expected], OVERFLOW, OVERFLOW)


@case("socket.nsd_larger_buffer")
class NsdLarger(NsdBurst):
    """The same bursts to nsd with a buffer of its own: cured."""

    asked = 4 << 20
