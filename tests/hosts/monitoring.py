# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A Prometheus that scrapes a node_exporter, with the rules of docs/examples at a quicker pace, on the loopback."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ansible_collections.rxpath.linux.tests.hosts.prometheus import RULES

PROGRAMS = ("prometheus", "prometheus-node-exporter")
# What is read over five minutes there is read over this time here, and must hold for as long as this.
RANGE, FOR = "12s", "2s"
CONFIG = {
    "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
    "rule_files": ["rules.yml"],
}


def missing() -> list[str]:
    """Return the programs that are not here."""
    return [name for name in PROGRAMS if shutil.which(name) is None]


def quicker(rules: str) -> str:
    """Return the rules at the pace of a test."""
    assert rules.count("[5m]") > 4
    assert rules.count("for: 1m") > 4
    return rules.replace("[5m]", f"[{RANGE}]").replace("for: 1m", f"for: {FOR}")


class Monitoring:
    """``put`` is what a host's collector directory holds, ``alerts`` what Prometheus makes of it."""

    def __init__(self, folder: Path, port: int) -> None:
        self.directory = folder / "textfile"
        self._port = port

    def put(self, text: str) -> None:
        """Put a file of the watch where the exporter reads it."""
        new = self.directory / "new"
        new.write_text(text, encoding="utf-8")
        new.rename(self.directory / "rxpath_udp_watch.prom")

    def ask(self, path: str, **parameters: str) -> Any:
        """Return the ``data`` of an answer of Prometheus' HTTP API."""
        url = f"http://127.0.0.1:{self._port}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)["data"]

    def query(self, expression: str) -> list[tuple[dict[str, str], float]]:
        """Return the labels and values that an expression has now."""
        return [(row["metric"], float(row["value"][1])) for row in self.ask("query", query=expression)["result"]]

    def alerts(self) -> set[tuple[str, str, str]]:
        """Return state, name and namespace of every alert that is pending or fires."""
        return {
            (one["state"], one["labels"]["alertname"], one["labels"].get("netns", ""))
            for one in self.ask("alerts")["alerts"]
        }


@contextlib.contextmanager
def monitoring(folder: Path) -> Iterator[Monitoring]:
    """Start both on free ports of the loopback; they end with the block."""
    for name in ("textfile", "data"):
        (folder / name).mkdir()
    (folder / "rules.yml").write_text(quicker(RULES.read_text(encoding="utf-8")), encoding="utf-8")
    exporter, server = _free_port(), _free_port()
    jobs = [{"job_name": "node", "static_configs": [{"targets": [f"127.0.0.1:{exporter}"]}]}]
    (folder / "prometheus.yml").write_text(json.dumps({**CONFIG, "scrape_configs": jobs}), encoding="utf-8")
    commands = (
        [
            PROGRAMS[1],
            "--collector.disable-defaults",
            "--collector.textfile",
            f"--collector.textfile.directory={folder}/textfile",
            f"--web.listen-address=127.0.0.1:{exporter}",
        ],
        [
            PROGRAMS[0],
            f"--config.file={folder}/prometheus.yml",
            f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{server}",
        ],
    )
    with contextlib.ExitStack() as stack:
        for command in commands:
            log = stack.enter_context((folder / f"{command[0]}.log").open("wb"))
            process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            stack.callback(_end, process)
        made = Monitoring(folder, server)
        _until(lambda: made.query("up") == [({**_target(exporter), "__name__": "up"}, 1.0)], 60.0, folder)
        yield made


def _target(port: int) -> dict[str, str]:
    return {"job": "node", "instance": f"127.0.0.1:{port}"}


def _until(true: Callable[[], bool], seconds: float, folder: Path) -> None:
    end = time.monotonic() + seconds
    while True:
        with contextlib.suppress(OSError):
            if true():
                return
        if time.monotonic() > end:
            raise AssertionError("\n".join(path.read_text("utf-8")[-2000:] for path in sorted(folder.glob("*.log"))))
        time.sleep(0.2)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
