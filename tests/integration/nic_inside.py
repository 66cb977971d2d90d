# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Cases of a NIC's modules on a real kernel, each run in a network and a mount namespace of its own.

    unshare --mount --net python tests/integration/nic_inside.py CASE

A veth pair has channels, a tap has coalescing, and neither has a ring or a table: ``ethtool`` tells what became of
them. What only hardware has is tried on the drivers of virtual machines.
"""

from __future__ import annotations

import os
import re
import socket
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable

from ansible_collections.rxpath.linux.plugins.module_utils._collect import xdp_diag
from ansible_collections.rxpath.linux.tests.integration.tuning_inside import hide, module, output, well

XDP = Path(__file__).parents[1] / "matrix/programs/xdp.py"
QUEUES = ("numrxqueues", "4", "numtxqueues", "4")


def veth() -> None:
    output("ip", "link", "add", "eth0", *QUEUES, "type", "veth", "peer", "name", "far0", *QUEUES)
    for name in ("eth0", "far0"):
        output("ip", "link", "set", name, "up")


def shown(what: str, name: str) -> str:
    return output("ethtool", what, name)


def current(name: str) -> dict[str, int]:
    """Return the channels that are set, as ethtool(8) shows them."""
    text = shown("-l", name).rpartition("Current hardware settings")[2]
    return {side: int(number) for side, number in re.findall(r"(RX|TX):\s+(\d+)", text)}


def same_as_predicted(name: str, **options: Any) -> None:
    """Run in check mode, for real, and once more."""
    before = shown("-l", name)
    told = well(module("nic_channels", True, interface=name, **options))
    assert shown("-l", name) == before
    done = well(module("nic_channels", interface=name, **options))
    assert (told["changes"], told["diff"]) == (done["changes"], done["diff"])
    again = well(module("nic_channels", interface=name, **options))
    assert (again["changed"], again["changes"]) == (False, [])


def channels() -> None:
    veth()
    before = shown("-l", "eth0")
    mask = Path("/sys/class/net/eth0/queues/rx-1/rps_cpus")
    mask.write_text("1\n")
    steered = mask.read_text()
    same_as_predicted("eth0", rx=2, tx=3, scope="running")
    assert current("eth0") == {"RX": 2, "TX": 3}
    assert mask.read_text() == steered
    same_as_predicted("eth0", rx="auto", tx="keep", scope="running")
    cores = {Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list").read_text() for cpu in _online()}
    assert current("eth0") == {"RX": min(4, len(cores)), "TX": 3}
    clamped = well(module("nic_channels", interface="eth0", rx=9, scope="running"))
    assert clamped["unsupported"] == ["eth0 (veth): 9 rx channels asked, clamped to the driver's maximum of 4"]
    assert current("eth0") == {"RX": 4, "TX": 3}
    strict = module("nic_channels", interface="eth0", combined=2, strict=True)
    assert strict["msg"] == "eth0 (veth): the driver has no combined channels, it has rx and tx"
    well(module("tuning_rollback"))
    assert (shown("-l", "eth0"), mask.read_text()) == (before, steered)


def _online() -> list[int]:
    return sorted(os.sched_getaffinity(0))


def xdp() -> None:
    """A program counts on the queues: no change, unless it is forced."""
    veth()
    with subprocess.Popen([sys.executable, str(XDP)], stdout=subprocess.PIPE, text=True) as program:
        try:
            assert program.stdout is not None
            assert program.stdout.readline() == "ready\n"
            kept = well(module("nic_channels", interface="eth0", rx=2, scope="running"))
            assert not kept["changed"]
            assert re.match(r"eth0 \(veth\): an XDP program is attached \((native|generic)\)", kept["refused"][0])
            assert "an XDP program" in module("nic_channels", interface="eth0", rx=2, strict=True)["msg"]
            forced = well(module("nic_channels", interface="eth0", tx=3, force=True, scope="running"))
            assert forced["changed"]
            assert "an XDP program" in str(forced["warnings"])
            assert current("eth0") == {"RX": 4, "TX": 3}
        finally:
            program.terminate()


def af_xdp() -> None:
    """A socket that is bound to a queue, where this kernel can tell of it."""
    veth()
    with socket.socket(44, socket.SOCK_RAW, 0) as bound:
        _bind_xdp(bound, "eth0", 1)
        if xdp_diag.bound_queues() is None:
            return
        kept = well(module("nic_channels", interface="eth0", rx=2, scope="running"))
        assert kept["refused"] == ["eth0 (veth): an AF_XDP socket is bound to queue 1"]


def _bind_xdp(sock: socket.socket, name: str, queue: int) -> None:
    import ctypes
    import mmap

    memory = mmap.mmap(-1, 16 * 4096)
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    # XDP_UMEM_REG, the four rings, then bind with XDP_COPY.
    sock.setsockopt(283, 4, struct.pack("=QQIIII", address, 16 * 4096, 4096, 0, 0, 0))
    for ring in (5, 6, 2):
        sock.setsockopt(283, ring, struct.pack("=I", 16))
    libc = ctypes.CDLL(None, use_errno=True)
    place = struct.pack("=HHIII", 44, 1 << 1, socket.if_nametoindex(name), queue, 0)
    if libc.bind(sock.fileno(), place, len(place)):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    _KEPT.append(memory)


_KEPT: list[object] = []


def coalesce() -> None:
    """Of a tap only rx_frames can be set."""
    output("ip", "tuntap", "add", "dev", "tap0", "mode", "tap")
    before = shown("-c", "tap0")
    options: dict[str, Any] = {
        "interface": "tap0",
        "rx_frames": 32,
        "rx_usecs": 10,
        "adaptive_rx": "on",
        "scope": "running",
    }
    told = well(module("nic_coalesce", True, **options))
    assert shown("-c", "tap0") == before
    done = well(module("nic_coalesce", **options))
    assert told["changes"] == done["changes"]
    assert done["unsupported"] == told["unsupported"]
    assert done["unsupported"] == [
        "tap0 (tun): the driver cannot set rx_usecs to 10",
        "tap0 (tun): the driver cannot set adaptive_rx to on",
    ]
    assert re.search(r"^rx-frames:\s+32$", shown("-c", "tap0"), re.M)
    assert not well(module("nic_coalesce", **options))["changed"]
    well(module("tuning_rollback"))
    assert shown("-c", "tap0") == before


def errors() -> None:
    veth()
    for name in ("nic_ring", "nic_channels", "nic_coalesce", "nic_rss"):
        assert module(name, interface="eth9")["msg"].startswith("no such network interface: eth9 (this host has: ")
    output("ip", "link", "add", "br0", "type", "bridge")
    bridge = "br0 is a bridge device, which has no hardware of its own; and there is none below it now"
    assert module("nic_ring", interface="br0", rx="max")["msg"] == bridge
    assert (
        "rx is 'much', which is neither a number nor max, keep"
        in module("nic_ring", interface="eth0", rx="much")["msg"]
    )
    for name, options, why in (
        ("nic_ring", {"rx": "max"}, "the driver has no rx ring whose size can be set"),
        ("nic_rss", {"indirection": "equal"}, "the driver has no indirection table"),
        ("nic_coalesce", {"rx_usecs": 8}, "the driver has no interrupt coalescing that can be set"),
    ):
        result = well(module(name, interface="eth0", scope="running", **options))
        assert (result["changed"], result["unsupported"]) == (False, [f"eth0 (veth): {why}"])
        assert module(name, interface="eth0", strict=True, **options)["msg"] == f"eth0 (veth): {why}"


CASES: dict[str, Callable[[], None]] = {
    "channels": channels,
    "xdp": xdp,
    "af_xdp": af_xdp,
    "coalesce": coalesce,
    "errors": errors,
}

if __name__ == "__main__":
    hide()
    CASES[sys.argv[1]]()
