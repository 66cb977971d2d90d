# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The text format of Prometheus, as node_exporter's textfile collector reads it. Pure.

Source: https://prometheus.io/docs/instrumenting/exposition_formats/. No timestamps: the collector refuses a file that
has any. A label's value may hold any character; backslash, quote and line feed are escaped.
"""

from __future__ import annotations

from typing import Any

COUNTER, GAUGE = "counter", "gauge"


class Exposition:
    """Metrics in the order in which they were declared; a series that is set twice is added up."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._kinds: dict[str, str] = {}
        self._help: dict[str, str] = {}
        self._series: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}

    def declare(self, name: str, text: str, kind: str = GAUGE) -> None:
        """Name a metric, without the prefix, before anything is added to it."""
        self._kinds[name] = kind
        self._help[name] = text
        self._series[name] = {}

    def add(self, name: str, value: Any, **labels: str) -> None:
        """Add a value to a series; what is no number is left out, as is a label that is empty."""
        if isinstance(value, (int, float)):
            series = self._series[name]
            key = tuple((label, text) for label, text in labels.items() if text)
            series[key] = series.get(key, 0) + value

    def render(self) -> str:
        """Return the file's text; a metric without a series is left out."""
        lines = []
        for name, series in self._series.items():
            if not series:
                continue
            lines.append(f"# HELP {self._prefix}{name} {self._help[name]}")
            lines.append(f"# TYPE {self._prefix}{name} {self._kinds[name]}")
            for key, value in series.items():
                labels = ",".join([f'{label}="{escaped(text)}"' for label, text in key])
                lines.append(f"{self._prefix}{name}{'{' + labels + '}' if labels else ''} {_number(value)}")
        return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """Return a label's value as it stands between quotes. What no UTF-8 can carry becomes a visible escape."""
    plain = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return plain.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return str(int(value)) if isinstance(value, int) or value.is_integer() else repr(value)
