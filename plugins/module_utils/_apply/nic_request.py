# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One request to a NIC's driver, its refusal as a sentence that names interface, driver, what was asked and why not."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator

from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import KnobError, NotSupportedError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.ethtool_write import EthtoolWriter
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from ansible_collections.rxpath.linux.plugins.module_utils._collect.ethtool import EthtoolError

_WHY = {
    errno.EBUSY: "the driver is busy",
    errno.EINVAL: "the driver takes no such value",
    errno.ENODEV: "no such network interface",
    errno.ENOMEM: "the driver found no memory for it, or takes no such value",
}


@contextlib.contextmanager
def asking(host: Host, device: str, what: str) -> Iterator[EthtoolWriter]:
    """Give a socket for requests about ``device``, and raise what fails as NotSupportedError or KnobError.

    ``what`` completes "could not …": "set the rx ring to 5000". An image below a directory has no driver to ask.
    """
    if host.root != "/":
        raise NotSupportedError(f"{device}: could not {what}: there is no driver to ask below {host.root}")
    with contextlib.closing(EthtoolWriter()) as tool:
        try:
            yield tool
        except EthtoolError as error:
            raise _reported(tool, device, what, error.errno or errno.EIO) from error
        except ParseError as error:
            raise KnobError(f"{device}: could not {what}: {error}") from error


def driver_name(tool: EthtoolWriter, device: str) -> str:
    """Return the driver's name, "no driver" for a device that has none."""
    try:
        driver = tool.driver(device)
    except (EthtoolError, ParseError):
        return "no driver"
    return driver.name if driver is not None else "no driver"


def _reported(tool: EthtoolWriter, device: str, what: str, number: int) -> KnobError:
    who = f"{device} ({driver_name(tool, device)})"
    if number == errno.EOPNOTSUPP:
        return NotSupportedError(f"{who}: could not {what}: the driver does not support it")
    if number in (errno.EPERM, errno.EACCES):
        root = os.geteuid() == 0
        why = "this needs CAP_NET_ADMIN over its network namespace" if root else "this needs root (become: true)"
    else:
        why = _WHY.get(number, os.strerror(number))
    return KnobError(f"{who}: could not {what}: {why} ({errno.errorcode.get(number, number)})")
