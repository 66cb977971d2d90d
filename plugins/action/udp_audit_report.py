# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write one report for all hosts of the play, print its summary, and set the run's statistics."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.utils.color import ANSIBLE_COLOR
from ansible_collections.rxpath.linux.plugins.plugin_utils._text import render_text
from ansible_collections.rxpath.linux.plugins.plugin_utils.audit_action import AuditAction, display, registered
from ansible_collections.rxpath.linux.plugins.plugin_utils.convert import SettingError
from ansible_collections.rxpath.linux.plugins.plugin_utils.entries import build_report, empty_entry
from ansible_collections.rxpath.linux.plugins.plugin_utils.report import ReportError, write_reports
from ansible_collections.rxpath.linux.plugins.plugin_utils.settings import misspelt, normalise


class ActionModule(AuditAction):
    _VALID_ARGS = frozenset(("diagnosed", "variables"))

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        report = build_report(_entries(task_vars or {}, self.argument("diagnosed")))
        display.display(render_text(report, bool(ANSIBLE_COLOR)))
        try:
            settings = normalise(self.argument("variables"))
            # Workers keep the directory in which ansible-playbook was called, wherever the playbook lies.
            directory = os.path.abspath(os.path.expanduser(settings.report_dir))
            paths = write_reports(report, directory, settings.report_formats)
        except (SettingError, ReportError) as error:
            raise AnsibleActionFail(str(error)) from None
        if paths:
            display.display(f"\nreports: {_shown(paths)}")
        unknown = misspelt(task_vars or {})
        if unknown:
            # The first warning of them is far above by now, and the verdict is not of the run that was meant.
            display.warning(f"the audit ran without what it does not know: {', '.join(unknown)}")
        return {
            "changed": False,
            "reports": paths,
            "ansible_stats": {"data": _statistics(report, paths), "per_host": False, "aggregate": False},
        }


def _shown(paths: Mapping[str, str]) -> str:
    """Return where the reports are: the page to open first, the rest lies beside it."""
    first, *rest = sorted(paths.values(), key=lambda path: (not path.endswith(".html"), path))
    beside = ", ".join(os.path.basename(path) for path in rest)
    return f"{first}, and beside it {beside}" if beside else first


def _entries(task_vars: Mapping[str, Any], name: str) -> dict[str, Mapping[str, Any]]:
    missing = empty_entry("not_run", "the run ended on this host before it was measured")
    return {host: result.get("entry") or missing for host, result in registered(task_vars, name)}


def _statistics(report: Mapping[str, Any], paths: Mapping[str, str]) -> dict[str, Any]:
    """Return what AWX shows of a run: hosts by status, the status and main loss of each, where the reports are."""
    hosts = report["hosts"]
    statuses = [entry["status"] for entry in hosts.values()]
    return {
        "udp_audit": {
            "statuses": {status: statuses.count(status) for status in sorted(set(statuses))},
            "hosts": {
                name: {"status": entry["status"], "main_loss": entry["main_loss"], "reason": entry["reason"]}
                for name, entry in hosts.items()
            },
            "reports": dict(paths),
        }
    }
