# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The units of the watch: a timer, and a service that may read everything of the network and write to two places.

Sources: man 5 systemd.exec, systemd.service, systemd.timer, systemd.resource-control; man 7 capabilities. Pure text.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from typing import NamedTuple

from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import KnobError

NAME = "rxpath-linux-watch"
SERVICE = f"/etc/systemd/system/{NAME}.service"
TIMER = f"/etc/systemd/system/{NAME}.timer"
# What `systemctl enable` makes of the timer's [Install].
WANTED = f"/etc/systemd/system/timers.target.wants/{NAME}.timer"
ARCHIVE = f"/var/lib/{NAME}/rxpath_linux_watch.pyz"
RUNTIME = f"/run/{NAME}"

_SERVICE = """\
# Written by the Ansible collection rxpath.linux, removed by its role udp_watch with udp_watch_state: absent.
# Directories made for it: {made}
[Unit]
Description=Counters of the UDP receive path for Prometheus
StartLimitIntervalSec=0

[Service]
Type=oneshot
ExecStart={python} -I {archive} --directory {directory} --interval {interval} \\
    --namespaces {namespaces} --sockets {sockets}
TimeoutStartSec={timeout}
# What it leaves is whole at any moment.
SuccessExitStatus=SIGTERM
# Several thousand times a day nobody wants to read that it was started; warnings and errors are in the journal.
LogLevelMax=notice
# It writes to stderr when it failed, and only then; by default that would be dropped as "info".
SyslogLevel=err
# It enters network namespaces (SYS_ADMIN), sees whose they are and who holds a socket (SYS_PTRACE, {dac}), and lists
# the rules of nftables (NET_ADMIN). No device, no file, no setting is written but these two places.
CapabilityBoundingSet=CAP_SYS_ADMIN CAP_SYS_PTRACE CAP_NET_ADMIN CAP_{dac}
NoNewPrivileges=yes
ProtectSystem=strict
ReadWritePaths={directory}
RuntimeDirectory={name}
RuntimeDirectoryMode=0700
RuntimeDirectoryPreserve=yes
ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes
DevicePolicy=closed
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
# Not ProtectKernelModules=, which hides the list of what the kernel has built in: without it a look at nftables could
# make the kernel load them. Loading is refused below.
RestrictNamespaces=net
RestrictAddressFamilies=AF_INET AF_NETLINK
IPAddressDeny=any
LockPersonality=yes
MemoryDenyWriteExecute=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
KeyringMode=private
UMask=0077
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources @module
SystemCallErrorNumber=EPERM
Nice=5
CPUQuota=25%
MemoryMax=128M
TasksMax=4
OOMScoreAdjust=500
"""

_TIMER = """\
# Written by the Ansible collection rxpath.linux, removed by its role udp_watch with udp_watch_state: absent.
[Unit]
Description=Counters of the UDP receive path for Prometheus, every {interval} s

[Timer]
OnActiveSec=1s
OnUnitActiveSec={interval}s
AccuracySec=500ms

[Install]
WantedBy=timers.target
"""
_LEAST, _MOST = 5, 3600
# PrivateTmp=, PrivateDevices=, and what is no place for files.
_HIDDEN = ("/tmp", "/var/tmp", "/dev", "/proc", "/sys")  # noqa: S108
_PLAIN = re.compile(r"/[A-Za-z0-9._@+/-]+\Z")
_MADE = re.compile(r"^# Directories made for it:(.*)$", re.MULTILINE)
_DIRECTORY = re.compile(r"^ReadWritePaths=(.+)$", re.MULTILINE)


class Wish(NamedTuple):
    """What the watch is to be like; the interval in seconds."""

    directory: str
    interval: int = 15
    namespaces: int = 300
    sockets: int = 20


def check(wish: Wish) -> Wish:
    """Return the wish with a tidy directory. Raises KnobError where something is out of its range."""
    directory = posixpath.normpath(wish.directory) if wish.directory else ""
    if not _PLAIN.match(directory) or directory.startswith("//") or ".." in directory.split("/"):
        raise KnobError(f"directory: {wish.directory!r} is no plain absolute path")
    for hidden in _HIDDEN:
        if f"{directory}/".startswith(hidden + "/"):
            raise KnobError(f"directory: {directory} is not possible; the service has a {hidden} of its own")
    for name, value, least, most in (
        ("interval", wish.interval, _LEAST, _MOST),
        ("namespaces", wish.namespaces, 1, 10000),
        ("sockets", wish.sockets, 0, 1000),
    ):
        if not least <= value <= most:
            raise KnobError(f"{name}: {value} is not possible; it must be {least} to {most}")
    return wish._replace(directory=directory)


def service_text(wish: Wish, python: str, writable: bool, made: Sequence[str]) -> str:
    """Return the service.

    ``writable`` tells whether root may write to the directory as its owner; ``made`` are the directories to be
    removed with it.
    """
    return _SERVICE.format(
        name=NAME,
        made=" ".join(made) or "none",
        python=python,
        archive=ARCHIVE,
        directory=wish.directory,
        interval=wish.interval,
        namespaces=wish.namespaces,
        sockets=wish.sockets,
        # A run that hangs must not be there for ever; one takes a fraction of a second.
        timeout=max(30, wish.interval),
        dac="DAC_READ_SEARCH" if writable else "DAC_OVERRIDE",
    )


def timer_text(wish: Wish) -> str:
    """Return the timer."""
    return _TIMER.format(interval=wish.interval)


def made_of(service: str) -> list[str]:
    """Return the directories that a service's text says were made for it, the highest first."""
    found = _MADE.search(service)
    return [word for word in found[1].split() if word.startswith("/")] if found else []


def directory_of(service: str) -> str | None:
    """Return the directory that a service's text writes to."""
    found = _DIRECTORY.search(service)
    return found[1].strip() if found else None
