# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Records ``make demo`` anew as docs/images/demo.svg: asciinema records, svg-term-cli draws.

As root, with npm and a way to PyPI and npm's registry: ``.venv/bin/python tests/demo/record.py``. What it installs
lies in ``.cache/record``. Waits are shortened, and the end of each act is held for the reader; no output is changed.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache/record"
CAST = CACHE / "demo.cast"
SVG = ROOT / "docs/images/demo.svg"
COLUMNS, ROWS = 118, 36
LONGEST_WAIT = 0.5
READING = 5.0
AT_THE_END = 8.0
_ACT = re.compile(r"\d\. ")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def run(*command: object) -> None:
    """Run a program; its failure is ours."""
    subprocess.run([str(word) for word in command], cwd=ROOT, check=True)


def retimed(lines: list[str]) -> list[str]:
    """Return a recording (asciicast, version 2) with short waits, and with time to read before each act."""
    header, *events = (json.loads(line) for line in lines)
    found = [json.dumps(header)]
    before = now = 0.0
    acts = 0
    for at, kind, text in events:
        now += min(at - before, LONGEST_WAIT)
        before = at
        begins = _ACT.match(_COLOUR.sub("", text).lstrip()) is not None
        acts += begins
        now += READING if begins and acts > 1 else 0
        found.append(json.dumps([round(now, 3), kind, text]))
    found.append(json.dumps([round(now + AT_THE_END, 3), "o", " "]))
    return found


def main() -> None:
    """Record, draw, say how large it became."""
    tools = CACHE / "venv"
    CACHE.mkdir(parents=True, exist_ok=True)
    run(sys.executable, "-m", "venv", tools)
    run(tools / "bin/pip", "install", "-q", "asciinema==2.4.0")
    os.environ.update(TERM="xterm-256color", LC_ALL="C.UTF-8")
    size = ("--cols", COLUMNS, "--rows", ROWS)
    run(tools / "bin/asciinema", "rec", "-q", "--overwrite", *size, "-c", "echo '$ make demo'; make -s demo", CAST)
    lines = CAST.read_text(encoding="utf-8").splitlines()
    CAST.write_text("\n".join(retimed(lines)) + "\n", encoding="utf-8")
    run("npx", "--yes", "svg-term-cli@2.1.1", "--in", CAST, "--out", SVG, "--window", "--no-cursor")
    # The licence of this file; and drawn for a font of 0.6 em, a wider one would stand out over the edge.
    licence = "\n".join(line[2:] for line in Path(__file__).read_text(encoding="utf-8").splitlines()[:3])
    drawn = SVG.read_text(encoding="utf-8").replace('font-size="1.67"', 'font-size="1.64"')
    SVG.write_text(f"<!--\n{licence}\n-->\n{drawn}\n", encoding="utf-8")
    print(f"{SVG.relative_to(ROOT)}: {SVG.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()
