# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Time series of a losing socket as inline SVG: rates above, the queue and its buffer below, one time axis.

A drawing holds numbers and our own words alone; whatever a host named stands in the template, which escapes it.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from ansible_collections.rxpath.linux.plugins.plugin_utils import _wording as wording
from markupsafe import Markup

BINS = 100
WIDTH, LEFT, RIGHT = 760, 66, 14
RATES_TOP, RATES_HEIGHT = 24, 140
RUG_TOP = 172
QUEUE_TOP, QUEUE_HEIGHT = 212, 100
HEIGHT = QUEUE_TOP + QUEUE_HEIGHT + 42

Points = list[tuple[float, float | None]]  # end of the bin in seconds, value


class Row(NamedTuple):
    """One series in words: what the drawing shows, for those who do not see it."""

    name: str
    key: str
    mean: str
    peak: str
    total: str


class Chart(NamedTuple):
    """A drawing and its table."""

    svg: Markup
    rows: list[Row]
    missing: list[str]


def chart(series: dict[str, Any], label_id: str) -> Chart | None:
    """Draw one socket's series, labelled by an element of the page; None where it has no points."""
    times = [float(t) for t in series.get("t") or [] if isinstance(t, (int, float))]
    if len(times) < 2 or len(times) != len(series.get("t") or []):
        return None
    edges = _edges(times)
    rates = {key: _rates(times, edges, series.get(key)) for key in ("arrivals", "reads", "drops")}
    queue = _peaks(times, edges, series.get("queue"))
    buffer = series.get("receive_buffer")
    parts = _axes(times[-1], max(_peak(points) for points in rates.values()), max(_peak(queue), float(buffer or 0)))
    scale_x, scale_rate, scale_queue, body = parts
    for key, points in rates.items():
        body.append(_line(points, key, scale_x, scale_rate, RATES_TOP + RATES_HEIGHT, area=key == "drops"))
    body.append(_rug(rates["drops"], scale_x))
    body.append(_line(queue, "queue", scale_x, scale_queue, QUEUE_TOP + QUEUE_HEIGHT, area=True))
    if buffer:
        y = QUEUE_TOP + QUEUE_HEIGHT - float(buffer) * scale_queue
        body.append(f'<path class="buffer" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>')
        text = f"buffer {wording.size(buffer)}"
        body.append(f'<text class="on" x="{WIDTH - RIGHT}" y="{y - 4:.1f}" text-anchor="end">{text}</text>')
    svg = f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="{label_id}">{"".join(body)}</svg>'
    names = {"arrivals": "Arrivals", "reads": "Reads", "drops": "Drops"}
    rows = [_rate_row(names[key], key, points, series.get(key)) for key, points in rates.items() if points]
    if queue:
        rows.append(_queue_row(queue, series["queue"], buffer))
    return Chart(Markup(svg), rows, [names[key].lower() for key, points in rates.items() if not points])  # noqa: S704


def _edges(times: list[float]) -> list[int]:
    """Return the index after the last sample of each bin; at most BINS bins."""
    step = max(1, math.ceil(len(times) / BINS))
    return [*range(step, len(times), step), len(times)]


def _rates(times: list[float], edges: list[int], values: Any) -> Points:
    """Return events per second of each bin; a bin without any reading is None."""
    if not isinstance(values, list) or len(values) != len(times):
        return []
    points: Points = []
    first = 0
    for last in edges:
        start = times[first - 1] if first else 0.0
        read = [value for value in values[first:last] if isinstance(value, (int, float))]
        length = times[last - 1] - start
        points.append((times[last - 1], sum(read) / length if read and length > 0 else None))
        first = last
    return points


def _peaks(times: list[float], edges: list[int], values: Any) -> Points:
    """Return the largest value of each bin: a mean would hide that a queue was full."""
    if not isinstance(values, list) or len(values) != len(times):
        return []
    points: Points = []
    first = 0
    for last in edges:
        read = [value for value in values[first:last] if isinstance(value, (int, float))]
        points.append((times[last - 1], float(max(read)) if read else None))
        first = last
    return points


def _peak(points: Points) -> float:
    return max((value for _time, value in points if value is not None), default=0.0)


def _nice(value: float) -> float:
    """Return the next round number, so that ticks are readable."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 2.5, 4, 5, 8, 10) if step * power >= value)


def _nice_bytes(value: float) -> float:
    unit = 1024.0 ** max(0, math.floor(math.log(value, 1024))) if value >= 1 else 1.0
    return _nice(value / unit) * unit


def _axes(seconds: float, rate: float, queue: float) -> tuple[float, float, float, list[str]]:
    top_rate, top_queue = _nice(rate), _nice_bytes(queue * 1.02)
    right = WIDTH - RIGHT
    body = [
        f'<text class="axis" x="{LEFT}" y="13">datagrams per second</text>',
        f'<text class="axis" x="{LEFT}" y="{QUEUE_TOP - 9}">memory held by the queue</text>',
        f'<text class="tick" x="{LEFT - 8}" y="{RUG_TOP + 9}" text-anchor="end">drops</text>',
        f'<path class="rail" d="M{LEFT} {RUG_TOP + 5}H{right}"/>',
    ]
    for part in (0.0, 0.5, 1.0):
        for top, height, text in (
            (RATES_TOP, RATES_HEIGHT, _short(top_rate * part)),
            (QUEUE_TOP, QUEUE_HEIGHT, wording.size(top_queue * part) if part else "0"),
        ):
            y = top + height * (1 - part)
            body.append(f'<path class="grid" d="M{LEFT} {y:.1f}H{right}"/>')
            body.append(f'<text class="tick" x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{text}</text>')
    scale_x = (right - LEFT) / seconds
    step = _nice(seconds / 6)
    for number in range(int(seconds / step + 0.001) + 1):
        x = LEFT + number * step * scale_x
        y = QUEUE_TOP + QUEUE_HEIGHT
        body.append(f'<path class="grid" d="M{x:.1f} {y}v4"/>')
        body.append(f'<text class="tick" x="{x:.1f}" y="{y + 17}" text-anchor="middle">{number * step:g}</text>')
    text = "seconds since the window began"
    body.append(f'<text class="axis" x="{right}" y="{HEIGHT - 8}" text-anchor="end">{text}</text>')
    return scale_x, RATES_HEIGHT / top_rate, QUEUE_HEIGHT / top_queue, body


def _short(value: float) -> str:
    if value >= 1e6:
        return f"{value / 1e6:g} M"
    return f"{value / 1e3:g} k" if value >= 1e4 else f"{value:g}"


def _line(points: Points, key: str, scale_x: float, scale_y: float, base: int, area: bool = False) -> str:
    """Return a step line, broken where a reading is missing."""
    line, fill, start, pen_down = [], [], 0.0, False
    for time, value in points:
        x0, x1 = LEFT + start * scale_x, LEFT + time * scale_x
        start = time
        if value is None:
            pen_down = False
            continue
        y = base - value * scale_y
        line.append(f"{'L' if pen_down else 'M'}{x0:.0f} {y:.1f}H{x1:.0f}")
        if value > 0:
            fill.append(f"M{x0:.0f} {base}V{y:.1f}H{x1:.0f}V{base}z")
        pen_down = True
    if not line:
        return ""
    shape = f'<path class="fill {key}" d="{"".join(fill)}"/>' if area and fill else ""
    return f'{shape}<path class="line {key}" d="{"".join(line)}"/>'


def _rug(points: Points, scale_x: float) -> str:
    """Return a mark for every bin with a drop: a small loss beside large arrivals has no height of its own."""
    start, marks = 0.0, []
    for time, value in points:
        if value:
            width = max(1.5, (time - start) * scale_x)
            marks.append(f"M{LEFT + start * scale_x:.0f} {RUG_TOP}h{width:.1f}v10h-{width:.1f}z")
        start = time
    return f'<path class="rug" d="{"".join(marks)}"/>' if marks else ""


def _rate_row(name: str, key: str, points: Points, values: Any) -> Row:
    known = [value for _time, value in points if value is not None]
    total = sum(value for value in values if isinstance(value, (int, float)))
    mean, peak = round(total / points[-1][0]), round(max(known, default=0))
    return Row(name, key, f"{wording.count(mean)}/s", f"{wording.count(peak)}/s", wording.count(total))


def _queue_row(points: Points, values: Any, buffer: Any) -> Row:
    known = [value for value in values if isinstance(value, (int, float))]
    mean = sum(known) / len(known) if known else None
    peak = _peak(points)
    share = f", {wording.percent(peak / buffer)} full" if buffer else ""
    end = wording.size(known[-1] if known else None)
    return Row("Queue", "queue", wording.size(mean), wording.size(peak) + share, f"{end} at the end")
