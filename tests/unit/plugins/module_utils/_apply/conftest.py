# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host made of files: /proc/sys, /etc and /sys below a directory of the test's own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Callable

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host

MakeHost = Callable[..., Host]


def put(root: Path, files: Mapping[str, str]) -> None:
    """Write files, by their path on the host."""
    for path, text in files.items():
        place = root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)


@pytest.fixture
def make_host(tmp_path: Path) -> MakeHost:
    """Return a function that makes a host of sysctls (key in dots → text) and of further files."""

    def make(
        sysctls: Mapping[str, str] | None = None, files: Mapping[str, str] | None = None, root: Path = tmp_path
    ) -> Host:
        put(root, {"/proc/sys/" + key.replace(".", "/"): text for key, text in (sysctls or {}).items()})
        put(root, {"/proc/sys/kernel/random/boot_id": "one\n", "/etc/hostname": "", "/run/utmp": "", **(files or {})})
        put(root, {"/var/lib/.keep": ""})
        return Host(str(root))

    return make
