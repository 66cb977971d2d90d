# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Is a queue about to overflow? A window that ends before it does would call a sick host healthy. Pure."""

from __future__ import annotations

from typing import Optional, Sequence

# A queue below this share of its buffer is far from any overflow.
MIN_LEVEL = 0.10
# Slopes of more points than this say no more, and their pairs cost the square of it.
_MAX_POINTS = 60
_MIN_POINTS = 6


def seconds_to_overflow(
    times: Sequence[float], memory: Sequence[Optional[float]], receive_buffer: int, max_extension: float
) -> Optional[float]:
    """Return the seconds until a growing queue is full, or None where none is coming within ``max_extension``.

    ``times`` are seconds, ``memory`` the bytes in the queue at those times (None where nobody looked),
    ``receive_buffer`` in bytes. A queue counts as growing when it gained over the whole window and over its last
    third (Theil-Sen slopes, which a few odd looks do not turn), when its floor rose as well (a queue that is
    emptied now and then is a burst's, however high it was), and when it stands above a tenth of the buffer.
    """
    points = [(moment, level) for moment, level in zip(times, memory) if level is not None]
    if receive_buffer <= 0 or len(points) < _MIN_POINTS:
        return None
    third = max(_MIN_POINTS // 2, len(points) // 3)
    first, last = points[:third], points[-third:]
    level = _median([value for _moment, value in points[-5:]])
    if level < MIN_LEVEL * receive_buffer or level > receive_buffer:
        return None
    slope = _slope(last)
    floor_rose = min(value for _moment, value in last) > min(value for _moment, value in first)
    if slope <= 0 or _slope(points) <= 0 or not floor_rose:
        return None
    seconds = (receive_buffer - level) / slope
    return seconds if seconds <= max_extension else None


def _slope(points: Sequence[tuple[float, float]]) -> float:
    """Return the median of the slopes between all pairs of points, in bytes a second."""
    step = -(-len(points) // _MAX_POINTS)
    some = points[::step]
    slopes = [
        (later[1] - earlier[1]) / (later[0] - earlier[0])
        for index, earlier in enumerate(some)
        for later in some[index + 1 :]
        if later[0] > earlier[0]
    ]
    return _median(slopes) if slopes else 0.0


def _median(values: Sequence[float]) -> float:
    """Return the middle value (the statistics module would load decimal and fractions for it)."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2.0
