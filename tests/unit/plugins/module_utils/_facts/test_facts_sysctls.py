# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
from typing import Callable

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._facts.reader import Reader
from ansible_collections.rxpath.linux.plugins.module_utils._facts.sysctl_files import (
    assigned,
    normal_key,
    parse_sysctl_file,
)
from ansible_collections.rxpath.linux.plugins.module_utils._facts.sysctls import sysctl_facts
from hypothesis import given
from hypothesis import strategies as st

Tree = Callable[..., str]
MAX = "net.core.rmem_max"
RUNNING = r"/proc/sys/net/core/rmem_max|4194304\n"


def facts(root: str) -> dict[str, object]:
    found: dict[str, object] = sysctl_facts(Reader(root))["values"].get(MAX, {})
    return found


@pytest.mark.parametrize(
    ("lines", "boot", "file", "line"),
    [
        pytest.param([], None, None, None, id="nothing-sets-it"),
        pytest.param(
            [r"/etc/sysctl.d/10-a.conf|# x\n\nnet.core.rmem_max = 7\n"], 7, "/etc/sysctl.d/10-a.conf", 3, id="line"
        ),
        pytest.param(
            [r"/etc/sysctl.d/10-a.conf|net.core.rmem_max=1\n", r"/usr/lib/sysctl.d/50-b.conf|net.core.rmem_max=2\n"],
            2,
            "/usr/lib/sysctl.d/50-b.conf",
            1,
            id="the-name-decides-not-the-directory",
        ),
        pytest.param(
            [r"/usr/lib/sysctl.d/50-b.conf|net.core.rmem_max=2\n", r"/etc/sysctl.d/50-b.conf|net.core.rmem_max=1\n"],
            1,
            "/etc/sysctl.d/50-b.conf",
            1,
            id="etc-hides-usr-lib",
        ),
        pytest.param(
            [r"/usr/local/lib/sysctl.d/5.conf|net.core.rmem_max=2\n", r"/run/sysctl.d/5.conf|net.core.rmem_max=3\n"],
            3,
            "/run/sysctl.d/5.conf",
            1,
            id="run-hides-local",
        ),
        pytest.param(
            [r"/usr/lib/sysctl.d/50-b.conf|net.core.rmem_max=2\n", "/etc/sysctl.d/50-b.conf -> /dev/null"],
            None,
            None,
            None,
            id="masked-by-a-link",
        ),
        pytest.param(
            [r"/usr/lib/sysctl.d/50-b.conf|net.core.rmem_max=2\n", "/etc/sysctl.d/50-b.conf|"],
            None,
            None,
            None,
            id="masked-empty",
        ),
        pytest.param([r"/etc/sysctl.d/a.cfg|net.core.rmem_max=2\n"], None, None, None, id="not-conf"),
        pytest.param([r"/etc/sysctl.d/a.conf|net/core/rmem_max=2\n"], 2, "/etc/sysctl.d/a.conf", 1, id="slashes"),
        pytest.param(
            [r"/etc/sysctl.d/a.conf|-net.core.rmem_max = 2\n"], 2, "/etc/sysctl.d/a.conf", 1, id="errors-ignored"
        ),
        pytest.param(
            [r"/etc/sysctl.d/a.conf|net.core.rmem_max = 2\nnet.core.rmem_* = 3\n"],
            2,
            "/etc/sysctl.d/a.conf",
            1,
            id="pattern-yields",
        ),
        pytest.param([r"/etc/sysctl.d/a.conf|net.core.rmem_* = 3\n"], 3, "/etc/sysctl.d/a.conf", 1, id="pattern"),
        pytest.param([r"/etc/sysctl.d/a.conf|net.* = 3\n"], None, None, None, id="pattern-within-a-directory"),
        pytest.param([r"/etc/sysctl.d/a.conf|net.core.* = 3\n-net.core.rmem_max\n"], None, None, None, id="excluded"),
    ],
)
def test_boot(tree: Tree, lines: list[str], boot: object, file: object, line: object) -> None:
    fact = facts(tree(None, RUNNING, *lines))
    assert (fact["boot"], fact["file"], fact["line"]) == (boot, file, line)
    assert fact["running"] == 4194304
    assert fact["drift"] is (None if boot is None else True)


def test_overrides_are_named(tree: Tree) -> None:
    root = tree(
        None,
        RUNNING,
        r"/usr/lib/sysctl.d/10-dist.conf|net.core.rmem_max=1\n",
        r"/etc/sysctl.d/99-udp.conf|net.core.rmem_max=4194304\n",
    )
    fact = facts(root)
    assert fact["drift"] is False
    assert fact["overrides"] == [{"file": "/usr/lib/sysctl.d/10-dist.conf", "line": 1, "value": 1}]


def test_sysctl_conf_that_boot_does_not_read(tree: Tree) -> None:
    root = tree(None, RUNNING, r"/etc/sysctl.conf|net.core.rmem_max=5\n")
    fact = facts(root)
    assert fact["boot"] is None
    assert fact["sysctl_conf"] == {"file": "/etc/sysctl.conf", "line": 1, "value": 5}
    assert sysctl_facts(Reader(root))["sysctl_conf_at_boot"] is False


def test_sysctl_conf_linked_in(tree: Tree) -> None:
    root = tree(
        None,
        RUNNING,
        r"/etc/sysctl.conf|net.core.rmem_max=5\n",
        "/etc/sysctl.d/99-sysctl.conf -> ../sysctl.conf",
        r"/etc/sysctl.d/99-kern.conf|net.core.rmem_max=6\n",
    )
    fact = facts(root)
    assert (fact["boot"], fact["file"]) == (5, "/etc/sysctl.d/99-sysctl.conf")
    assert "sysctl_conf" not in fact
    assert sysctl_facts(Reader(root))["sysctl_conf_at_boot"] is True


def test_values(tree: Tree) -> None:
    root = tree("igb-bond", r"/etc/sysctl.d/a.conf|net.ipv4.udp_mem = 190227 253637   380454\n")
    values = sysctl_facts(Reader(root))["values"]
    assert values["net.ipv4.udp_mem"]["running"] == "190227 253637 380454"
    assert values["net.ipv4.udp_mem"]["drift"] is False
    assert values["net.core.flow_limit_cpu_bitmap"]["running"] == "10"
    assert "net.core.busy_poll" not in values


def test_a_file_names_a_key_that_the_kernel_does_not_have(tree: Tree) -> None:
    values = sysctl_facts(Reader(tree(None, r"/etc/sysctl.d/a.conf|net.netfilter.nf_conntrack_max = 9\n")))["values"]
    assert values["net.netfilter.nf_conntrack_max"]["running"] is None
    assert values["net.netfilter.nf_conntrack_max"]["drift"] is None


@pytest.mark.parametrize(
    ("key", "running", "boot", "drift"),
    [
        ("flow_limit_cpu_bitmap", "3", "00000003", False),
        ("flow_limit_cpu_bitmap", "00000001,00000000", "3", True),
        ("flow_limit_cpu_bitmap", "3", "words", True),
        ("rps_sock_flow_entries", "32768", "30000", False),
        ("rps_sock_flow_entries", "0", "30000", True),
    ],
)
def test_drift_is_not_a_matter_of_writing(tree: Tree, key: str, running: str, boot: str, drift: bool) -> None:
    root = tree(None, rf"/proc/sys/net/core/{key}|{running}\n", rf"/etc/sysctl.d/a.conf|net.core.{key} = {boot}\n")
    assert sysctl_facts(Reader(root))["values"][f"net.core.{key}"]["drift"] is drift


def test_keys() -> None:
    assert normal_key("net.ipv4.conf.eth0/100.rp_filter") == "net/ipv4/conf/eth0.100/rp_filter"
    assert normal_key("net/ipv4/conf/eth0.100/rp_filter") == "net/ipv4/conf/eth0.100/rp_filter"
    assert normal_key("plain") == "plain"


@given(st.text(), st.text())
def test_any_text(text: str, key: str) -> None:
    with contextlib.suppress(UnicodeEncodeError):
        assigned(parse_sysctl_file(text, "x"), key)
