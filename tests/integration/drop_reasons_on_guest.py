# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Datagrams lost in every way that a kernel names, while a window with drop reasons runs; on a guest, as root.

    python3 drop_reasons_on_guest.py SECONDS

Prints as JSON the sample, what /proc/net/snmp and snmp6 counted of the same time, what this process itself read and
sent, what became of an instance of tracefs whose sampler was killed, and what histograms tell that had too little room.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Optional

from ansible_collections.rxpath.linux.plugins.module_utils._sample import drop_reasons, window
from ansible_collections.rxpath.linux.plugins.module_utils._sample.options import Options
from ansible_collections.rxpath.linux.plugins.module_utils._sample.plan import plan
from ansible_collections.rxpath.linux.plugins.module_utils._sample.unknowns import Unknowns

INSTANCES = Path("/sys/kernel/tracing/instances")
UDP_MEM = Path("/proc/sys/net/ipv4/udp_mem")
SO_ATTACH_FILTER, SO_RCVBUFFORCE = 26, 33
HOME = "127.0.0.1"
POD = "10.99.0.2"
VETH = """
ip netns add pod
ip link add v0 type veth peer name v1 netns pod
ip addr add 10.99.0.1/24 dev v0
ip link set v0 up
ip -n pod addr add 10.99.0.2/24 dev v1
ip -n pod link set v1 up
tc -n pod qdisc add dev v1 clsact
tc -n pod filter add dev v1 ingress protocol ip flower ip_proto udp action drop
nft 'table inet quiet { chain input { type filter hook input priority 0; udp dport 5304 drop; }; }'
"""
AFTERWARDS = "ip netns del pod; nft delete table inet quiet"


class Traffic:
    """Sends and reads, and counts both."""

    def __init__(self) -> None:
        self.sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
        self.reads = self.sends = 0

    def send(self, port: int, number: int, size: int = 100, to: str = HOME) -> None:
        for _turn in range(number):
            self.sender.sendto(bytes(size), (to, port))
        self.sends += number

    def send_damaged(self, port: int, number: int, size: int) -> None:
        """Send datagrams with a wrong checksum; IPPROTO_RAW is none of UDP's sends."""
        length = 8 + size
        addresses = socket.inet_aton(HOME) * 2
        packet = struct.pack("!BBHHHBBH8s", 0x45, 0, 20 + length, 1, 0, 64, 17, 0, addresses)
        packet += struct.pack("!HHHH", 4000, port, length, 0x1234) + bytes(size)
        for _turn in range(number):
            self.raw.sendto(packet, (HOME, 0))

    def drain(self, reader: socket.socket) -> None:
        """Read what there is; a damaged datagram is thrown away by the reader's system call, and not returned."""
        reader.setblocking(False)
        while select.select([reader], [], [], 0.2)[0]:
            with contextlib.suppress(BlockingIOError):
                reader.recv(4096)
                self.reads += 1


def listen(port: int, room: Optional[int] = None) -> socket.socket:
    reader = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    reader.bind((HOME, port))
    if room is not None:
        reader.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, room)
    return reader


def refuse_all(reader: socket.socket) -> None:
    """Attach a filter of one instruction, which returns 0 (BPF_RET, linux/filter.h)."""
    program = ctypes.create_string_buffer(struct.pack("=HBBI", 6, 0, 0, 0))
    reader.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HL", 1, ctypes.addressof(program)))


@contextlib.contextmanager
def little_memory() -> Iterator[None]:
    before = UDP_MEM.read_text()
    UDP_MEM.write_text("1 1 1")
    try:
        yield
    finally:
        UDP_MEM.write_text(before)


def lose(traffic: Traffic) -> None:
    """Lose datagrams: too full a buffer, damaged ones, no memory, a filter, no listener, a firewall, tc, a close."""
    full = listen(5301, 4096)
    traffic.send(5301, 1000)
    traffic.drain(full)
    # Up to 76 bytes are looked at on arrival (CHECKSUM_BREAK), larger ones by the reader.
    whole = listen(5306)
    traffic.send_damaged(5306, 40, 10)
    traffic.send_damaged(5306, 25, 500)
    traffic.send(5306, 7)
    traffic.drain(whole)
    # Who waits without O_NONBLOCK has them looked at by poll (udp_poll in net/ipv4/udp.c).
    patient = listen(5307)
    traffic.send_damaged(5307, 15, 500)
    select.select([patient], [], [], 0.2)
    hoarder = listen(5303, 64 << 20)
    with little_memory():
        traffic.send(5303, 9000, 1400)
    hoarder.close()
    strict = listen(5302)
    refuse_all(strict)
    traffic.send(5302, 30)
    traffic.send(5399, 50)
    traffic.send(5304, 300)
    traffic.send(5305, 70, to=POD)
    time.sleep(0.3)


def counted() -> dict[str, int]:
    """Return the counters of UDP over IPv4."""
    names, values = (
        line.split()[1:] for line in Path("/proc/net/snmp").read_text().splitlines() if line.startswith("Udp:")
    )
    return dict(zip(names, map(int, values)))


def started(seconds: float) -> tuple[int, int]:
    """Start a sampler; returns its process and where its document comes from, once its window has begun."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        assert os.read(reading, 1) == b"."
        return child, reading
    try:
        os.close(reading)
        options = Options(window=seconds, max_extension=0.0, drop_reasons=True)
        sample = window.carry_out(plan(options), progress=lambda _remaining: tell(writing))
        with os.fdopen(writing, "w", encoding="utf-8") as file:
            json.dump(sample, file)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(0)


def tell(descriptor: int) -> None:
    """Say that the window has begun."""
    os.write(descriptor, b".")


def instances() -> list[str]:
    return sorted(name for name in os.listdir(INSTANCES) if name.startswith("rxpath-linux-"))


def killed() -> dict[str, Any]:
    """Kill a sampler while its histograms count."""
    child, reading = started(60.0)
    there = len(instances())
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(reading)
    end = time.monotonic() + 20.0
    while instances() and time.monotonic() < end:
        time.sleep(0.05)
    return {"there": there, "left": instances(), "triggers": global_triggers()}


def full() -> dict[str, Any]:
    """Lose a datagram in each of 200 processes, where every histogram has room for 128 of them."""
    drop_reasons._BY_REASON = ("hist:keys=common_pid:size=128" + drop_reasons._IP_ALONE,)
    drop_reasons._BY_THREAD = tuple(text.replace("2048", "128") for text in drop_reasons._BY_THREAD)
    unknowns = Unknowns()
    reasons = drop_reasons.open_drop_reasons(unknowns)
    assert reasons
    reasons.begin()
    for _process in range(200):
        child = os.fork()
        if child == 0:
            with contextlib.suppress(OSError):
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"-", (HOME, 5399))
            os._exit(0)
        os.waitpid(child, 0)
    return {"document": reasons.finish(), "unknowns": unknowns.entries()}


def global_triggers() -> list[str]:
    """Return the histograms of the machine's own tracing, which is nobody's business."""
    text = (INSTANCES.parent / "events/skb/kfree_skb/trigger").read_text()
    return re.findall(r"^hist:.*", text, re.M)


def main() -> None:
    seconds = float(sys.argv[1])
    subprocess.run(["sh", "-ec", VETH], check=True)
    time.sleep(1.0)
    traffic = Traffic()
    try:
        before = counted()
        child, reading = started(seconds)
        lose(traffic)
        with os.fdopen(reading, encoding="utf-8") as file:
            sample = json.loads(file.read().lstrip("."))
        os.waitpid(child, 0)
        after = counted()
    finally:
        subprocess.run(["sh", "-c", AFTERWARDS], check=False)
    print(
        json.dumps(
            {
                "sample": sample,
                "counted": {name: after[name] - before[name] for name in after},
                "pid": os.getpid(),
                "reads": traffic.reads,
                "sends": traffic.sends,
                "left": instances(),
                "killed": killed(),
                "full": full(),
            }
        )
    )


if __name__ == "__main__":
    main()
