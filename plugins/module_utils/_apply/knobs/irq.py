# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The knob "irq": the CPUs that an interrupt may go to. Target (device, the queues it serves); value a CPU list.

What was asked for (smp_affinity_list) is the value, not what is in effect: with virtio_net and vmxnet3 the effective
CPU follows with the next interrupt.
"""

from __future__ import annotations

import errno
import os
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import KnobError, NotSupportedError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._apply.interrupts import Numbers, affinity_path
from ansible_collections.rxpath.linux.plugins.module_utils._apply.knob import RUNNING
from ansible_collections.rxpath.linux.plugins.module_utils._collect.cpulist import format_cpulist, parse_cpulist
from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from ansible_collections.rxpath.linux.plugins.module_utils._plan.change import Target

# What a write gives for an interrupt that the kernel manages (PCI_IRQ_AFFINITY): EIO, since Linux 6.12 EPERM.
_MANAGED = (errno.EIO, errno.EPERM)


class IrqKnob:
    """Found by the queues, not by the number: that changes with every boot and with every change of channels."""

    name = "irq"
    scopes = RUNNING
    by_file = False

    def __init__(self) -> None:
        self._numbers = Numbers()

    def read(self, host: Host, target: Target) -> Any:
        """Return the list as asked for. NotSupportedError where no interrupt serves these queues."""
        path = affinity_path(self._find(host, target)[0])
        try:
            text = host.read_text(path)
            return None if text is None else format_cpulist(parse_cpulist(text))
        except (OSError, ParseError) as error:
            raise KnobError(f"{target}: could not read {path}: {error}") from error

    def write(self, host: Host, target: Target, value: Any) -> None:
        """Set the list. NotSupportedError for an interrupt that the kernel manages."""
        for number in self._find(host, target):
            try:
                host.write_text(affinity_path(number), f"{value}\n")
            except OSError as error:
                raise _reported(target, number, value, error) from error

    def _find(self, host: Host, target: Target) -> list[int]:
        numbers = self._numbers.find(host, target.device, target.item)
        if not numbers:
            raise NotSupportedError(f"{target}: no interrupt serves this")
        return numbers


def _reported(target: Target, number: int, value: Any, error: OSError) -> KnobError:
    who = f"{target} (interrupt {number})"
    if error.errno in _MANAGED and os.geteuid() == 0:
        return NotSupportedError(f"{who}: the kernel manages this interrupt; it cannot be moved")
    if error.errno == errno.ENOENT:
        return NotSupportedError(f"{who}: its CPUs cannot be set on this machine")
    if error.errno in (errno.EINVAL, errno.ERANGE, errno.EOVERFLOW):
        return KnobError(f"{who}: none of the CPUs {value} is online")
    if error.errno == errno.ENOSPC:
        return KnobError(f"{who}: CPU {value} has no interrupt vector left")
    return KnobError(f"{who}: could not be moved to CPUs {value}: {error.strerror}")
