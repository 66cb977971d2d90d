# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Numbers as people read them; evidence and advice are sentences."""

from __future__ import annotations


def count(value: float) -> str:
    """Return a whole number with thousands separated: 12,345."""
    return f"{round(value):,}"


def share(value: float | None) -> str:
    """Return a ratio of 0 to 1 as a percentage with as many digits as it deserves."""
    if value is None:
        return "an unknown share"
    percent = value * 100.0
    if percent and percent < 0.1:
        return f"{percent:.3f} %"
    return f"{percent:.1f} %" if percent < 99.95 else "100 %"


def size(number: float) -> str:
    """Return bytes in the unit a person would use; exact bytes below 1 MiB, where buffers are compared by digit."""
    if number < 1 << 20:
        return f"{count(number)} bytes"
    if number < 1 << 30:
        return "%.1f MiB" % (number / (1 << 20))
    return "%.1f GiB" % (number / (1 << 30))


def duration(seconds: float) -> str:
    """Return seconds as s, ms or µs."""
    if seconds >= 0.9995:
        return f"{seconds:.1f} s"
    if seconds >= 0.001:
        return "%.0f ms" % (seconds * 1000) if seconds >= 0.01 else "%.1f ms" % (seconds * 1000)
    return "%.0f µs" % (seconds * 1e6)


def given(number: float) -> str:
    """Return a factor with the digits that it has, so that its product can be computed anew: 0.5, 9,001.3, 20,000."""
    return f"{number:,.10g}" if number < 1e10 else count(number)


def given_time(seconds: float) -> str:
    """Return seconds that are a factor, with their digits: 50 ms, 33.3 ms, 1.25 s."""
    return f"{given(seconds)} s" if seconds >= 1 else f"{given(seconds * 1000)} ms"


def rate(per_second: float) -> str:
    """Return datagrams per second."""
    return f"{count(per_second)}/s" if per_second >= 10 else f"{per_second:.1f}/s"
