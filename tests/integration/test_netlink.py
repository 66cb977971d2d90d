# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The binary kernel interfaces against the running kernel, in a namespace of the test's own."""

from __future__ import annotations

import ctypes
import os
import socket
import subprocess
from collections.abc import Iterator

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._collect import nftables, rtnetlink, sock_diag, sock_diag_one
from ansible_collections.rxpath.linux.plugins.module_utils._collect.ethtool import Ethtool
from ansible_collections.rxpath.linux.plugins.module_utils._collect.netlink import NetlinkError

pytestmark = pytest.mark.needs_root

CLONE_NEWNET = 0x40000000


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=10)


@pytest.fixture
def namespace() -> Iterator[None]:
    """Put the test into a new network namespace that ends with it, and give back the old one."""
    libc = ctypes.CDLL(None, use_errno=True)
    before = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    if libc.unshare(CLONE_NEWNET):
        pytest.skip("needs root: " + os.strerror(ctypes.get_errno()))
    try:
        _run("ip", "link", "set", "lo", "up")
        yield
    finally:
        assert libc.setns(before, CLONE_NEWNET) == 0
        os.close(before)


def _send(port: int, count: int, size: int = 100) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(count):
            try:
                sender.sendto(bytes(size), ("127.0.0.1", port))
            except OSError:
                # EPERM of an output rule, ECONNREFUSED of a reject: the packet was handed over all the same.
                continue


def _drops() -> dict[str, int | None]:
    with nftables.open_nftables() as sock:
        return {rule.comment: rule.packets for rule in nftables.dump_drop_rules(sock)}


@pytest.mark.usefixtures("namespace")
def test_nftables_rules_that_drop() -> None:
    script = """
        table inet f {
          chain in {
            type filter hook input priority 0; policy drop;
            udp dport 53 counter drop comment "counted"
            udp dport 54 drop comment "silent"
            udp dport 55 counter reject comment "rejected"
            counter udp dport 56 drop comment "counts before its condition"
            udp dport 57 accept
          }
        }
        table netdev n {
          chain i {
            type filter hook ingress device lo priority -5;
            udp dport 58 drop comment "early"
          }
        }
    """
    subprocess.run(["nft", "-f", "-"], input=script, text=True, check=True, capture_output=True, timeout=10)
    for port in range(53, 60):
        _send(port, 20)
    assert _drops() == {
        "counted": 20,
        "silent": None,
        "rejected": 20,
        "counts before its condition": None,
        "early": None,
    }
    with nftables.open_nftables() as sock:
        chains = {chain.name: chain for chain in nftables.dump_chains(sock)}
    assert (chains["in"].hook, chains["in"].policy, chains["in"].device) == ("input", "drop", None)
    assert (chains["i"].family, chains["i"].hook, chains["i"].device) == ("netdev", "ingress", "lo")
    assert nftables.available()


@pytest.mark.usefixtures("namespace")
def test_no_rules_in_an_empty_namespace() -> None:
    assert _drops() == {}


@pytest.mark.usefixtures("namespace")
def test_a_full_socket_and_its_drops() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver, sock_diag.open_sock_diag() as sock:
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        receiver.bind(("127.0.0.1", 0))
        _send(receiver.getsockname()[1], 100, 1200)
        [seen] = sock_diag.dump_udp(sock, socket.AF_INET)
        [raw] = sock_diag.dump_raw(sock, socket.AF_INET)
        inode = os.fstat(receiver.fileno()).st_ino
        accepted = 0
        receiver.setblocking(False)
        try:
            while receiver.recv(2000):
                accepted += 1
        except BlockingIOError:
            pass
    assert (seen.inode, seen.receive_buffer, seen.drops) == (inode, 16384, 100 - accepted)
    assert raw == (seen.cookie, inode, seen.queue_bytes, seen.memory, 16384, seen.drops)
    assert seen.memory >= accepted * 1200


@pytest.mark.usefixtures("namespace")
def test_many_sockets_come_in_many_messages() -> None:
    sockets = [socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) for _ in range(900)]
    try:
        for number, each in enumerate(sockets):
            each.bind(("::1", 20000 + number))
        with sock_diag.open_sock_diag() as sock:
            assert {raw[1] for raw in sock_diag.dump_raw(sock, socket.AF_INET6)} == {
                os.fstat(each.fileno()).st_ino for each in sockets
            }
    finally:
        for each in sockets:
            each.close()


@pytest.mark.usefixtures("namespace")
def test_a_program_that_drops_counts_in_clsact() -> None:
    _run("tc", "qdisc", "add", "dev", "lo", "clsact")
    # One instruction: return TC_ACT_SHOT.
    _run("tc", "filter", "add", "dev", "lo", "ingress", "bpf", "da", "bytecode", "1,6 0 0 2")
    _send(53, 30)
    with rtnetlink.open_rtnetlink() as sock:
        [qdisc] = [each for each in rtnetlink.dump_qdiscs(sock) if each.kind == "clsact"]
        [link] = rtnetlink.dump_links(sock)
    assert (qdisc.parent, qdisc.drops) == ("ingress", 30)
    assert link.stats64["tx_packets"] == 30


@pytest.mark.usefixtures("namespace")
def test_the_statistics_of_veth_follow_its_queues() -> None:
    _run("ip", "link", "add", "v0", "numrxqueues", "2", "numtxqueues", "2", "type", "veth", "peer", "name", "v1")
    with Ethtool() as ethtool:
        driver = ethtool.driver("v0")
        names = [name for name, _ in ethtool.stats("v0") or []]
        channels = ethtool.channels("v0")
    assert driver is not None
    assert channels is not None
    assert (driver.name, channels.rx) == ("veth", 2)
    assert {"rx_queue_0_drops", "rx_queue_1_xdp_drops"} <= set(names)


@pytest.mark.usefixtures("namespace")
@pytest.mark.parametrize(("family", "address"), [(socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::1")])
def test_one_socket_is_asked_for_alone(family: socket.AddressFamily, address: str) -> None:
    with socket.socket(family, socket.SOCK_DGRAM) as receiver, sock_diag.open_sock_diag() as sock:
        receiver.bind((address, 5353))
        answers = sock.dump_buffers(sock_diag.SOCK_DIAG_BY_FAMILY, sock_diag.udp_request(family))
        [(cookie, *_rest)] = sock_diag.parse_raw(answers)
        request = sock_diag_one.exact_request(answers, cookie, family, sock_diag.IPPROTO_UDP)
        assert request is not None
        with socket.socket(family, socket.SOCK_DGRAM) as sender:
            sender.sendto(bytes(100), ("127.0.0.1" if family == socket.AF_INET else "::1", 5353))
        row = sock_diag_one.read_one(sock, request)
        assert row is not None
        assert row[:2] == (cookie, os.fstat(receiver.fileno()).st_ino)
        assert row[3] > 100
        assert sock_diag_one.exact_request(answers, cookie + 1, family, sock_diag.IPPROTO_UDP) is None


@pytest.mark.usefixtures("namespace")
def test_a_closed_socket_cannot_be_asked_for() -> None:
    with sock_diag.open_sock_diag() as sock:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
            receiver.bind(("127.0.0.1", 5353))
            answers = sock.dump_buffers(sock_diag.SOCK_DIAG_BY_FAMILY, sock_diag.udp_request(socket.AF_INET))
        [(cookie, *_rest)] = sock_diag.parse_raw(answers)
        request = sock_diag_one.exact_request(answers, cookie, socket.AF_INET, sock_diag.IPPROTO_UDP)
        assert request is not None
        with pytest.raises(NetlinkError, match="No such file"):
            sock_diag_one.read_one(sock, request)
