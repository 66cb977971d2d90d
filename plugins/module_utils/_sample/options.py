# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a window is asked to measure, checked once."""

from __future__ import annotations

import math
from typing import NamedTuple

MAX_WINDOW = 600.0
MIN_INTERVAL = 0.005
# Seconds that a process may wait for its result to be collected.
MAX_RETENTION = 86400


class OptionError(ValueError):
    """An option that cannot be carried out; the text says which, why, and what would be possible."""


class Options(NamedTuple):
    """A window's options; times in seconds.

    ``namespaces`` holds ``all``, ``host``, names, inodes or container ids. ``cpu_share`` is the part of one core
    above which the sampler stretches its interval. ``drop_reasons`` asks for the kernel's own reasons, through tracefs.
    """

    window: float = 10.0
    interval: float = 0.05
    namespaces: tuple[str, ...] = ("all",)
    max_extension: float = 30.0
    facts: bool = False
    cpu_share: float = 0.10
    drop_reasons: bool = False


def check(options: Options) -> Options:
    """Return the options. Raises OptionError where a number is out of its range."""
    _within("window", options.window, 0.0, MAX_WINDOW, above=True)
    _within("interval", options.interval, MIN_INTERVAL, MAX_WINDOW)
    _within("max_extension", options.max_extension, 0.0, MAX_WINDOW)
    _within("cpu_share", options.cpu_share, 0.0, 1.0, above=True)
    if not options.namespaces:
        raise OptionError("namespaces: an empty list measures nothing; use `all`, `host` or names")
    return options


def check_retention(retention: int) -> int:
    """Return the seconds for which a result is kept. Raises OptionError: no process is left for longer than a day."""
    if not 1 <= retention <= MAX_RETENTION:
        least = "at least 1 and at most %d" % MAX_RETENTION
        raise OptionError("retention: %d is not possible; it must be %s" % (retention, least))
    return retention


def _within(name: str, value: float, low: float, high: float, above: bool = False) -> None:
    """Raise OptionError unless low <= value <= high (low < value with ``above``); NaN is out of any range."""
    good = low < value <= high if above else low <= value <= high
    if not good or math.isnan(value):
        least = "more than %g" % low if above else "at least %g" % low
        raise OptionError("%s: %g is not possible; it must be %s and at most %g" % (name, value, least, high))
