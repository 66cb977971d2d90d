# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The traffic programs: compiled where a C compiler is present, otherwise their Python twins."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import List

HERE = Path(__file__).parent / "programs"


def compiled(name: str) -> Path:
    """Return the program built from ``programs/NAME.c``, built once for each text of the source."""
    source = HERE / (name + ".c")
    digest = hashlib.sha256(source.read_bytes()).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / ("rxpath-matrix-%d-%s" % (os.getuid(), digest))
    target = folder / ("rx-" + name)
    if not target.exists():
        folder.mkdir(exist_ok=True)
        scratch = folder / ("%s.%d" % (name, os.getpid()))
        subprocess.run(["cc", "-O2", "-o", str(scratch), str(source)], check=True)
        scratch.rename(target)
    return target


def command(name: str) -> List[str]:
    """Return the command line of a program: C where there is a compiler, else Python; ``pydrain`` always Python."""
    if (HERE / (name + ".c")).exists() and shutil.which("cc"):
        return [str(compiled(name))]
    return [sys.executable, str(HERE / ("drain.py" if name == "pydrain" else name + ".py"))]
