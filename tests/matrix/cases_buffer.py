# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Buffer cases: what overflowed, why, and whether a larger buffer cures it (shown by a second run with one)."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import ClassVar, List, Optional

from . import counters
from .bed import Program
from .case import FAIL, OVERFLOW, PASS, Case, Expected, Verdict, agree, case, need
from .cgroups import Group

BURST, STALL, SLOW = "arrival_burst", "reader_stall", "slow_consumer"
HUGE = 64 << 20
F_SETPIPE_SZ = 1031
DEFAULT = int(Path("/proc/sys/net/core/rmem_default").read_text())


class BufferCase(Case):
    """One reader, one sender. ``scene`` is built once as it is and, for a cure, once more with a huge buffer."""

    causes: ClassVar[List[str]] = []
    helps: ClassVar[Optional[bool]] = True
    says: ClassVar[List[str]] = []
    flood_options: ClassVar[List[str]] = []
    reader_options: ClassVar[List[str]] = []
    reader_kind: ClassVar[str] = "drain"

    def scene(self, buffer: List[str]) -> Program:
        """Start the reader; ``buffer`` replaces what the case says about its buffer."""
        options = [*self.reader_options, *buffer]
        return self.bed.reader(*options, kind=self.reader_kind)

    def build(self) -> None:
        self.reader = self.scene([])
        self.send()

    def send(self) -> None:
        """Start the senders; they wait for ``go``."""
        self.flood(*self.flood_options)

    def act(self) -> None:
        """What happens besides the sending; the senders are under way."""

    def traffic(self) -> None:
        for flood in self.floods:
            flood.go()
        self.act()
        for flood in self.floods:
            flood.wait(60)

    def cured(self) -> None:
        """Send once more to a reader with a huge buffer: nothing may be lost."""
        again = self.scene(["-F", str(HUGE)])
        first, self.floods = self.floods, []
        self.send()
        self.traffic()
        time.sleep(0.1)
        got = again.stop()
        sent = sum(flood.wait()["sent"] for flood in self.floods)
        self.floods = first
        self.facts["rerun_lost"] = sent - got["distinct"]
        need(sent == got["distinct"], "a huge buffer still lost %d" % (sent - got["distinct"]))

    def overflow(self) -> Expected:
        inode = self.only_inode()
        comm = Path("/proc/%d/comm" % self.reader.pid).read_text().strip()
        lost = self.lost(self.reader)
        need(lost > 0, "nothing was lost")
        return Expected(OVERFLOW, self.bed.receiver, lost, causes=self.causes, inodes=[inode], share=1.0,
                        helps=self.helps, certainty="exact", process=comm, says=self.says)  # fmt: skip

    def judge(self) -> Verdict:
        expected = self.overflow()
        if self.helps:
            self.cured()
        return Verdict(FAIL, [expected], OVERFLOW, OVERFLOW)


@case("burst.default_buffer")
class BurstDefault(BufferCase):
    """400 datagrams at once, four times a second, at the default buffer; the reader has time to spare."""

    causes = [BURST]
    reader_options = ["-w", "30"]
    flood_options = ["-s", "1200", "-b", "400", "-e", "250000", "-n", "11"]


@case("burst.larger_buffer")
class BurstLarger(BurstDefault):
    """The same bursts, cured by a buffer that holds them."""

    reader_options = ["-w", "30", "-F", "1048576"]

    def judge(self) -> Verdict:
        got = self.reader.stop()
        need(got["distinct"] == self.sent() and self.rose("UdpRcvbufErrors") == 0, "something was lost")
        return Verdict(PASS, absent=[OVERFLOW])


@case("burst.thirty_a_second")
class BurstThirty(BufferCase):
    """Thirty bursts a second: drops in nearly every sub-sample, and an empty queue at nearly every look."""

    alone = True
    causes = [BURST]
    reader_kind = "pydrain"
    flood_options = ["-s", "1200", "-b", "300", "-e", "33333", "-n", "82"]


@case("stall.asleep_80_of_100")
class Asleep(BufferCase):
    """A reader asleep 80 of every 100 ms, 4,000 datagrams a second, a buffer of 53,248: two thirds are lost."""

    causes = [STALL]
    reader_options = ["-P", "80", "-C", "100", "-B", "26624"]
    flood_options = ["-s", "100", "-b", "4", "-e", "1000", "-n", "2750"]


class Quota(BufferCase):
    """A reader in a control group with a CPU quota."""

    alone = True
    milliseconds: ClassVar[float] = 0.0
    says = ["quota"]

    def build(self) -> None:
        self.group = Group(self.bed, "cpu")
        self.group.quota(self.milliseconds)
        super().build()
        self.throttled = self.group.throttled()

    def scene(self, buffer: List[str]) -> Program:
        reader = super().scene(buffer)
        self.group.add(reader.pid)
        return reader

    def judge(self) -> Verdict:
        self.facts["throttled"] = self.group.throttled() - self.throttled
        need(self.facts["throttled"] >= 5, "the quota stopped nobody")
        return super().judge()


@case("quota.above_arrivals")
class QuotaAbove(Quota):
    """The quota carries three times the arrivals, but another process of the group uses up each period's start."""

    causes = [STALL]
    milliseconds = 40.0
    reader_options = ["-w", "20"]
    flood_options = ["-s", "1200", "-b", "3", "-e", "1000", "-n", "2750"]

    def build(self) -> None:
        super().build()
        burner = subprocess.Popen([sys.executable, "-c", "while True: pass"])
        self.bed.ends_with(burner)
        self.group.add(burner.pid)


@case("quota.below_arrivals")
class QuotaBelow(Quota):
    """10 ms of CPU in each 100 ms at 50 µs a datagram carry 2,000 a second; 5,000 arrive."""

    causes = [SLOW]
    helps = False
    milliseconds = 10.0
    reader_options = ["-w", "50"]
    flood_options = ["-s", "1200", "-b", "5", "-e", "1000", "-n", "2750"]


class Downstream(BufferCase):
    """A reader that hands each datagram on through a pipe whose reader stops for a while."""

    stalled: ClassVar[float] = 0.7
    says = [r"pipe"]

    def scene(self, buffer: List[str]) -> Program:
        out, into = os.pipe()
        fcntl.fcntl(into, F_SETPIPE_SZ, 16384)  # holds 256 datagrams' records, so that a stall is felt at once
        self.sink = subprocess.Popen(["cat"], stdin=out, stdout=subprocess.DEVNULL)
        self.bed.ends_with(self.sink)
        os.close(out)
        reader = self.bed.reader(*self.reader_options, *buffer, "-d", str(into), kind=self.reader_kind, fds=[into])
        os.close(into)
        return reader

    def act(self) -> None:
        time.sleep(0.7)
        self.sink.send_signal(signal.SIGSTOP)
        time.sleep(self.stalled)
        self.sink.send_signal(signal.SIGCONT)


@case("stall.downstream_released")
class DownstreamReleased(Downstream):
    """The next step of the reader stops for 0.7 s of the window, then goes on."""

    causes = [STALL]
    flood_options = ["-s", "1200", "-b", "4", "-e", "1000", "-n", "2750"]


@case("causes.both")
class Both(Downstream):
    """Bursts above a small buffer on a steady stream, and a downstream that stalls: the larger part is told first."""

    alone = True
    causes = [BURST, STALL]
    reader_options = ["-w", "20"]
    flood_options = ["-s", "1200", "-b", "250", "-e", "100000", "-n", "27"]
    stalled = 0.6

    def send(self) -> None:
        super().send()
        self.flood("-s", "1200", "-b", "1", "-e", "1000", "-n", "2750", "-o", "4194304")

    def judge(self) -> Verdict:
        expected = self.overflow()
        bursts = self.alone_by_bursts()
        self.facts["lost_by_bursts"] = bursts
        stall = (expected.delta or 0) - bursts
        need(bursts > 0 and stall > 0.15 * bursts, "one cause had no part")
        order = [BURST, STALL] if bursts > stall else [STALL, BURST]
        need(abs(bursts - stall) > 0.2 * (bursts + stall), "the two causes are alike")
        self.cured()
        return Verdict(FAIL, [expected._replace(causes=order)], OVERFLOW, OVERFLOW)

    def alone_by_bursts(self) -> int:
        """Send the same to the same reader, without the stall; return what was lost."""
        again = self.scene([])
        first, self.floods = self.floods, []
        self.send()
        Case.traffic(self)
        sent = sum(flood.wait()["sent"] for flood in self.floods)
        self.floods = first
        return int(sent - again.stop()["distinct"])


@case("slow.default_buffer")
class SlowDefault(BufferCase):
    """400 µs a datagram, 2,500 a second; twice as many arrive."""

    alone = True
    causes = [SLOW]
    helps = False
    says = ["λ", "μ", "consumers"]
    reader_options = ["-w", "400"]
    flood_options = ["-s", "1200", "-b", "5", "-e", "1000", "-n", "2750"]


@case("slow.25_mib_full")
class SlowFull(SlowDefault):
    """The same behind 25 MiB that are full: the buffer changed nothing."""

    reader_options = ["-w", "100", "-F", str(25 << 19)]
    flood_options = ["-s", "1200", "-b", "20", "-e", "1000", "-n", "2750"]

    def build(self) -> None:
        super().build()
        filler = self.bed.flood("-s", "1200", "-b", "11300", "-o", "4194304")
        filler.go()
        self.facts["filled"] = filler.wait()["sent"]

    def lost(self, reader: Program, family: str = "Udp", port: int = 5300) -> int:
        (socket,) = self.drops(port).values()
        got = reader.stop()
        missing = self.sent() + int(self.facts["filled"]) - int(got["distinct"])
        self.facts["lost"] = missing
        agree(missing, self.rose("UdpRcvbufErrors"), socket.drops)
        return missing


@case("slow.25_mib_filling")
class SlowFilling(BufferCase):
    """The same rates while 25 MiB still fill: nothing is lost in the window, and the queue is about to overflow."""

    alone = True
    inside = False
    settings = {"max_extension": 30}
    reader_options = ["-w", "250", "-F", str(25 << 19)]
    flood_options = ["-s", "1200", "-b", "5", "-e", "1000", "-n", "12000"]

    def traffic(self) -> None:
        """Send until the window is over, and look then."""
        (flood,) = self.floods
        flood.go()
        started = time.time()
        while not self.audit.over(0.02) and flood.process.poll() is None:
            pass
        self.after = counters.nstat(self.bed.receiver)["UdpRcvbufErrors"]
        (self.socket,) = self.drops().values()
        flood.kill()
        flood.result = {"sent": 0, "started": started, "ended": time.time()}

    def judge(self) -> Verdict:
        self.facts["queue"] = self.socket.memory
        need(self.after == 0, "the buffer overflowed already")
        need(self.socket.memory > self.socket.buffer // 8, "the queue did not fill")
        predicted = Expected(OVERFLOW, self.bed.receiver, 0, causes=[SLOW], inodes=[self.socket.inode], pending=True,
                             helps=False, says=["overflows in"])  # fmt: skip
        return Verdict(FAIL, [predicted], OVERFLOW, OVERFLOW)


@case("slow.25_mib_extended")
class SlowExtended(SlowFilling):
    """The window is extended until the queue overflows: then it is counted, not predicted."""

    extends = 8.0
    settings = {}
    reader_options = ["-w", "250", "-F", str(25 << 19)]
    flood_options = ["-s", "1200", "-b", "9", "-e", "1000", "-n", "12000"]

    def judge(self) -> Verdict:
        need(self.after > 0, "the buffer did not overflow within the bound")
        return Verdict(FAIL, [Expected(OVERFLOW, self.bed.receiver, near=(1, self.after), causes=[SLOW],
                                       inodes=[self.socket.inode], helps=False)], OVERFLOW, OVERFLOW)  # fmt: skip


@case("buffer.default_raised_without_restart")
class RaisedWithoutRestart(BurstDefault):
    """``rmem_default`` was raised while the reader ran: its socket keeps the old buffer, the loss goes on."""

    alone = True
    says = [r"restart|re-?open|keep"]

    def build(self) -> None:
        super().build()
        self.bed.sysctls.set("net.core.rmem_default", "4194304")

    def judge(self) -> Verdict:
        (socket,) = self.drops().values()
        need(socket.buffer == DEFAULT, "the socket's buffer changed")
        return super().judge()


@case("buffer.clamped_by_rmem_max")
class Clamped(BufferCase):
    """The application asks for 512 MiB; ``rmem_max`` clamps that without a word, and a large burst is lost."""

    alone = True
    causes = [BURST]
    says = ["rmem_max"]
    reader_options = ["-w", "30", "-B", str(512 << 20)]

    def build(self) -> None:
        maximum = int(Path("/proc/sys/net/core/rmem_max").read_text())
        self.flood_options = ["-s", "1200", "-b", str(4 * maximum // 2304), "-e", "1000000", "-n", "2"]  # type: ignore[misc]
        super().build()
        (socket,) = self.drops().values()
        need(socket.buffer == 2 * maximum, "the buffer is not twice rmem_max")

    def scene(self, buffer: List[str]) -> Program:
        options = ["-w", "30", *buffer] if buffer else self.reader_options
        return self.bed.reader(*options)
