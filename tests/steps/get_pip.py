# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Gives a virtual environment its pip from the interpreter's own ensurepip.

``ansible-test`` wants to download a script of this name from a host of its own, for every environment that it makes.
With this one in its cache, no host but the package index is needed.
"""

from __future__ import annotations

import subprocess
import sys

subprocess.run([sys.executable, "-m", "ensurepip", "--default-pip"], check=True, stdout=subprocess.DEVNULL)
# The pip that came is good enough; what else was asked for is installed with it.
words = [word for word in sys.argv[1:] if not word.startswith(("--no-setuptools", "--no-wheel", "pip=="))]
if any(not word.startswith("-") for word in words):
    subprocess.run([sys.executable, "-m", "pip", "install", *words], check=True)
