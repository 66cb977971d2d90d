# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pages of the drivers say what the code does with their counters and ring sizes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Dict, List, Tuple

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._collect import driver_table
from ansible_collections.rxpath.linux.plugins.module_utils._collect.driver_counters import classify
from ansible_collections.rxpath.linux.plugins.module_utils._plan import ring_rounding

PAGES = Path(__file__).parents[3] / "docs/docsite/rst"
MEANINGS = {
    "ring full": driver_table.RING_FULL,
    "driver drop": driver_table.DRIVER_DROP,
    "outside the host": driver_table.OUTSIDE_HOST,
    "XDP drop": driver_table.XDP_DROP,
    "link error": driver_table.LINK_ERROR,
    "no loss": "",
}
# Which drivers a page tells of; a counter of the page has to mean the same on one of them at least.
DRIVERS = {
    "virtio_net": ["virtio_net"],
    "igb_igc": ["igb", "igc"],
    "ixgbe": ["ixgbe", "ixgbevf"],
    "i40e": ["i40e", "iavf"],
    "ice": ["ice"],
    "mlx5": ["mlx5_core"],
    "ena": ["ena"],
    "gve": ["gve"],
    "vmxnet3": ["vmxnet3"],
    "bnxt": ["bnxt_en"],
    "hv_netvsc": ["hv_netvsc"],
    "e1000e": ["e1000e"],
}
# `` * - ``counter`` / - meaning / - words`` of a list-table.
_ROW = re.compile(r"^   \* - ``([^`]+)``\n     - ([a-zA-Z ]+)\n     - ((?:.+\n)(?:       .+\n)*)", re.MULTILINE)


def counters(page: str) -> List[Tuple[str, str, str]]:
    """Return the counters of a page, each with what it is taken for and what is said of it."""
    text = (PAGES / f"driver_{page}.rst").read_text(encoding="utf-8")
    return [(name, MEANINGS[meaning], said) for name, meaning, said in _ROW.findall(text)]


def also_named(said: str) -> List[str]:
    """Return the further counters that a row names as being of its kind."""
    parts = re.findall(r"so (?:is|do|does) ([^;.]+)|; (``[^`]+``) (?:by|in|up)", said)
    return [name for first, second in parts for name in re.findall(r"``([^`]+)``", first or second)]


def test_each_driver_has_its_page() -> None:
    assert sorted(path.stem for path in PAGES.glob("driver_*.rst")) == sorted(f"driver_{page}" for page in DRIVERS)


@pytest.mark.parametrize("page", DRIVERS)
def test_counters_mean_what_the_page_says(page: str) -> None:
    rows = counters(page)
    assert len(rows) > 4
    for name, meaning, said in rows:
        for counter in [name, *(also_named(said) if meaning else [])]:
            found = [next(iter(classify(driver, [(counter, 1)])), "") for driver in DRIVERS[page]]
            assert meaning in found, f"{counter} on {DRIVERS[page]}: {found}, the page says {meaning!r}"


@pytest.mark.parametrize("page", DRIVERS)
def test_every_rule_of_a_driver_is_on_its_page(page: str) -> None:
    named = [counter for name, _, said in counters(page) for counter in (name, *also_named(said))]
    general = set(driver_table.rules("tun"))
    for driver in DRIVERS[page]:
        for rule in driver_table.rules(driver):
            if rule not in general:
                assert any(rule.pattern.fullmatch(name) for name in named), f"{driver}: {rule.pattern.pattern}"


def test_rings_are_rounded_as_told() -> None:
    text = (PAGES / "drivers.rst").read_text(encoding="utf-8")
    rows = re.findall(r"^   \* - (\w+)\n     - ([\d,]+)\n     - ([\d,]+)$", text, re.MULTILINE)
    told: Dict[str, Tuple[int, int]] = {n: (int(a.replace(",", "")), int(b.replace(",", ""))) for n, a, b in rows}
    assert len(told) > 6
    for driver, (asked, given) in told.items():
        assert ring_rounding.taken(driver, asked, 8160 if driver == "ice" else 1 << 20) == given, driver
