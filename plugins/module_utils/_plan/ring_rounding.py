# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a driver makes of a ring size that it cannot have exactly.

Drivers round without a word, so that a second run would find another number than it asked for, or they refuse. Where
a driver's rule is known, the number that it will take is asked for. Source: the set_ringparam operation of each driver
below drivers/net in Linux 6.1 and 6.12.
"""

from __future__ import annotations

from typing import Callable, NamedTuple

Step = Callable[[int], int]


class Rule(NamedTuple):
    """``step`` gives the size for a number, never below ``least``."""

    step: Step
    least: int


def _multiple(of: int) -> Step:
    return lambda number: -(-number // of) * of


def power_above(number: int) -> int:
    """Return the least power of two that is not smaller."""
    return 1 << max(0, number - 1).bit_length()


def power_below(number: int) -> int:
    """Return the largest power of two that is not larger, at least 1."""
    return 1 << max(1, number).bit_length() - 1


RULES = {
    "e1000": Rule(_multiple(8), 80),
    "e1000e": Rule(_multiple(8), 64),
    "igb": Rule(_multiple(8), 64),
    "igbvf": Rule(_multiple(8), 64),
    "igc": Rule(_multiple(8), 64),
    "ixgbe": Rule(_multiple(8), 64),
    "ixgbevf": Rule(_multiple(8), 64),
    "i40e": Rule(_multiple(32), 64),
    "iavf": Rule(_multiple(32), 64),
    "ice": Rule(_multiple(32), 64),
    "vmxnet3": Rule(_multiple(32), 32),
    "mlx5_core": Rule(power_above, 4),
    "mlx4_en": Rule(power_above, 4),
    # Refuses anything else with ENOMEM: a split virtqueue holds a power of two (virtio 1.2, 2.7). Since 6.12 a
    # transmit ring has to hold a packet of the most fragments, 19 descriptors.
    "virtio_net": Rule(power_above, 32),
    "ena": Rule(power_below, 256),
}


def taken(driver: str, number: int, most: int) -> int:
    """Return the size that a driver makes of ``number``, at most ``most``.

    A driver without a rule here is taken to do as it is told.
    """
    number = min(number, most)
    rule = RULES.get(driver)
    return number if rule is None else min(max(rule.step(number), rule.least), most)
