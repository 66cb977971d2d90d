# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report's entries of hosts that could not be measured, and the report around all entries."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

SCHEMA = 1
# What an interpreter says that cannot read Ansible's wrapper (before 3.8) or this collection (before 3.9).
_OLD_PYTHON = ("SyntaxError", "minimum of Python", "future feature annotations", "object is not subscriptable")


def empty_entry(status: str, reason: str) -> dict[str, Any]:
    """Return the entry of a host about which nothing was measured (``error``, ``unreachable``, ``not_run``)."""
    return {
        "status": status,
        "reason": reason,
        "first_loss": None,
        "main_loss": None,
        "findings": [],
        "windows": [],
        "blind_spots": [],
        "unknowns": [],
        "rules": [],
        "rounds": 0,
        "changes": [],
    }


def build_report(hosts: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the report of all hosts, made now (RFC 3339, UTC)."""
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    return {"schema": SCHEMA, "generated_at": now.isoformat().replace("+00:00", "Z"), "hosts": dict(hosts)}


def failure_reason(result: Mapping[str, Any]) -> str:
    """Return why a module failed, in one line, from what Ansible made of its result."""
    said = str(result.get("msg") or "").strip()
    stderr = str(result.get("module_stderr") or result.get("stderr") or "").strip()
    if any(sign in said + stderr for sign in _OLD_PYTHON):
        return (
            "the host's Python is too old: the audit needs 3.9 or newer; name one with ansible_python_interpreter "
            f"({(stderr or said).splitlines()[-1].strip()})"
        )
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    reason = lines[0] if lines else "the module failed without a message"
    if stderr and stderr.splitlines()[-1].strip() not in reason:
        reason += f" ({stderr.splitlines()[-1].strip()})"
    return reason
