# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a blocked thread waits for, by the number of its system call.

Sources: arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h (arm64, riscv64, loongarch64).
A 32-bit program on a 64-bit kernel has numbers of its own that /proc does not tell apart; it is read wrongly.
"""

from __future__ import annotations

from typing import Mapping, NamedTuple, Optional


class Call(NamedTuple):
    """A system call that can block: what it waits for, and which argument is the descriptor it waits on.

    ``kind``: read (data from ``fd``), poll (any of several descriptors; ``fd`` is the epoll descriptor where there
    is one), write (room in ``fd``), sleep, lock, disk, other.
    """

    name: str
    kind: str
    fd: Optional[int]


_READS = "read readv pread64 preadv preadv2 recvfrom recvmsg recvmmsg"
_WRITES = "write writev pwrite64 pwritev pwritev2 sendto sendmsg sendmmsg sendfile"
_SLEEPS = "nanosleep clock_nanosleep pause rt_sigsuspend rt_sigtimedwait"
_LOCKS = "futex futex_wait futex_waitv semop semtimedop flock"
_DISK = "fsync fdatasync sync_file_range"
_OTHERS = "wait4 waitid msgrcv mq_timedreceive io_getevents io_pgetevents sched_yield openat"

CALLS: dict[str, Call] = {
    **{name: Call(name, "read", 0) for name in _READS.split()},
    **{name: Call(name, "write", 0) for name in _WRITES.split()},
    **{name: Call(name, "sleep", None) for name in _SLEEPS.split()},
    **{name: Call(name, "lock", None) for name in _LOCKS.split()},
    **{name: Call(name, "disk", 0) for name in _DISK.split()},
    **{name: Call(name, "other", None) for name in _OTHERS.split()},
    **{name: Call(name, "poll", 0) for name in ("epoll_wait", "epoll_pwait", "epoll_pwait2")},
    **{name: Call(name, "poll", None) for name in ("poll", "ppoll", "select", "pselect6", "io_uring_enter")},
    "splice": Call("splice", "write", 2),
    "copy_file_range": Call("copy_file_range", "write", 2),
    "tee": Call("tee", "write", 1),
    "vmsplice": Call("vmsplice", "write", 0),
    "msgsnd": Call("msgsnd", "write", None),
    "mq_timedsend": Call("mq_timedsend", "write", 0),
    "fcntl": Call("fcntl", "lock", 0),
    "connect": Call("connect", "other", 0),
    "accept": Call("accept", "other", 0),
    "accept4": Call("accept4", "other", 0),
}

_X86_64 = (
    "read 0 write 1 poll 7 pread64 17 pwrite64 18 readv 19 writev 20 select 23 sched_yield 24 pause 34 nanosleep 35 "
    "sendfile 40 connect 42 accept 43 sendto 44 recvfrom 45 sendmsg 46 recvmsg 47 wait4 61 semop 65 msgsnd 69 "
    "msgrcv 70 fcntl 72 flock 73 fsync 74 fdatasync 75 rt_sigtimedwait 128 rt_sigsuspend 130 futex 202 "
    "io_getevents 208 semtimedop 220 clock_nanosleep 230 epoll_wait 232 mq_timedsend 242 mq_timedreceive 243 "
    "waitid 247 openat 257 pselect6 270 ppoll 271 splice 275 tee 276 sync_file_range 277 vmsplice 278 "
    "epoll_pwait 281 accept4 288 preadv 295 pwritev 296 recvmmsg 299 sendmmsg 307 copy_file_range 326 "
    "preadv2 327 pwritev2 328 io_pgetevents 333 io_uring_enter 426 epoll_pwait2 441 futex_waitv 449 futex_wait 455"
)
_GENERIC = (
    "io_getevents 4 epoll_pwait 22 fcntl 25 flock 32 openat 56 read 63 write 64 readv 65 writev 66 pread64 67 "
    "pwrite64 68 preadv 69 pwritev 70 sendfile 71 pselect6 72 ppoll 73 vmsplice 75 splice 76 tee 77 fsync 82 "
    "fdatasync 83 sync_file_range 84 waitid 95 futex 98 nanosleep 101 clock_nanosleep 115 sched_yield 124 "
    "rt_sigsuspend 133 rt_sigtimedwait 137 mq_timedsend 182 mq_timedreceive 183 msgrcv 188 msgsnd 189 "
    "semtimedop 192 semop 193 accept 202 connect 203 sendto 206 recvfrom 207 sendmsg 211 recvmsg 212 accept4 242 "
    "recvmmsg 243 wait4 260 sendmmsg 269 copy_file_range 285 preadv2 286 pwritev2 287 io_pgetevents 292 "
    "io_uring_enter 426 epoll_pwait2 441 futex_waitv 449 futex_wait 455"
)


def _table(text: str) -> dict[int, Call]:
    words = text.split()
    return {int(number): CALLS[name] for name, number in zip(words[::2], words[1::2])}


_TABLES: Mapping[str, Mapping[int, Call]] = {
    "x86_64": _table(_X86_64),
    **dict.fromkeys(("aarch64", "riscv64", "loongarch64"), _table(_GENERIC)),
}


def calls_of(machine: str) -> Mapping[int, Call]:
    """Return the table of a uname machine; empty for one that is not known."""
    return _TABLES.get(machine, {})
