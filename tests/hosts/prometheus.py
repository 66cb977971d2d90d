# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules of docs/examples, evaluated by promtool on files that the watch wrote."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parents[2] / "docs/examples"
RULES = EXAMPLES / "prometheus/rxpath.rules.yml"


def promtool() -> str | None:
    """Return where promtool is, if it is there."""
    return shutil.which("promtool")


def read(text: str) -> dict[str, float]:
    """Return the series of a file of the watch with their values."""
    rows = [line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#")]
    return {series: float(value) for series, value in rows}


def series(scrapes: Sequence[Mapping[str, float]]) -> list[dict[str, str]]:
    """Return promtool's input: what was scraped, one scrape a minute."""
    names = dict.fromkeys(name for scrape in scrapes for name in scrape)
    return [
        {"series": name, "values": " ".join(f"{scrape[name]:.0f}" if name in scrape else "_" for scrape in scrapes)}
        for name in names
    ]
