# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page on sizing shows what the filter says: every answer, every row and every product on it is computed anew."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.filter.udp_size import udp_size
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.numbers import count
from jinja2.nativetypes import NativeEnvironment

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs/docsite/rst/sizing.rst").read_text(encoding="utf-8")
_SHOWN = re.compile(
    r'^   (?P<command>\$ ansible localhost -m ansible\.builtin\.debug -a "msg=(?P<expression>\{\{.*\}\})")\n'
    r"(?P<answer>(?:   .*\n)+)",
    re.MULTILINE,
)
INPUTS = ("rate", "datagram_size", "stall", "sockets", "max_queue_delay", "service_rate")
OUTPUTS = ("receive_buffer", "rmem_max", "netdev_max_backlog", "ring", "workers")
HOST = {"cpus": 8, "memory": 16 << 30}
EXAMPLES = [(found["expression"], found["answer"]) for found in _SHOWN.finditer(PAGE)]


def rows() -> list[list[str]]:
    _, _, table = PAGE.partition("   * - workload\n")
    listed = re.split(r"^   \* - ", table.partition("\n\n")[0], flags=re.MULTILINE)
    return [re.split(r"\n     - ", row.strip()) for row in listed[1:]]


def answer(expression: str) -> str:
    """Return what the ad-hoc command prints of an expression."""
    environment = NativeEnvironment()
    environment.filters["rxpath.linux.udp_size"] = udp_size
    said = {"msg": environment.from_string(expression).render()}
    return "localhost | SUCCESS => " + json.dumps(said, indent=4, sort_keys=True, ensure_ascii=False)


def shown(text: str) -> str:
    return "".join(line[3:] + "\n" for line in text.splitlines()).strip()


@pytest.mark.parametrize(("expression", "text"), EXAMPLES, ids=range(len(EXAMPLES)))
def test_an_answer_is_what_the_filter_says(expression: str, text: str) -> None:
    assert shown(text) == answer(expression)


def test_every_command_has_its_answer() -> None:
    assert len(EXAMPLES) == PAGE.count("   $ ansible ") >= 8


def test_ansible_prints_just_that() -> None:
    expression, text = EXAMPLES[0]
    command = ["-m", "ansible.cli.adhoc", "localhost", "-m", "ansible.builtin.debug", "-a", f"msg={expression}"]
    environment = {**os.environ, "ANSIBLE_LOCALHOST_WARNING": "false", "ANSIBLE_FORCE_COLOR": "0"}
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == shown(text)


def cell(entry: dict[str, Any]) -> str:
    return "in vain" if entry["helps"] is False else count(entry["value"])


@pytest.mark.parametrize("row", rows(), ids=lambda row: str(row[0]))
def test_a_row_is_what_the_filter_says(row: list[str]) -> None:
    given = {name: text.replace(",", "") for name, text in zip(INPUTS, row[1:])}
    sized = udp_size({**given, **HOST})
    assert row[1 + len(INPUTS) :] == [cell(sized[name]) for name in OUTPUTS]


def test_the_table_has_dns_quic_telemetry_and_media() -> None:
    names = [row[0] for row in rows()]
    assert len(names) == len(set(names)) >= 6
    assert all(any(name.startswith(kind) for name in names) for kind in ("DNS", "QUIC", "Flow", "Media"))
    assert "``cpus`` is 8 and ``memory`` 16 GiB" in PAGE
    assert {"in vain"} == {row[7] for row in rows() if row[0] == "QUIC proxy, one reader"}


@pytest.mark.parametrize(
    "figure",
    [
        f"20,000 × 0.05 = {count(20_000 * 0.05)} datagrams",
        f"1,000 × 2,304 / 0.75 = {count(1000 * 2304 / 0.75)}, in steps of 64 KiB {count(47 * 65536)}",
        f"is read off in {47 * 65536 / (40_000 * 2304) * 1000:.0f} ms",
        f"(10,000 × 0.5 + 20,000) × 2,304 / 0.75 = {count((10_000 * 0.5 + 20_000) * 2304 / 0.75)} bytes",
        f"holds {count(53673984 * 0.75 / 2304)} datagrams",
        f"10 Gbit/s / 8 / (1,200 + 66) = {count(10e9 / 8 / 1266)} frames a second, {count(10e9 / 8 / 1266 * 0.02)} in 20 ms",
    ],
)
def test_a_product_is_right(figure: str) -> None:
    assert figure in " ".join(PAGE.split())
