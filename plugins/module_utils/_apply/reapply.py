# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make the remembered requests of one device again: what the unit runs when udev has seen the device.

All families are made when a device appears: at boot, after its driver was loaded anew. When only queues were made
anew, by a channel change, what may cut the link stays as that change left it, and the rest is made again.

First comes what a device that is down can take, before anybody uses it. Many drivers ask for their interrupts when the
device is brought up, so everything is made once more then: only that which differs is written.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from typing import Any, Callable

from ansible_collections.rxpath.linux.plugins.module_utils._apply import boot
from ansible_collections.rxpath.linux.plugins.module_utils._apply.carry_out import tune
from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import KnobError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.families import family
from ansible_collections.rxpath.linux.plugins.module_utils._apply.family import Request
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._apply.incarnation import is_applied, mark_applied
from ansible_collections.rxpath.linux.plugins.module_utils._apply.lease import LeaseHeldError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.take_back import GuardedError
from ansible_collections.rxpath.linux.plugins.module_utils._facts.irqs import device_irqs, irq_name
from ansible_collections.rxpath.linux.plugins.module_utils._plan.order import family_rank

# A device that nobody brings up within this time is left as it is, without its interrupts.
_UP_SECONDS = 300.0
# After that it has its interrupts in a moment, or (one queue, no MSI) never.
_IRQ_SECONDS = 10.0
# The lease of a run that was killed lasts a while.
_LEASE_SECONDS = 900.0
_POLL = 0.5
# A pass that changes nothing is the last: whatever queues came meanwhile were seen by it.
_PASSES = 5
_IFF_UP = 0x1


def main(arguments: list[str]) -> int:
    """Make the requests of the device named again. Returns 1 where one could not be made."""
    host = Host()
    failures: list[str] = []
    for name in arguments:
        failures.extend(_device(host, name))
    for failure in failures:
        sys.stderr.write(failure + "\n")
    return 1 if failures else 0


def _device(host: Host, name: str) -> list[str]:
    """Make the requests of one device; return what failed."""
    if not os.path.exists(host.path(f"/sys/class/net/{name}")):
        return []
    requests = sorted(boot.requests_for(host, name), key=lambda item: family_rank(item["family"]))
    gentle = [item for item in requests if not family(item["family"]).cuts_link]
    failures: dict[str, str] = {}
    if not is_applied(host, name):
        _pass(host, requests, failures)
    mark_applied(host, name)
    if gentle:
        if not _await_interrupts(host, name):
            sys.stderr.write(f"{name} is down: its interrupts are placed when it appears anew\n")
        for _number in range(_PASSES):
            time.sleep(_POLL)
            if not _pass(host, gentle, failures):
                break
    return list(failures.values())


def _pass(host: Host, requests: list[Request], failures: dict[str, str]) -> bool:
    """Make requests, tell what was changed, keep by family what failed last; return whether anything was changed."""
    changed = False
    for request in requests:
        name = request["family"]
        failures.pop(name, None)
        try:
            result = _patiently(host, request)
        except (KnobError, OSError) as error:
            failures[name] = f"{request['interface']}: {name}: {error}"
            continue
        if result is None:
            continue
        for row in result["changes"]:
            sys.stdout.write(f"{row['knob']} {row['target']}: {row['from']} -> {row['to']}\n")
        if result["refused"]:
            failures[name] = f"{request['interface']}: {name}: " + "; ".join(result["refused"])
        changed = changed or result["changed"]
    sys.stdout.flush()
    return changed


def _patiently(host: Host, request: Request) -> dict[str, Any] | None:
    """Make a request when whoever is changing the host has finished. Raises KnobError, LeaseHeldError, GuardedError.

    Nothing is made where it is remembered no longer, None returned where that was so from the beginning: who was waited
    for, here or for the device to be brought up, may have asked for something else, or have been a rollback.
    """
    end = time.monotonic() + _LEASE_SECONDS
    while _is_remembered(host, request):
        try:
            return tune(host, request, check=False, scope="running", still_wanted=lambda: _is_remembered(host, request))
        except (LeaseHeldError, GuardedError):
            if time.monotonic() > end:
                raise
            time.sleep(2 * _POLL)
    return None


def _is_remembered(host: Host, request: Request) -> bool:
    """Tell whether a request still holds for its device."""
    return request in boot.requests_for(host, str(request["interface"]))


def _await_interrupts(host: Host, name: str) -> bool:
    """Wait, within bounds, until a device is up and has asked for its interrupts; tell whether it is up."""
    if not _await(lambda: _is_up(host, name), _UP_SECONDS):
        return False
    _await(lambda: _has_interrupts(host, name), _IRQ_SECONDS)
    return True


def _await(condition: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(_POLL)
    return True


def _is_up(host: Host, name: str) -> bool:
    """Tell whether a device is administratively up; one that is gone is waited for no longer."""
    with contextlib.suppress(OSError, ValueError):
        text = host.read_text(f"/sys/class/net/{name}/flags")
        return text is None or bool(int(text, 16) & _IFF_UP)
    return True


def _has_interrupts(host: Host, name: str) -> bool:
    reader = host.reader()
    return any(irq_name(reader, irq) is not None for irq in device_irqs(reader, name))
