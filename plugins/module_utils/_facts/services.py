# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Programs that turn the same knobs: irqbalance and tuned, as far as files and /proc tell; nothing is started.

Source: man 1 irqbalance, its systemd unit of Debian and RHEL; man 8 tuned, /etc/tuned.
"""

from __future__ import annotations

import shlex
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._facts.irqbalance_ban import UNIT, banned_devices
from ansible_collections.rxpath.linux.plugins.module_utils._facts.reader import AS_ROOT, Reader
from ansible_collections.rxpath.linux.plugins.module_utils._facts.units import start_commands

# In the order in which the units read them: a later file wins.
_IRQBALANCE_FILES = ("/usr/lib/irqbalance/defaults.env", "/etc/default/irqbalance", "/etc/sysconfig/irqbalance")
_UNITS = ("/etc/systemd/system/multi-user.target.wants", "/etc/systemd/system/basic.target.wants")
_VARIABLE = ("$IRQBALANCE_ARGS", "${IRQBALANCE_ARGS}")
_PROGRAMS = ("/usr/sbin", "/usr/bin", "/sbin")


def service_facts(reader: Reader) -> dict[str, Any]:
    """Return {"irqbalance": …, "tuned": …}."""
    running = _running(reader, ("irqbalance", "tuned"))
    return {"irqbalance": _irqbalance(reader, running), "tuned": tuned_facts(reader, running)}


def irqbalance_installed(reader: Reader) -> bool:
    """Tell whether irqbalance is there, running or not."""
    return _installed(reader, "irqbalance")


def _running(reader: Reader, wanted: tuple[str, ...]) -> dict[str, str] | None:
    """Return name → pid of the wanted programs that run; None where other users' processes are hidden (hidepid)."""
    pids = [name for name in reader.names("/proc") if name.isdecimal()]
    if "1" not in pids:
        reader.unknown("irqbalance and tuned: whether they run", "/proc hides other users' processes", AS_ROOT)
        return None
    found: dict[str, str] = {}
    for pid in pids:
        name = reader.word(f"/proc/{pid}/comm")
        if name in wanted:
            found.setdefault(name, pid)
    return found


def _irqbalance(reader: Reader, running: dict[str, str] | None) -> dict[str, Any]:
    settings: dict[str, str] = {}
    for file in _IRQBALANCE_FILES:
        settings.update(parse_environment(reader.text(file) or ""))
    arguments = settings.get("IRQBALANCE_ARGS", settings.get("OPTIONS", ""))
    commands = start_commands(reader, UNIT)
    if commands:
        # The unit may have options of its own, beside those of the variable.
        words = (word for word in commands[-1].split()[1:] if word != "--foreground")
        arguments = " ".join(arguments if word in _VARIABLE else word for word in words).strip()
    pid = (running or {}).get("irqbalance")
    if pid is not None:
        # What it was really started with goes before what its files say.
        command = reader.text(f"/proc/{pid}/cmdline")
        arguments = " ".join((command or "").rstrip("\0").split("\0")[1:]) or arguments
    options = parse_options(arguments)
    return {
        **_state(reader, "irqbalance", running),
        "arguments": arguments,
        "banned_irqs": sorted(options.get("banirq", [])),
        "banned_modules": sorted(options.get("banmod", [])),
        "banned_devices": banned_devices(reader),
        "policy_script": next(reversed(options.get("policyscript", [])), None),
        "banned_cpus": settings.get("IRQBALANCE_BANNED_CPULIST") or settings.get("IRQBALANCE_BANNED_CPUS") or None,
    }


def tuned_facts(reader: Reader, running: dict[str, str] | None = None) -> dict[str, Any]:
    """Return whether tuned is installed, enabled and running, and its profile."""
    return {
        **_state(reader, "tuned", running),
        "profile": reader.word("/etc/tuned/active_profile") or None,
        "mode": reader.word("/etc/tuned/profile_mode") or None,
    }


def _state(reader: Reader, name: str, running: dict[str, str] | None) -> dict[str, Any]:
    return {
        "installed": _installed(reader, name),
        "enabled": any(f"{name}.service" in reader.names(directory) for directory in _UNITS),
        "running": None if running is None else name in running,
    }


def _installed(reader: Reader, name: str) -> bool:
    return any(reader.exists(f"{directory}/{name}") for directory in _PROGRAMS)


# IRQBALANCE_ARGS="--banirq=35 --banmod=igb"
def parse_environment(text: str) -> dict[str, str]:
    """Return the assignments of an EnvironmentFile of systemd. A line that is none is passed over."""
    values = {}
    for line in text.split("\n"):
        name, equals, value = line.strip().partition("=")
        if equals and name.isidentifier():
            values[name] = " ".join(_words(value))
    return values


def parse_options(arguments: str) -> dict[str, list[str]]:
    """Return name → values of the long options and of -i, -m and -l, which are irqbalance's short ones."""
    short = {"-i": "banirq", "-m": "banmod", "-l": "policyscript"}
    options: dict[str, list[str]] = {}
    words = _words(arguments)
    for index, word in enumerate(words):
        following = words[index + 1] if index + 1 < len(words) else None
        name, equals, value = word.partition("=")
        key = short.get(name) or (name[2:] if name.startswith("--") else None)
        if key is None:
            continue
        if equals:
            options.setdefault(key, []).append(value)
        elif following is not None and not following.startswith("-"):
            options.setdefault(key, []).append(following)
    return options


def _words(text: str) -> list[str]:
    """Split as a shell does; text with an open quote is split at blanks."""
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()
