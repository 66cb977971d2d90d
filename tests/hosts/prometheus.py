# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules of docs/examples, evaluated by promtool on files that the watch wrote."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).resolve().parents[2] / "docs/examples"
RULES = EXAMPLES / "prometheus/rxpath.rules.yml"
FIRING = 'count by (alertname, netns) (ALERTS{alertstate="firing"})'


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


def evaluate(folder: Path, scrapes: Sequence[Mapping[str, float]], firing: Mapping[int, Mapping[str, str]]) -> None:
    """Fail unless exactly these alerts fire.

    ``scrapes`` are a minute apart, the first at 0. ``firing`` has for each minute that is looked at the alerts by
    name, each with the one namespace that it fires for.
    """
    program = promtool()
    assert program
    tests: list[dict[str, Any]] = [
        {
            "interval": "1m",
            "input_series": series(scrapes),
            "promql_expr_test": [
                {
                    "expr": FIRING,
                    "eval_time": f"{minute}m",
                    "exp_samples": [
                        {"labels": f'{{alertname="{alert}",netns="{namespace}"}}', "value": 1}
                        for alert, namespace in alerts.items()
                    ],
                }
                for minute, alerts in firing.items()
            ],
        }
    ]
    path = folder / "scraped.test.yml"
    # JSON is YAML.
    path.write_text(json.dumps({"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": tests}), "utf-8")
    done = subprocess.run([program, "test", "rules", path], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
