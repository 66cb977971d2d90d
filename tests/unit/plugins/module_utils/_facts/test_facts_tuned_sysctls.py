# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What tuned's active profile sets."""

from __future__ import annotations

from ansible_collections.rxpath.linux.plugins.module_utils._facts.reader import Reader
from ansible_collections.rxpath.linux.plugins.module_utils._facts.tuned_sysctls import tuned_sysctls

from .conftest import Tree


def test_profile_and_what_it_includes(tree: Tree) -> None:
    root = tree(
        None,
        r"/etc/tuned/active_profile|site\n",
        r"/etc/tuned/site/tuned.conf|[main]\ninclude=network-latency\n[sysctl]\nnet.core.busy_read=0\n",
        r"/usr/lib/tuned/network-latency/tuned.conf"
        r"|[main]\nsummary=x\n[sysctl]\n# no\nnet.core.busy_read=50\nnet.core.rmem_max='8388608'\n[net]\ntype=sysctl\na.b=1 \t 2\n",
        r"/usr/lib/tuned/other/tuned.conf|[sysctl]\nc.d=1\n",
    )
    found, reapplied = tuned_sysctls(Reader(root))
    latency, site = "/usr/lib/tuned/network-latency/tuned.conf", "/etc/tuned/site/tuned.conf"
    assert found == {
        "net.core.busy_read": ("0", site),
        "net.core.rmem_max": ("8388608", latency),
        "a.b": ("1 2", latency),
    }
    assert reapplied


def test_profiles_that_include_each_other_end(tree: Tree) -> None:
    root = tree(
        None,
        r"/etc/tuned/active_profile|a b\n",
        r"/etc/tuned/a/tuned.conf|[main]\ninclude=b\n",
        r"/etc/tuned/b/tuned.conf|[main]\ninclude=a\n[sysctl]\nx.y=1\n",
        r"/etc/tuned/tuned-main.conf|# reapply_sysctl = 1\nreapply_sysctl = 0\n",
    )
    assert tuned_sysctls(Reader(root)) == ({"x.y": ("1", "/etc/tuned/b/tuned.conf")}, False)


def test_no_tuned(tree: Tree) -> None:
    assert tuned_sysctls(Reader(tree(None, r"/etc/hostname|x"))) == ({}, True)
