# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The programs that the test hosts need, and the distribution's packages that hold them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from steps.runner import Shell, StepSkippedError

# program: (Debian's packages, Fedora's packages); where the second is empty, what needs the program is left out there
PROGRAMS = {
    "cc": ("gcc libc6-dev", "gcc glibc-devel"),
    "chromium": ("chromium", "chromium"),
    "dnsmasq": ("dnsmasq-base", "dnsmasq"),
    "dig": ("bind9-dnsutils", "bind-utils"),
    "ethtool": ("ethtool", "ethtool"),
    "ip": ("iproute2", "iproute"),
    "mkfs.ext4": ("e2fsprogs", "e2fsprogs"),
    "mmdebstrap": ("mmdebstrap debian-archive-keyring", ""),
    "nft": ("nftables", "nftables"),
    "nsd": ("nsd", "nsd"),
    "prometheus-node-exporter": ("prometheus-node-exporter", ""),
    "promtool": ("prometheus", ""),
    "ssh": ("openssh-client", "openssh-clients"),
    "sshd": ("openssh-server", "openssh-server"),
    "tc": ("iproute2", "iproute-tc"),
}
SBIN = "/usr/local/sbin:/usr/sbin:/sbin"
POLICY = Path("/usr/sbin/policy-rc.d")


def missing() -> list[str]:
    """Return the programs that are not on this machine and could be."""
    fedora = shutil.which("apt-get") is None and shutil.which("dnf") is not None
    path = f"{os.environ['PATH']}:{SBIN}"
    return [name for name, packages in PROGRAMS.items() if packages[fedora] and shutil.which(name, path=path) is None]


def install_packages(shell: Shell) -> None:
    """Install what is missing, or skip with one line that says what it is."""
    lacking = missing()
    if not lacking:
        return
    manager = next((name for name in ("apt-get", "dnf") if shutil.which(name)), None)
    packages = sorted({package for name in lacking for package in PROGRAMS[name][manager == "dnf"].split()})
    if manager is None or os.geteuid() != 0:
        raise StepSkippedError(f"install as root: {' '.join(packages)}")
    if manager == "dnf":
        shell.run(["dnf", "install", "-y", *packages])
    else:
        _apt_install(shell, packages)
    still = missing()
    if still:
        raise StepSkippedError(f"installed {' '.join(packages)} and yet there is no {', '.join(still)}")


def _apt_install(shell: Shell, packages: list[str]) -> None:
    # Debian starts a server as soon as it is installed, on all addresses, unless this file says no.
    ours = not POLICY.exists()
    if ours:
        POLICY.write_text("#!/bin/sh\nexit 101\n", encoding="utf-8")
        POLICY.chmod(0o755)
    try:
        shell.run(["apt-get", "update", "-qq"])
        shell.run(
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages],
            env={"DEBIAN_FRONTEND": "noninteractive"},
        )
    finally:
        if ours:
            POLICY.unlink()
