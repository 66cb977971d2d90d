# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Pythons of this machine, and virtual environments made from them under ``.cache``."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Optional

from steps.runner import CACHE, ROOT, Shell, StepSkippedError

# What hosts may run. ansible-core itself asks for 3.11 and newer.
MINORS = range(9, 15)
CONSTRAINTS = ("constraints.txt",)


@functools.cache
def find_python(minor: int) -> Optional[Path]:
    """Return a working Python 3.``minor``, or None.

    Every candidate is run: a shim of pyenv is on the PATH whether or not the version behind it is switched on.
    """
    name = f"python3.{minor}"
    homes = [Path(sys.base_prefix) / "bin", *(Path(entry) for entry in os.get_exec_path())]
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    homes += sorted(pyenv.glob(f"3.{minor}.*/bin"), reverse=True)
    homes += sorted((Path.home() / ".local/share/uv/python").glob(f"cpython-3.{minor}.*/bin"), reverse=True)
    wanted = f"import ensurepip, sys, venv; sys.exit(sys.version_info[:2] != (3, {minor}))"
    for home in homes:
        python = home / name
        if python.exists() and subprocess.run([python, "-c", wanted], capture_output=True, check=False).returncode == 0:
            return python.resolve()
    return None


def need_python(minor: int) -> Path:
    """Return a working Python 3.``minor``; without one the step is skipped."""
    python = find_python(minor)
    if python is None:
        raise StepSkippedError(f"no Python 3.{minor} with venv on this machine")
    return python


def make_environment(
    shell: Shell, name: str, minor: int, *requirements: str, constraints: tuple[str, ...] = CONSTRAINTS
) -> Path:
    """Return the folder of a virtual environment that holds what requirements files name; reused where it fits.

    Files are named from the folder ``requirements``.
    """
    python = need_python(minor)
    folder = CACHE / name
    given = {"-r": requirements, "-c": constraints}
    pins = [(option, ROOT / "requirements" / one) for option, names in given.items() for one in names]
    wanted = "\n".join([str(ROOT), str(python), *(pin.read_text(encoding="utf-8") for _, pin in pins)])
    stamp = folder / "made-from"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        shell.run([python, "-m", "venv", folder])
        options = [word for pair in pins for word in pair]
        # -qq: without pip's warnings about indexes that do not hold every package.
        shell.run([folder / "bin/python", "-m", "pip", "install", "-qq", *options])
        stamp.write_text(wanted, encoding="utf-8")
    return folder


def python_links() -> Path:
    """Return a folder with a link ``python3.N`` to each Python found, to stand in the PATH before any shim."""
    folder = CACHE / "pythons"
    folder.mkdir(parents=True, exist_ok=True)
    for minor in MINORS:
        python, link = find_python(minor), folder / f"python3.{minor}"
        if python is not None and (not link.is_symlink() or link.readlink() != python):
            link.unlink(missing_ok=True)
            link.symlink_to(python)
    return folder
