# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sysctls on the receive path: what runs, what boot would set, and where the two differ."""

from __future__ import annotations

from typing import Any, Union

from ansible_collections.rxpath.linux.plugins.module_utils._collect.cpulist import format_cpulist, parse_cpumask
from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from ansible_collections.rxpath.linux.plugins.module_utils._facts.reader import Reader
from ansible_collections.rxpath.linux.plugins.module_utils._facts.sysctl_files import (
    Assignment,
    assigned,
    read_boot_settings,
)

KEYS = (
    "net.core.rmem_max",
    "net.core.rmem_default",
    "net.core.netdev_max_backlog",
    "net.core.netdev_budget",
    "net.core.netdev_budget_usecs",
    "net.core.dev_weight",
    "net.core.dev_weight_rx_bias",
    "net.core.flow_limit_cpu_bitmap",
    "net.core.flow_limit_table_len",
    "net.core.rps_sock_flow_entries",
    "net.core.rps_default_mask",
    "net.core.busy_poll",
    "net.core.busy_read",
    "net.core.gro_normal_batch",
    "net.core.mem_pcpu_rsv",
    "net.core.bypass_prot_mem",
    "net.ipv4.udp_mem",
    "net.ipv4.udp_rmem_min",
    "net.ipv4.udp_early_demux",
    "net.ipv4.ip_forward",
    "net.ipv4.ipfrag_high_thresh",
    "net.ipv4.ipfrag_time",
    "net.ipv4.conf.all.rp_filter",
    "net.ipv4.conf.default.rp_filter",
    "net.ipv6.ip6frag_high_thresh",
    "net.netfilter.nf_conntrack_max",
    "net.netfilter.nf_conntrack_buckets",
    "net.netfilter.nf_conntrack_udp_timeout",
    "net.netfilter.nf_conntrack_udp_timeout_stream",
)

# Masks of CPUs: "10" is hexadecimal there.
_MASKS = ("net.core.flow_limit_cpu_bitmap", "net.core.rps_default_mask")

Value = Union[int, str]


def value(key: str, text: str) -> Value:
    """Return a single number as a number, a mask or anything else as words with one blank between them."""
    words = text.split()
    if len(words) == 1 and key not in _MASKS:
        try:
            return int(words[0])
        except ValueError:
            return words[0]
    return " ".join(words)


def sysctl_facts(reader: Reader) -> dict[str, Any]:
    """Return {"values": {key: …}, "masked": [file, …], "sysctl_conf_at_boot": bool}.

    A key that this kernel does not have, and that no file names, is left out. ``drift`` is None where no file
    sets the key.
    """
    boot = read_boot_settings(reader)
    values = {}
    for key in KEYS:
        running = reader.text("/proc/sys/" + key.replace(".", "/"))
        lines = assigned(boot.assignments, key)
        leftover = assigned(boot.conf, key)
        if running is not None or lines or leftover:
            values[key] = _fact(key, running, lines, leftover)
    return {"values": values, "masked": boot.masked, "sysctl_conf_at_boot": boot.conf_at_boot}


def _fact(key: str, running: str | None, lines: list[Assignment], leftover: list[Assignment]) -> dict[str, Any]:
    now = None if running is None else value(key, running)
    fact: dict[str, Any] = {"running": now, "boot": None, "file": None, "line": None, "drift": None}
    if lines:
        rules = lines[-1]
        fact.update(boot=value(key, rules.value or ""), file=rules.file, line=rules.line)
        fact["drift"] = None if now is None else kernel_form(key, fact["boot"]) != kernel_form(key, now)
        if lines[:-1]:
            fact["overrides"] = [_line(key, item) for item in lines[:-1]]
    if leftover:
        # Read by hand ("sysctl --system", "sysctl -p") it wins; at boot it does not exist.
        fact["sysctl_conf"] = _line(key, leftover[-1])
    return fact


def kernel_form(key: str, setting: Value) -> Value:
    """Return a setting as the kernel keeps it, so that only a real difference counts as drift.

    A mask is kept without leading zeros, the flow table of RFS rounded up to a power of two.
    """
    if key in _MASKS:
        try:
            return format_cpulist(parse_cpumask(str(setting)))
        except ParseError:
            return setting
    if key == "net.core.rps_sock_flow_entries" and isinstance(setting, int) and 0 < setting < 1 << 32:
        return 1 << (setting - 1).bit_length()
    return setting


def _line(key: str, item: Assignment) -> dict[str, Any]:
    return {"file": item.file, "line": item.line, "value": value(key, item.value or "")}
