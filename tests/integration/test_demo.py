# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``make demo``: told to its end, refused twice at once, and ended in the middle by Ctrl-C and by SIGKILL."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.rxpath.linux.tests.demo import responder, run
from ansible_collections.rxpath.linux.tests.matrix import nsd

ROOT = Path(__file__).resolve().parents[2]
DEFAULT = Path("/proc/sys/net/core/rmem_default")
needs_root = pytest.mark.needs_root
Demo = subprocess.Popen[str]


def value() -> str:
    return DEFAULT.read_text(encoding="ascii").strip()


def left() -> list[str]:
    """Return what demos leave, if anything: folders, namespaces, processes."""
    processes = [
        path.parent.name
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if b"tests/demo/" in _read(path) and path.parent.name != str(os.getpid())
    ]
    named = [*Path(tempfile.gettempdir()).glob("rxpath-demo-*"), *Path("/run/netns").glob("dns-pod")]
    named += Path("/var/lib").glob("rxpath-linux")
    return [*map(str, named), *processes]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.fixture
def demo(log: Path) -> Iterator[Demo]:
    """A demo that has told of its first act: nobody else changes sysctls of this machine then."""
    with log.open("w") as file:
        process = subprocess.Popen(
            ["make", "demo"], cwd=ROOT, stdout=file, stderr=subprocess.STDOUT, text=True, start_new_session=True
        )
    end = time.monotonic() + 600
    while "\n1. " not in log.read_text(encoding="utf-8"):
        assert process.poll() is None, log.read_text(encoding="utf-8")
        assert time.monotonic() < end, log.read_text(encoding="utf-8")
        time.sleep(0.1)
    yield process
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


@needs_root
def test_demo_from_loss_to_proof_and_back(demo: Demo, log: Path) -> None:
    before = value()
    second = subprocess.run([sys.executable, run.__file__], capture_output=True, text=True, timeout=60, check=False)
    assert (second.returncode, second.stderr) == (1, "Another demo runs on this machine just now.\n")
    code = demo.wait(180)
    said = log.read_text(encoding="utf-8")
    print(said)
    assert code == 0
    assert [line[:2] for line in said.splitlines() if re.match(r"\d\. ", line)] == ["1.", "2.", "3.", "4."]
    loss, change, back = (said.index(f"\n{number}. ") for number in (2, 3, 4))
    assert f"net.core.rmem_default ({before})" in said[:loss]
    found = said[loss:change]
    assert "FAIL node1: socket.receive_buffer_overflow" in found
    assert "where     udp 10.9.0.2:53, namespace dns-pod" in found
    assert "arrival burst" in found
    proved = " ".join(said[change:back].split())
    assert "PASS node1: no loss among" in proved
    assert re.search(r"kept, improved; lost [\d.]+ % of [\d,]+ before, 0 % of [\d,]+ after; difference -", proved)
    asked, answered = re.findall(r"asked ([\d,]+) and got ([\d,]+)", proved)[0]
    assert asked == answered
    # The four commands of the acts, and the value that they changed.
    assert len(re.findall(r"^\$ ansible-playbook", said, re.MULTILINE)) == 3
    values = re.findall(r"^net.core.rmem_default = (\d+)$", said, re.MULTILINE)
    assert int(values[0]) > int(before)
    assert values[1] == before == value()
    assert "The machine is as it was" in said[back:]
    assert left() == []


@needs_root
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_ended_demo_puts_the_machine_back(demo: Demo, log: Path, number: signal.Signals) -> None:
    before = value()
    end = time.monotonic() + 60
    while value() == before and time.monotonic() < end:
        time.sleep(0.05)
    assert value() != before, log.read_text(encoding="utf-8")
    os.killpg(demo.pid, number)
    assert demo.wait(60) != 0
    end = time.monotonic() + 20
    # SIGKILL leaves it to the keeper, for which nobody waits.
    while left() and time.monotonic() < end:
        time.sleep(0.1)
    assert (value(), left()) == (before, [])
    assert "Interrupted: net.core.rmem_default is back" in log.read_text(encoding="utf-8")


def test_without_root_one_sentence_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert run.main() == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("The demo needs root")
    assert said.err.count("\n") == 1


def test_the_small_server_answers_what_is_a_question_and_nothing_else() -> None:
    query = bytes.fromhex(nsd.QUERY)
    answer = responder.answer(query)
    assert answer is not None
    assert answer[:2] == query[:2]
    assert answer[2] & 0x80
    assert answer.endswith(bytes([10, 9, 0, 3]))
    for other in (b"", query[:11], query[:-1], query[:2] + b"\x80" + query[3:], query[:12] + b"\xff" * 40):
        assert responder.answer(other) is None
