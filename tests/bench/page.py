# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How large the HTML of a fleet is, and how long a browser takes to open it, by the browser's own clock."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from bench.bounded import bounded

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / ".venv/tree"))

from ansible_collections.rxpath.linux.plugins.plugin_utils.report import render_json, write_reports  # noqa: E402
from ansible_collections.rxpath.linux.tests.unit.plugins.plugin_utils import reports  # noqa: E402

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_OPTIONS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
)
_BROWSER_SECONDS = 60.0
# From the start of the navigation until the page is laid out, its own script has run and the load event is over.
_MEASURE = """
addEventListener("load", () => {
  document.body.offsetHeight;
  const laid = performance.now();
  document.title = laid;
  setTimeout(() => {
    const ended = performance.getEntriesByType("navigation")[0].loadEventEnd;
    document.title = Math.max(laid, ended);
  });
});
"""


class Opened(NamedTuple):
    """The page's bytes, the seconds in which it was made, those that the browser took each time, or why none did."""

    size: int
    json_size: int
    made: float
    seconds: list[float]
    skipped: str


def opened(hosts: int, repeats: int) -> Opened:
    """Write the page of so many hosts and open it, each time in a browser that never saw it."""
    with tempfile.TemporaryDirectory(prefix="rxh-") as folder:
        report = reports.fleet(hosts)
        began = time.monotonic()
        page = Path(write_reports(report, folder, ["html"])["html"])
        made = time.monotonic() - began
        size, json_size = page.stat().st_size, len(render_json(report))
        browser = next((path for name in _BROWSERS if (path := shutil.which(name))), None)
        if browser is None:
            return Opened(size, json_size, made, [], f"no {' or '.join(_BROWSERS)} on this machine")
        text = page.read_text(encoding="utf-8")
        # The page's policy forbids scripts but its own.
        text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)
        page.write_text(text.replace("</body>", f"<script>{_MEASURE}</script></body>"), encoding="utf-8")
        seconds = [_open(browser, page, Path(folder, f"profile-{number}")) for number in range(repeats)]
    return Opened(size, json_size, made, seconds, "")


def _open(browser: str, page: Path, profile: Path) -> float:
    command = [browser, *_OPTIONS, f"--user-data-dir={profile}", "--dump-dom", page.as_uri()]
    done = subprocess.run(bounded(command), capture_output=True, text=True, timeout=_BROWSER_SECONDS, check=False)
    titles = re.findall(r"<title>([\d.]+)</title>", done.stdout)
    if done.returncode or len(titles) != 1:
        raise RuntimeError(f"{browser}: exit {done.returncode}, no time: {done.stderr[-1000:]}")
    return float(titles[0]) / 1000
