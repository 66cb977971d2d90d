# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How two values of a sysctl compare: white space aside, and in the form in which the kernel keeps them."""

from __future__ import annotations

from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._facts.sysctls import kernel_form, value

# What the kernel refuses below. net/core/sysctl_net_core.c: SOCK_MIN_RCVBUF and SOCK_MIN_SNDBUF of a 64-bit kernel,
# two jiffies, GRO's and the softirq's least.
_MINIMA = {
    "net.core.rmem_default": "2304",
    "net.core.rmem_max": "2304",
    "net.core.wmem_default": "4608",
    "net.core.wmem_max": "4608",
    "net.core.netdev_budget_usecs": "two ticks of the kernel (2000 at 1000 Hz, 8000 at 250 Hz, 20000 at 100 Hz)",
    "net.core.dev_weight": "1",
    "net.core.dev_weight_rx_bias": "1",
    "net.core.dev_weight_tx_bias": "1",
    "net.ipv4.udp_rmem_min": "1",
    "net.ipv4.udp_wmem_min": "1",
    "net.netfilter.nf_conntrack_max": "0",
}
# Small numbers name a mode or a switch: 0 is not less of it than 1.
_SWITCH = range(-1, 3)


def minimum(key: str) -> str | None:
    """Return the least value that the kernel takes for a key, as text, or None where we do not know of one."""
    return _MINIMA.get(key)


def words(setting: Any) -> str:
    """Return a setting as one line: words with one blank between, true and false as 1 and 0, lists as words."""
    if isinstance(setting, bool):
        return str(int(setting))
    if isinstance(setting, (list, tuple)):
        return " ".join(words(item) for item in setting)
    return " ".join(str(setting).split())


def same(key: str, one: str, other: str) -> bool:
    """Tell whether the kernel keeps both settings as the same value."""
    return kernel_form(key, value(key, one)) == kernel_form(key, value(key, other))


def as_kept(key: str, setting: str) -> str:
    """Return a setting in the form in which the kernel will show it, as far as it is known beforehand."""
    return str(kernel_form(key, value(key, setting)))


def at_least(asked: str, floor: str | None) -> str:
    """Return what was asked, number by number not below ``floor``.

    Whatever is not as many numbers on both sides has no order, and neither have switches: they stay as asked.
    """
    if floor is None:
        return asked
    wanted, present = _numbers(asked), _numbers(floor)
    if not wanted or len(wanted) != len(present):
        return asked
    if all(number in _SWITCH for number in (*wanted, *present)):
        return asked
    return " ".join(str(max(pair)) for pair in zip(wanted, present))


def _numbers(setting: str) -> list[int]:
    try:
        return [int(word) for word in setting.split()]
    except ValueError:
        return []
