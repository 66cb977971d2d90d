# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._sample import descriptors, syscalls
from ansible_collections.rxpath.linux.plugins.module_utils._sample.names import MAX_LENGTH, clean
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("machine", "number", "name", "kind"),
    [
        ("x86_64", 45, "recvfrom", "read"),
        ("x86_64", 47, "recvmsg", "read"),
        ("x86_64", 232, "epoll_wait", "poll"),
        ("x86_64", 1, "write", "write"),
        ("x86_64", 202, "futex", "lock"),
        ("x86_64", 230, "clock_nanosleep", "sleep"),
        ("aarch64", 212, "recvmsg", "read"),
        ("aarch64", 22, "epoll_pwait", "poll"),
        ("aarch64", 64, "write", "write"),
        ("aarch64", 98, "futex", "lock"),
    ],
)
def test_system_calls(machine: str, number: int, name: str, kind: str) -> None:
    call = syscalls.calls_of(machine)[number]
    assert (call.name, call.kind) == (name, kind)


def test_a_machine_without_a_table() -> None:
    assert syscalls.calls_of("vax") == {}


def test_every_call_of_a_table_is_described_once() -> None:
    for machine in ("x86_64", "aarch64"):
        names = [call.name for call in syscalls.calls_of(machine).values()]
        assert len(names) == len(set(names))
        assert {call.kind for call in syscalls.calls_of(machine).values()} <= {
            "read",
            "poll",
            "write",
            "sleep",
            "lock",
            "disk",
            "other",
        }


def test_what_our_own_descriptors_are() -> None:
    import select
    import socket

    targets = descriptors.Targets(os.getpid())
    near, far = os.pipe()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock, select.epoll() as poll:
        inode = os.fstat(sock.fileno()).st_ino
        poll.register(sock, select.EPOLLIN)
        poll.register(near, select.EPOLLIN)
        found = targets.of(sock.fileno())
        assert found is not None
        assert (found.label, found.inode, found.polled) == (f"socket:[{inode}]", inode, None)
        members = targets.of(poll.fileno())
        assert members is not None
        assert members.polled is not None
        assert inode in members.polled
        pipe = targets.of(far)
        assert pipe is not None
        assert pipe.label.startswith("pipe:[")
    os.close(near)
    os.close(far)
    assert targets.of(near) is None
    assert targets.of(0xFFFFFFFF) is None


@given(st.binary(max_size=400) | st.text(max_size=400))
def test_any_name_is_text_that_json_takes(name: bytes | str) -> None:
    text = clean(name)
    assert len(text) <= MAX_LENGTH
    text.encode()


def test_a_hostile_name_is_shown() -> None:
    assert clean(b"a\xffb\n<script>") == "a\\xffb\n<script>"
