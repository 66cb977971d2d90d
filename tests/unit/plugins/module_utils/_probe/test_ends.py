# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Both ends of a probe over loopback: real sockets, a few hundred datagrams, on every Python that a host may run."""

from __future__ import annotations

import socket
import threading
from typing import Any, Callable, Optional

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._probe import sockets
from ansible_collections.rxpath.linux.plugins.module_utils._probe.load import Load
from ansible_collections.rxpath.linux.plugins.module_utils._probe.payload import Header, build
from ansible_collections.rxpath.linux.plugins.module_utils._probe.receiver import receive
from ansible_collections.rxpath.linux.plugins.module_utils._probe.sender import Target, send
from ansible_collections.rxpath.linux.plugins.module_utils._sample.options import OptionError

TOKEN = 0x0BADCAFE
LOAD = Load(rate=4000, duration=0.1, size=100, flows=3)


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as tried:
            tried.bind(("::1", 0))
    except OSError:
        return False
    return True


def counted(
    work: Callable[[int], Any], load: Load = LOAD, bind: Optional[str] = "127.0.0.1", before: bool = False
) -> tuple[Any, dict[str, Any]]:
    """Do some sending to the port of a receiver, ``before`` it reads or while it does; return both results."""
    sock = sockets.open_receiver(bind, 0, 2304 if before else 1 << 20)
    port, over = sock.getsockname()[1], threading.Event()
    found: dict[str, Any] = {}
    result = work(port) if before else None
    reader = threading.Thread(target=lambda: found.update(receive(sock, TOKEN, load, 20.0, over.is_set)))
    reader.start()
    try:
        result = result if before else work(port)
    finally:
        over.set()
        reader.join()
    assert found["ended"] == "asked"
    return result, found


ENDS = [("127.0.0.1", "127.0.0.1"), (None, "127.0.0.1")]
if has_ipv6():
    ENDS += [(None, "::1"), ("::1", "::1")]


@pytest.mark.parametrize(("bind", "to"), ENDS)
def test_what_is_sent_arrives(bind: Optional[str], to: str) -> None:
    sent, found = counted(lambda port: send(Target(to, port, TOKEN), LOAD), bind=bind)
    assert (sent["asked"], sent["sent"], sent["dropped"], sent["errors"], sent["stopped"]) == (400, 400, 0, {}, None)
    assert [flow["numbered"] for flow in sent["flows"]] == [134, 133, 133]
    assert [flow["arrived"] for flow in found["flows"]] == [134, 133, 133]
    assert [flow["next"] for flow in found["flows"]] == [134, 133, 133]
    assert (found["foreign"], found["drops"]) == (0, 0)
    assert sent["rate"] <= LOAD.rate + 0.1
    assert found["span"] >= 0.09
    assert 0 <= found["delay_range"] < 20


def by_hand(*datagrams: bytes) -> Callable[[int], None]:
    def work(port: int) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as hand:
            for data in datagrams:
                hand.sendto(data, ("127.0.0.1", port))

    return work


def one(number: int, flow: int = 0, token: int = TOKEN, size: int = LOAD.size) -> bytes:
    return build(Header(token, flow, number, 1), size)


def test_lost_late_and_doubled() -> None:
    _none, found = counted(by_hand(one(0), one(3), one(1), one(3), one(0, flow=2)))
    assert [flow["arrived"] for flow in found["flows"]] == [3, 0, 1]
    first = found["flows"][0]
    assert (first["reordered"], first["furthest"], first["duplicated"]) == (1, 2, 1)
    assert (first["missing"], first["runs"]) == (1, [[2, 1]])


@pytest.mark.parametrize(
    "stranger",
    [b"", b"RX", b"x" * 100, one(0, token=1), one(0, size=99), one(0, size=101), one(134), one(0, flow=3)],
    ids=["empty", "short", "text", "token", "shorter", "longer", "number", "flow"],
)
def test_what_is_none_of_this_run_is_foreign(stranger: bytes) -> None:
    _none, found = counted(by_hand(stranger, one(0)))
    assert (found["foreign"], [flow["arrived"] for flow in found["flows"]]) == (1, [1, 0, 0])


def test_what_its_own_socket_drops_a_receiver_knows() -> None:
    """Nobody reads while it is sent: what does not fit into the buffer is lost, and counted by the socket."""
    _none, found = counted(by_hand(*(one(number) for number in range(100))), before=True)
    assert found["receive_buffer"] == 4608
    assert found["drops"] > 50
    assert found["flows"][0]["arrived"] + found["drops"] == 100


def test_a_receiver_whose_time_is_up() -> None:
    sock = sockets.open_receiver("127.0.0.1", 0, 0)
    found = receive(sock, TOKEN, LOAD, 0.1, lambda: False)
    assert (found["ended"], found["delay_range"], found["span"]) == ("time", None, 0.0)
    assert 0.1 <= found["seconds"] < 5
    assert sock.fileno() == -1


def test_datagrams_carry_the_code_point_and_are_not_to_be_cut() -> None:
    load = Load(rate=100, duration=0.01, dscp=46)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(5)
        # IP_RECVTOS of linux/in.h, whose name Python has since 3.10.
        sock.setsockopt(socket.IPPROTO_IP, 13, 1)
        with sockets.open_sender("127.0.0.1", sock.getsockname()[1], load) as link:
            link.send(b"x")
            assert sock.recvmsg(10, 100)[1] == [(socket.IPPROTO_IP, socket.IP_TOS, bytes([46 << 2]))]
            # IP_MTU_DISCOVER and IP_PMTUDISC_DO of linux/in.h.
            assert link.getsockopt(socket.IPPROTO_IP, 10) == 2
            assert sockets.path_mtu(link) > 1500


@pytest.mark.parametrize("address", ["localhost", "", "127.0.0.1:53", "300.1.1.1"])
def test_an_address_is_a_number(address: str) -> None:
    with pytest.raises(OptionError, match="is no IPv4 or IPv6 address"):
        send(Target(address, 53, TOKEN), LOAD)
