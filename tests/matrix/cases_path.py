# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Below the socket: between the wire and UDP, where a rule, a route, a program or a table loses datagrams."""

from __future__ import annotations

import re
import time
from typing import ClassVar, List

from . import counters, tools
from .bed import run
from .case import PASS, QUIET, WARN, Case, Expected, Verdict, case, need

LOSS = "socket.receive_buffer_overflow"
# IPv4, UDP, and an odd byte 49 of the frame, the last of the number; 2 is TC_ACT_SHOT, -1 TC_ACT_UNSPEC.
ODD_NUMBERS = "8,40 0 0 12,21 0 5 2048,48 0 0 23,21 0 3 17,48 0 0 49,69 0 1 1,6 0 0 2,6 0 0 4294967295"


class Stream(Case):
    """A steady stream to a reader that keeps up; what is missing was lost below the socket."""

    rate: ClassVar[int] = 2  # each millisecond
    reader_options: ClassVar[List[str]] = ["-M", "e"]

    def build(self) -> None:
        self.reader = self.bed.reader(*self.reader_options)
        self.fault()
        self.flood("-s", "200", "-b", str(self.rate), "-e", "1000", "-n", "2750")

    def fault(self) -> None:
        raise NotImplementedError

    def missing(self) -> int:
        got = self.reader.stop()
        missing = self.sent() - int(got["distinct"])
        self.facts.update(received=got["distinct"], missing=missing)
        need(self.rose("UdpRcvbufErrors") == 0, "the socket's buffer overflowed as well")
        return missing

    def start_raw(self, *options: str) -> None:
        self.floods.append(self.bed.start([*tools.command("raw"), *options], self.bed.sender))

    def nft(self, text: str) -> None:
        self.bed.within(self.bed.receiver, "nft", "-f", "-", stdin=text)

    def nft_counter(self) -> int:
        text = self.bed.within(self.bed.receiver, "nft", "list", "ruleset")
        return sum(int(packets) for packets in re.findall(r"counter packets (\d+)", text))


@case("path.tc_drop")
class TcDrop(Stream):
    """A BPF filter at tc's ingress drops every second datagram."""

    def fault(self) -> None:
        run("tc", "-n", self.bed.receiver, "qdisc", "add", "dev", "eth0", "clsact")
        program = ("bpf", "da", "bytecode", ODD_NUMBERS)
        run("tc", "-n", self.bed.receiver, "filter", "add", "dev", "eth0", "ingress", *program)

    def judge(self) -> Verdict:
        missing = self.missing()
        drops = counters.qdisc_drops(self.bed.receiver, "eth0")["clsact"]
        need(missing == drops == self.sent() // 2, "missing %d, tc dropped %d" % (missing, drops))
        expected = Expected("tc.drop", self.bed.receiver, drops, share=1.0)
        return Verdict(WARN, [expected], "tc.drop", "tc.drop")


@case("path.xdp_drop")
class XdpDrop(Stream):
    """An XDP program drops every second datagram before the host counts it."""

    def fault(self) -> None:
        self.bed.start(tools.command("xdp"), self.bed.receiver)

    def judge(self) -> Verdict:
        missing = self.missing()
        values = counters.ethtool(self.bed, self.bed.receiver, "eth0")
        drops = sum(value for name, value in values.items() if re.fullmatch(r"rx_queue_\d+_xdp_drops", name))
        need(missing == drops == self.sent() // 2, "missing %d, XDP dropped %d" % (missing, drops))
        expected = Expected("nic.xdp_drop", self.bed.receiver, drops, share=1.0)
        return Verdict(WARN, [expected], "nic.xdp_drop", "nic.xdp_drop")


@case("path.shaper_on_node_side")
class Shaper(Stream):
    """A token bucket on the node's side of a pod's veth: the pod's own counters are clean."""

    def fault(self) -> None:
        run("tc", "-n", self.bed.sender, "qdisc", "add", "dev", "eth0", "root", "tbf", "rate", "2mbit", "burst", "20kb",
            "limit", "30kb")  # fmt: skip

    def audited(self) -> List[str]:
        return [self.bed.sender, self.bed.receiver]

    def judge(self) -> Verdict:
        time.sleep(0.3)  # what still stands in the bucket's queue
        missing = self.missing()
        drops = counters.qdisc_drops(self.bed.sender, "eth0")["tbf"]
        need(missing == drops > 0, "missing %d, tbf dropped %d" % (missing, drops))
        expected = Expected("qdisc.drop", self.bed.sender, drops, share=1.0)
        return Verdict(WARN, [expected], "qdisc.drop", "qdisc.drop")


@case("path.conntrack_full")
class ConntrackFull(Stream):
    """The connection-tracking table is full: what comes from new ports is dropped."""

    alone = True

    def build(self) -> None:
        self.reader = self.bed.reader(*self.reader_options)
        self.fault()
        self.flood("-s", "200", "-b", "400", "-e", "500000", "-n", "5", "-F", "400", "-m", "1")

    def fault(self) -> None:
        self.bed.sysctls.set("net.netfilter.nf_conntrack_max", "100")
        self.nft("table inet t { chain c { type filter hook input priority 0; ct state new accept; }\n}")

    def mark(self) -> None:
        super().mark()
        self.dropped = counters.conntrack(self.bed.receiver)["drop"]

    def judge(self) -> Verdict:
        missing = self.missing()
        drops = counters.conntrack(self.bed.receiver)["drop"] - self.dropped
        need(missing == drops > 100, "missing %d, conntrack dropped %d" % (missing, drops))
        expected = Expected("conntrack.table_full", self.bed.receiver, drops, share=1.0)
        return Verdict(WARN, [expected], "conntrack.table_full", "conntrack.table_full")


@case("path.firewall_input_with_counter")
class FirewallCounted(Stream):
    """A firewall rule with a counter at INPUT: refused by policy, no loss."""

    rule: ClassVar[str] = (
        "table inet fw { chain in { type filter hook input priority 0; "
        "udp dport 5300 @th,120,8 & 1 == 1 counter drop; }\n}"
    )

    def fault(self) -> None:
        self.nft(self.rule)

    def judge(self) -> Verdict:
        missing = self.missing()
        need(missing == self.nft_counter() == self.sent() // 2, "the rule did not drop every second")
        expected = Expected("ip.policy_drop", self.bed.receiver, missing, says=["in table inet fw|fw"])
        return Verdict(PASS, [expected], absent=["ip.unaccounted"])


@case("path.firewall_input_without_counter")
class FirewallSilent(Stream):
    """The same rule without a counter: a hint, since nothing says who dropped."""

    def fault(self) -> None:
        self.nft(FirewallCounted.rule.replace("counter ", ""))

    def judge(self) -> Verdict:
        missing = self.missing()
        need(missing == self.sent() // 2, "the rule did not drop every second")
        hint = Expected("ip.unaccounted", self.bed.receiver, near=(missing - 20, missing + 20), certainty="hint")
        return Verdict(PASS, [hint], absent=["ip.policy_drop"])


@case("path.firewall_netdev_with_counter")
class NetdevCounted(FirewallCounted):
    """The netdev ingress hook, before IP counts anything; the rule's counter is the witness."""

    rule = (
        "table netdev fw { chain in { type filter hook ingress device eth0 priority 0;"
        " udp dport 5300 @th,120,8 & 1 == 1 counter drop; }\n}"
    )


@case("path.firewall_netdev_without_counter")
class NetdevSilent(Stream):
    """Nothing counts what the netdev hook drops: a blind spot, named."""

    def fault(self) -> None:
        self.nft(NetdevCounted.rule.replace("counter ", ""))

    def judge(self) -> Verdict:
        missing = self.missing()
        need(missing == self.sent() // 2, "the rule did not drop every second")
        return Verdict(PASS, absent=["ip.unaccounted", "ip.policy_drop"], blind="netdev|ingress")


@case("path.fragments_never_complete")
class Fragments(Stream):
    """First halves of datagrams whose second halves never come; the window outlasts their timers."""

    window = 3.6

    def fault(self) -> None:
        self.bed.sysctl(self.bed.receiver, "net.ipv4.ipfrag_time", "1")

    def build(self) -> None:
        super().build()
        self.start_raw("fragment4", "200", "150")

    def judge(self) -> Verdict:
        need(self.reader.stop()["distinct"] == self.floods[0].wait()["sent"], "whole datagrams were lost")
        fails = self.rose("IpReasmFails")
        need(fails == self.rose("IpReasmTimeout") == 200, "%d reassemblies failed" % fails)
        expected = Expected("ip.reassembly_failures", self.bed.receiver, fails)
        return Verdict(WARN, [expected], "ip.reassembly_failures", "ip.reassembly_failures")


@case("path.reverse_path_filter")
class ReversePath(Stream):
    """Strict reverse-path filter, and a sender whose way back leads elsewhere."""

    def fault(self) -> None:
        for device in ("all", "eth0"):
            self.bed.sysctl(self.bed.receiver, "net.ipv4.conf.%s.rp_filter" % device, "1")

    def build(self) -> None:
        super().build()
        run("ip", "-n", self.bed.receiver, "link", "add", "other", "type", "veth", "peer", "name", "end")
        run("ip", "-n", self.bed.receiver, "addr", "add", "10.77.0.1/24", "dev", "other")
        for device in ("other", "end"):
            run("ip", "-n", self.bed.receiver, "link", "set", device, "up")
        self.start_raw("source=10.77.0.9", "800", "500")

    def judge(self) -> Verdict:
        filtered = self.rose("TcpExtIPReversePathFilter")
        need(self.reader.stop()["distinct"] == self.floods[0].wait()["sent"], "honest datagrams were lost")
        need(filtered == 800, "%d were filtered" % filtered)
        expected = Expected("ip.reverse_path_filter", self.bed.receiver, filtered, share=1.0)
        return Verdict(WARN, [expected], "ip.reverse_path_filter", "ip.reverse_path_filter", absent=["ip.unaccounted"])


class Checksums(Stream):
    """Datagrams with a broken checksum beside good ones."""

    kind: ClassVar[str] = "checksum4"

    def fault(self) -> None:
        self.start_raw(self.kind, "500", "300")

    def judge(self) -> Verdict:
        need(self.reader.stop()["distinct"] == self.floods[1].wait()["sent"], "good datagrams were lost")
        bad = self.rose("UdpInCsumErrors") + self.rose("Udp6InCsumErrors")
        need(bad == 500, "%d bad checksums were counted" % bad)
        expected = Expected("udp.checksum_errors", self.bed.receiver, bad, share=1.0)
        return Verdict(WARN, [expected], "udp.checksum_errors", "udp.checksum_errors", absent=["udp.memory_limit"])


@case("path.checksums_ipv4")
class Checksums4(Checksums):
    """Broken checksums over IPv4, the reader reads."""


@case("path.checksums_ipv6")
class Checksums6(Checksums):
    """Broken checksums over IPv6; a polling reader gets them charged to the IPv4 line."""

    kind = "checksum6"
    reader_options = ["-a", "::", "-6", "0", "-M", "p"]


class ChecksumsUnread(Checksums):
    """The same while the reader stands still: nothing is verified, nothing may be reported."""

    def build(self) -> None:
        self.reader = self.bed.reader(*self.reader_options)
        self.start_raw(self.kind, "20", "20")

    def judge(self) -> Verdict:
        need(self.rose("UdpInErrors") + self.rose("Udp6InErrors") == 0, "errors were counted")
        (socket,) = self.drops().values()
        need(socket.memory == 20 * 1280 and socket.drops == 0, "they do not stand in the queue")
        return Verdict(QUIET, absent=["udp.checksum_errors"])


@case("path.checksums_ipv4_reader_stopped")
class ChecksumsUnread4(ChecksumsUnread):
    """Broken checksums over IPv4, the reader stands still."""

    reader_options = ["-M", "n"]


@case("path.checksums_ipv6_reader_stopped")
class ChecksumsUnread6(ChecksumsUnread):
    """Broken checksums over IPv6, the reader stands still."""

    kind = "checksum6"
    reader_options = ["-a", "::", "-M", "n"]


@case("path.no_listener")
class NoListener(Stream):
    """Datagrams to a port that nobody has bound: refused, no loss."""

    def fault(self) -> None:
        self.flood("-p", "5999", "-s", "100", "-b", "1", "-e", "1000", "-n", "2000")

    def judge(self) -> Verdict:
        need(self.reader.stop()["distinct"] == self.floods[1].wait()["sent"], "good datagrams were lost")
        refused = self.rose("UdpNoPorts")
        need(refused == self.floods[0].wait()["sent"], "%d were refused" % refused)
        return Verdict(PASS, [Expected("udp.no_listener", self.bed.receiver, refused)])


@case("path.no_listener_hides_no_loss")
class NoListenerBesideLoss(Case):
    """A hundred times as many refused as lost at a socket: the loss is the headline."""

    alone = True
    settings = {}

    def build(self) -> None:
        self.reader = self.bed.reader("-w", "30")
        self.flood("-s", "1200", "-b", "200", "-e", "700000", "-n", "3")
        self.flood("-p", "5999", "-s", "64", "-b", "15", "-e", "1000", "-n", "2750")

    def judge(self) -> Verdict:
        inode = self.only_inode()
        refused = self.rose("UdpNoPorts")
        lost = self.floods[0].wait()["sent"] - self.reader.stop()["distinct"]
        self.facts["lost"] = lost
        need(0 < lost == self.rose("UdpRcvbufErrors") and refused > 90 * lost, "lost %d, refused %d" % (lost, refused))
        where, causes = self.bed.receiver, ["arrival_burst"]
        overflow = Expected(LOSS, where, lost, causes=causes, inodes=[inode], share=1.0, helps=True)
        return Verdict(frozenset(("fail",)), [overflow, Expected("udp.no_listener", where, refused)], LOSS, LOSS)


@case("quiet.fragments_ipv6_with_conntrack")
class HealthyFragments(Stream):
    """Whole datagrams in three IPv6 fragments each, put together by conntrack: no loss, whatever the residual says."""

    reader_options = ["-a", "::", "-6", "0", "-M", "e"]

    def fault(self) -> None:
        self.nft("table inet t { chain c { type filter hook input priority 0; ct state new accept; }\n}")

    def build(self) -> None:
        super().build()
        self.start_raw("fragments6", "400", "200")
        self.floods.pop(0).kill()

    def judge(self) -> Verdict:
        got = self.reader.stop()
        need(got["distinct"] == 400 == self.sent(), "%d arrived" % got["distinct"])
        return Verdict(PASS, absent=["ip.unaccounted", "ip.reassembly_failures"])


@case("quiet.martian_sources")
class Martian(Stream):
    """Packets from an impossible source address are dropped by design, beside a healthy stream."""

    def fault(self) -> None:
        self.start_raw("source=127.0.0.9", "300", "200")

    def judge(self) -> Verdict:
        need(self.reader.stop()["distinct"] == self.floods[1].wait()["sent"], "good datagrams were lost")
        return Verdict(PASS)


@case("quiet.multicast_not_joined")
class NotJoined(Stream):
    """A multicast group that nobody joined, beside a healthy stream."""

    def fault(self) -> None:
        self.flood("-a", "239.9.9.9", "-i", "eth0", "-s", "100", "-b", "1", "-e", "5000", "-n", "400")

    def judge(self) -> Verdict:
        need(self.reader.stop()["distinct"] == self.floods[1].wait()["sent"], "good datagrams were lost")
        return Verdict(PASS)
