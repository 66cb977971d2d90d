# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host looked at and planned: the survey, and each request's changes as its family predicts them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._apply.carry_out import predict
from ansible_collections.rxpath.linux.plugins.module_utils._apply.family import Request
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._apply.survey import read_survey
from ansible_collections.rxpath.linux.plugins.module_utils._plan.change import as_results
from ansible_collections.rxpath.linux.plugins.module_utils._plan.host_plan import host_plan


def plan_host(host: Host, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return host_plan's plan of this host. Only reads. Raises KnobError, NoSuchInterfaceError."""
    survey = read_survey(host)
    if survey["image"] and not settings["persist_only"]:
        host.log("an image: nothing runs here that could be set")
        settings = {**settings, "persist_only": True}
    scope = "boot" if settings["persist_only"] else "both"

    def changes_of(request: Request) -> dict[str, Any]:
        plan = predict(host, request, scope=scope)
        return {
            "changes": as_results(plan.changes),
            "unsupported": plan.unsupported,
            "refused": plan.refused,
            "warnings": plan.warnings,
            "notes": plan.notes,
        }

    return {**host_plan(settings, survey, changes_of), "scope": scope}
