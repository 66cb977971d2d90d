# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write a report in every format asked for, each file whole or not at all."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from typing import Any

from ansible_collections.rxpath.linux.plugins.plugin_utils._html import render_html
from ansible_collections.rxpath.linux.plugins.plugin_utils._junit import render_junit
from ansible_collections.rxpath.linux.plugins.plugin_utils._metrics import render_metrics
from ansible_collections.rxpath.linux.plugins.plugin_utils._plain import plain


class ReportError(Exception):
    """A report could not be written; the message says what was tried, where, and why it failed."""


def render_json(report: dict[str, Any]) -> str:
    """Return report.json: ASCII only, so that any name a host has survives every reader, and without NaN."""
    return json.dumps(plain(report), indent=1, allow_nan=False) + "\n"


_METRICS = ("metrics.prom", render_metrics)
FORMATS: dict[str, tuple[str, Callable[[dict[str, Any]], str]]] = {
    "json": ("report.json", render_json),
    "html": ("report.html", render_html),
    "junit": ("junit.xml", render_junit),
    "prometheus": _METRICS,
    "metrics": _METRICS,
}


def write_reports(report: dict[str, Any], directory: str, formats: list[str]) -> dict[str, str]:
    """Write the report into a directory, which is made if need be, and return the path of each format.

    Every file is rendered before the first is written, has mode 0644 whatever the umask, and replaces its
    predecessor in one step.

    Raises:
        ReportError: a format that does not exist, or a directory that cannot be made or written.
    """
    unknown = [name for name in formats if name not in FORMATS]
    if unknown:
        raise ReportError(f"unknown report format '{unknown[0]}'; there are: {', '.join(FORMATS)}")
    rendered = {name: FORMATS[name][1](report) for name in dict.fromkeys(formats)}
    target = os.path.abspath(os.path.expanduser(directory))
    return {name: write_file(target, FORMATS[name][0], text, "udp_audit_report_dir") for name, text in rendered.items()}


def write_file(directory: str, name: str, text: str, variable: str) -> str:
    """Write one file into a directory, which is made if need be, and return its path.

    Raises:
        ReportError: a directory that cannot be made or written; ``variable`` is the one that named it.
    """
    try:
        os.makedirs(directory, mode=0o755, exist_ok=True)
    except OSError as error:
        raise ReportError(f"{variable}: cannot make the directory '{directory}': {error.strerror}") from error
    path = os.path.join(directory, name)
    _write(path, text)
    return path


def _write(path: str, text: str) -> None:
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{os.path.basename(path)}.", dir=os.path.dirname(path))
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
            os.fchmod(stream.fileno(), 0o644)
        os.replace(temporary, path)
    except OSError as error:
        if temporary is not None and os.path.exists(temporary):
            os.unlink(temporary)
        raise ReportError(f"cannot write the report '{path}': {error.strerror}") from error
