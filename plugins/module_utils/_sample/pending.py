# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A queue that is about to overflow, although nothing was lost yet.

A large buffer looks like a cure while it fills. What tells it from a buffer that does its work is the floor of the
queue: it rises, because the reader never catches up.
"""

from __future__ import annotations

from typing import Optional, Sequence

# A queue below this share of its buffer is not about to overflow, whatever its slope.
_WORTH_A_LOOK = 0.1
_FEWEST_LOOKS = 6


def seconds_to_overflow(
    times: Sequence[float],
    memory: Sequence[Optional[int]],
    receive_buffer: int,
    max_extension: float,
) -> Optional[float]:
    """Return the seconds until a growing queue reaches its buffer, or None when it is not about to.

    Args:
        times: Seconds since the start of the window, rising.
        memory: Bytes charged to the socket (SKMEMINFO rmem_alloc) at these moments, None where not looked at.
        receive_buffer: The socket's limit in bytes (sk_rcvbuf).
        max_extension: An overflow further away than this many seconds is not told.
    """
    looks = [(moment, level) for moment, level in zip(times, memory) if level is not None]
    if len(looks) < _FEWEST_LOOKS or receive_buffer <= 0:
        return None
    end, last = looks[-1]
    if last <= _WORTH_A_LOOK * receive_buffer:
        return None
    begin = looks[0][0]
    third = (end - begin) / 3
    first = [level for moment, level in looks if moment <= begin + third]
    final = [(moment, level) for moment, level in looks if moment > end - third]
    middle = end - third / 2
    earlier = [level for moment, level in final if moment <= middle]
    later = [level for moment, level in final if moment > middle]
    if not first or not earlier or not later:
        return None
    rise = min(later) - min(earlier)
    if rise <= 0 or min(earlier) <= min(first):
        return None
    left = max(0.0, (receive_buffer - last) / (rise / (third / 2)))
    return left if left <= max_extension else None
