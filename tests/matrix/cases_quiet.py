# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Nothing wrong: hosts that must pass, whatever their history and their load."""

from __future__ import annotations

import time

from . import shift
from .bed import prepare, run
from .case import OVERFLOW, PASS, QUIET, Case, Verdict, case, need
from .cases_buffer import BurstDefault
from .cases_path import Stream


@case("quiet.large_history")
class History(Stream):
    """Twenty thousand lost before the window, none within it."""

    def fault(self) -> None:
        self.reader.signal(19)
        past = self.bed.flood("-s", "200", "-b", "20000", "-o", "4194304")
        past.go()
        past.wait()
        self.reader.signal(18)
        time.sleep(0.1)

    def judge(self) -> Verdict:
        (socket,) = self.drops().values()
        need(socket.drops > 19000, "there is no history")
        need(self.rose("UdpRcvbufErrors") == 0, "something was lost in the window")
        need(self.reader.stop()["distinct"] == self.sent() + 20000 - socket.drops, "the numbers do not agree")
        return Verdict(PASS, absent=[OVERFLOW])


@case("quiet.namespace_restarted")
class Restarted(Case):
    """The pod is replaced within the window: a new namespace of the same name, its counters from zero."""

    def build(self) -> None:
        self.reader = self.bed.reader("-M", "n", "-q")
        past = self.bed.flood("-s", "200", "-b", "5000")
        past.go()
        past.wait()

    def traffic(self) -> None:
        time.sleep(0.4)
        self.reader.stop()
        self.reader.kill()
        run("ip", "netns", "del", self.bed.receiver)
        run("ip", "netns", "add", self.bed.receiver)
        prepare(self.bed.receiver)
        for _ in range(50):  # the old namespace, and with it the old pair, is torn down in the background
            if "eth0" not in run("ip", "-n", self.bed.sender, "-o", "link"):
                break
            time.sleep(0.05)
        self.bed.join(self.bed.sender, self.bed.receiver)
        self.second = self.bed.reader("-M", "e")
        self.flood("-s", "200", "-b", "2", "-e", "1000", "-n", "1200")
        super().traffic()

    def judge(self) -> Verdict:
        need(self.sent() == self.second.stop()["distinct"], "the new pod lost datagrams")
        return Verdict(PASS, absent=[OVERFLOW])


@case("quiet.idle_host")
class Idle(Case):
    """Nobody sends: inconclusive or pass, never fail."""

    window = 1.5

    def build(self) -> None:
        self.reader = self.bed.reader("-M", "e")

    def judge(self) -> Verdict:
        need(self.reader.stop()["received"] == 0, "somebody sent")
        return Verdict(QUIET)


class Heavy(Case):
    """A server that carries a heavy load without losing anything."""

    alone = True
    burst = "40"

    def build(self) -> None:
        self.reader = self.bed.reader("-M", "e", "-F", "4194304")
        self.flood("-s", "200", "-b", self.burst, "-e", "1000", "-n", "2750", "-F", "8")

    def judge(self) -> Verdict:
        need(self.sent() == self.reader.stop()["distinct"] and self.rose("UdpInErrors") == 0, "something was lost")
        return Verdict(PASS, absent=[OVERFLOW, "softnet.backlog_overflow"])


@case("quiet.heavy_load")
class HeavyLoad(Heavy):
    """Forty thousand datagrams a second, all of them read."""


@case("quiet.heavy_load_among_40_namespaces")
class HeavyAmongMany(Heavy):
    """The same beside forty busy namespaces, all of which are audited."""

    burst = "20"
    every_namespace = True

    def build(self) -> None:
        super().build()
        self.others = []
        for number in range(40):
            name = self.bed.namespace("n%d" % number)
            reader = self.bed.reader("-M", "e", namespace=name)
            flood = self.flood("-a", "127.0.0.1", "-s", "200", "-b", "4", "-e", "20000", "-n", "135", namespace=name)
            self.others.append((reader, flood))

    def sent(self) -> int:
        for reader, flood in self.others:
            need(reader.stop()["distinct"] == flood.wait()["sent"], "a neighbour lost datagrams")
        return int(self.floods[0].wait()["sent"])


@case("quiet.counters_wrap")
class Wrap(History):
    """Counters of 32 bits wrap within the window and nothing is lost: no delta may come out huge."""

    def before_window(self) -> None:
        shift.packets_of_softnet()
        shift.drops_of_sockets(0)


@case("burst.drops_wrap")
class WrapWithLoss(BurstDefault):
    """A socket's count of drops, 32 bits wide, wraps in the midst of a loss: the loss is told to the datagram."""

    def before_window(self) -> None:
        shift.drops_of_sockets((1 << 32) - 100)
