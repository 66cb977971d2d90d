# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A node of many pods on this machine: namespaces, each with a process, its UDP sockets and a veth to the node.

It lives in a PID, mount and network namespace of its own, so nothing of it is seen outside and the kernel removes
all of it when the first process ends, however it ends.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import socket
import struct
import subprocess
import time
from pathlib import Path
from typing import Callable

NEWNS, NEWPID, NEWNET = 0x00020000, 0x20000000, 0x40000000
_MS_BIND, _MS_REC, _MS_PRIVATE = 0x1000, 0x4000, 0x40000
_PR_SET_PDEATHSIG = 1
_SIOCSIFFLAGS, _IFF_UP = 0x8914, 1
NAMES = Path("/run/netns")
_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


def _mount(source: str, target: str, kind: str, flags: int) -> None:
    _check(_libc.mount(source.encode(), target.encode(), kind.encode(), flags, None), f"mount {target}")


def enter(work: Callable[[], int]) -> int:
    """Do the work as the first process of a machine of its own, and return its exit status."""
    _check(_libc.unshare(NEWNS | NEWPID | NEWNET), "unshare")
    pid = os.fork()
    if pid == 0:
        status = 70
        try:
            _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            _mount("none", "/", "", _MS_REC | _MS_PRIVATE)
            _mount("proc", "/proc", "proc", 0)
            NAMES.mkdir(exist_ok=True)
            _mount("tmpfs", str(NAMES), "tmpfs", 0)
            _loopback_up()
            status = work()
        except KeyboardInterrupt:
            status = 130
        finally:
            os._exit(status)
    try:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    except KeyboardInterrupt:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        return 130


def build(pods: int, sockets: int, busy: int) -> None:
    """Make the pods, with ``sockets`` in all; in the first ``busy`` datagrams flow, in the very first some get lost."""
    each = sockets // pods
    for number in range(pods):
        _pod(f"pod-{number}", each - (number < busy), "lossy" if number == 0 else "busy" if number < busy else "")
    lines = [
        f"link add veth{number} type veth peer name eth0 netns pod-{number}\nlink set veth{number} up"
        for number in range(pods)
    ]
    subprocess.run(["ip", "-batch", "-"], input="\n".join(lines), text=True, check=True, timeout=120)


def _pod(name: str, sockets: int, traffic: str) -> None:
    ready, told = os.pipe()
    if os.fork() == 0:
        try:
            _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            os.close(ready)
            _check(_libc.unshare(NEWNET), "unshare")
            path = NAMES / name
            path.touch()
            _mount("/proc/self/ns/net", str(path), "none", _MS_BIND)
            _loopback_up()
            held = [
                _bound(socket.AF_INET if number % 3 else socket.AF_INET6, 10000 + number) for number in range(sockets)
            ]
            if traffic:
                reader = _bound(socket.AF_INET, 53)
                if os.fork() == 0:
                    _send()
                os.write(told, b"x")
                os.close(told)
                _receive(reader, lossy=traffic == "lossy")
            os.write(told, b"x")
            os.close(told)
            while held:
                signal.pause()
        finally:
            os._exit(1)
    os.close(told)
    answer = os.read(ready, 1)
    os.close(ready)
    if not answer:
        raise RuntimeError(f"{name} was not made")


def _bound(family: int, port: int) -> socket.socket:
    made = socket.socket(family, socket.SOCK_DGRAM)
    made.bind(("127.0.0.1" if family == socket.AF_INET else "::1", port))
    return made


def _loopback_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", _IFF_UP))


def _send() -> None:
    """Send 1,000 datagrams a second."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        while True:
            for _ in range(20):
                sender.sendto(bytes(200), ("127.0.0.1", 53))
            time.sleep(0.02)


def _receive(reader: socket.socket, lossy: bool) -> None:
    if lossy:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    reader.setblocking(not lossy)
    while True:
        try:
            reader.recv(2048)
        except BlockingIOError:
            time.sleep(0.08)
