# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page on workloads says what the plan says: every block of figures on it is computed here anew.

A block of variables (YAML) is planned for the host that a comment before it names, and the block of text behind it has
to be what the plan answers. Tables and single figures are formulas of the same functions.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.buffers import (
    BUSY_READER_SHARE,
    DEFAULT_TRUESIZE,
    STOCK_RMEM_DEFAULT,
)
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.numbers import count, duration
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.queueing import PLANNED_LOAD, consumers_for
from ansible_collections.rxpath.linux.plugins.module_utils._plan.buffers import truesize
from ansible_collections.rxpath.linux.plugins.module_utils._plan.host_sysctls import host_sysctls
from ansible_collections.rxpath.linux.plugins.module_utils._plan.nic_ring import buffer_bytes
from ansible_collections.rxpath.linux.plugins.module_utils._plan.profile import resolve
from ansible_collections.rxpath.linux.plugins.plugin_utils.tuning_settings import normalise_tuning
from ansible_collections.rxpath.linux.tests.unit.plugins.module_utils._plan.surveys import GIB, survey

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs/docsite/rst/workloads.rst").read_text(encoding="utf-8")
DEFAULTS = yaml.safe_load((ROOT / "roles/udp_tuning/defaults/main.yml").read_text(encoding="utf-8"))
# The hosts of the page: a server of 16 GiB, a Kubernetes node of that size, a collector of 1 GiB.
SMALL = {"net.ipv4.udp_mem": "22500 30000 45000"}
HOSTS: dict[str, dict[str, Any]] = {
    "server": survey(),
    "node": survey(links={"veth1": {"kind": "veth", "up": True}}),
    "collector": survey(sysctls=SMALL, memory=GIB),
}
_BLOCK = re.compile(
    r"^\.\. host: (?P<host>\w+)\n\n\.\. code-block:: yaml\n\n(?P<variables>(?: {3}.*\n|\n)+)"
    r"(?P<between>(?:(?!\.\. ).*\n)+?)\.\. code-block:: text\n\n(?P<figures>(?: {3}.*\n|\n)+)",
    re.MULTILINE,
)
# Bytes around the payload of a datagram on the wire: UDP, IPv4, Ethernet with its checksum, preamble and gap.
_WIRE = 8 + 20 + 18 + 20


def planned(host: str, variables: str) -> str:
    """Return what the role would say (-v) and set."""
    settings = normalise_tuning({**DEFAULTS, **yaml.safe_load(variables)})
    wishes = host_sysctls(resolve(settings), HOSTS[host])
    lines = [*wishes.notes, *(f"warning: {said}" for said in wishes.warnings)]
    lines += [f"{key} = {value}" for key, value in sorted(wishes.values.items())]
    wrapped = [textwrap.fill(line, 110, subsequent_indent="  ", break_on_hyphens=False) for line in lines]
    return "\n".join(wrapped)


def examples() -> Iterator[tuple[str, str, str]]:
    for match in _BLOCK.finditer(PAGE):
        yield match["host"], textwrap.dedent(match["variables"]), textwrap.dedent(match["figures"]).strip()


def per_second(bits: float, payload: int) -> float:
    """Return the datagrams of a link that is full of them."""
    return bits / (max(84, payload + _WIRE) * 8)


def figures() -> Iterator[str]:
    """Yield each figure of the page that is not in a block of the plan, in the words of the page."""
    for payload in (64, 512, 1200, 1472, 2000, 4000, 8000):
        yield f"   * - {count(payload)}\n     - {count(truesize(payload))}\n     - {STOCK_RMEM_DEFAULT // truesize(payload)}\n"
    for rate in (1_000, 10_000, 50_000, 100_000):
        bridged = STOCK_RMEM_DEFAULT * BUSY_READER_SHARE / (rate * DEFAULT_TRUESIZE)
        yield f"   * - {count(rate)}\n     - {duration(bridged)}\n"
    # A reader of 40 µs: how many suffice, and what a large buffer buys a single one.
    pace = 1 / 40e-6
    yield f"μ = 1 / 40 µs = {count(pace)}/s"
    arrivals = 35_000
    yield f"⌈{count(arrivals)} / ({count(pace)} × {PLANNED_LOAD:g})⌉ = {consumers_for(arrivals, pace)}"
    bought = 2 * 25e6 / ((arrivals - pace) * DEFAULT_TRUESIZE)
    yield f"50,000,000 / ({count(arrivals - pace)}/s × {count(DEFAULT_TRUESIZE)}) = {duration(bought)}"
    waited = 2 * 25e6 / (pace * DEFAULT_TRUESIZE)
    yield f"50,000,000 / ({count(pace)}/s × {count(DEFAULT_TRUESIZE)}) = {duration(waited)}"
    # Rings: what a descriptor ring holds of a link at full rate, in time.
    for payload in (64, 1200):
        full = per_second(10e9, payload)
        cells = "".join(f"     - {duration(ring / full)}\n" for ring in (512, 4096))
        yield f"   * - {count(payload)}\n     - {count(full)}/s\n{cells}"
    cost = buffer_bytes(1500)
    yield f"4,096 × 8 × {count(cost)} = {count(4096 * 8 * cost)} bytes"
    resolver = int(planned("server", next(examples())[1]).rpartition("= ")[2]) * 2
    yield f"{count(resolver)} / (40,000/s × {count(DEFAULT_TRUESIZE)}) = {duration(resolver / (40_000 * DEFAULT_TRUESIZE))}"
    # A stream of video.
    yield f"20,000,000 / 8 / 1,316 = {count(20e6 / 8 / 1316)}/s"
    yield f"8,192 × 1,500 = {count(8192 * 1500)} bytes"
    yield f"2 × 1,048,576 / {count(DEFAULT_TRUESIZE)} = {2 * 1_048_576 // DEFAULT_TRUESIZE} datagrams"


@pytest.mark.parametrize(("host", "variables", "text"), list(examples()))
def test_a_block_of_figures_is_what_the_plan_says(host: str, variables: str, text: str) -> None:
    assert text == planned(host, variables)


def test_every_block_of_variables_has_its_figures() -> None:
    assert len(list(examples())) == PAGE.count(".. code-block:: yaml") >= 5


@pytest.mark.parametrize("figure", list(figures()))
def test_a_figure_is_what_the_functions_make_of_it(figure: str) -> None:
    assert figure in PAGE if "\n" in figure else figure in " ".join(PAGE.split())
