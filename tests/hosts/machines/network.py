# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The bed's data networks: tap devices and bridges in the supervisor's own network namespace."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import struct
from pathlib import Path
from typing import Dict, List

from . import places
from .catalogue import Entry
from .errors import MachinesUnavailableError

# linux/if_tun.h
_TUNSETIFF, _TUNSETQUEUE = 0x400454CA, 0x400454D9
_IFF_TAP, _IFF_NO_PI, _IFF_MULTI_QUEUE, _IFF_VNET_HDR = 0x0002, 0x1000, 0x0100, 0x4000
_IFF_ATTACH_QUEUE = 0x0200
VIRTIO_QUEUES = 4
# A burst is then lost, if at all, in the guest's interface and not here.
QUEUE_LENGTH = 20000


class Network:
    """One guest's side of it: an open file for each queue of each tap, kept while the bed lives."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.taps: Dict[str, List[int]] = {}

    def build(self) -> None:
        """Make the devices, with fixed neighbour entries, so that no datagram waits for an answer to ARP."""
        if not Path("/dev/net/tun").exists():
            raise MachinesUnavailableError("there is no /dev/net/tun")
        Path("/proc/sys/net/ipv6/conf/all/disable_ipv6").write_text("1")
        Path("/proc/sys/net/ipv6/conf/default/disable_ipv6").write_text("1")
        batch = ["link set lo up"]
        for nic in self.entry.nics:
            queues = VIRTIO_QUEUES if nic.model.startswith("virtio") else 1
            self.taps[nic.key] = [_open_tap(nic.tap, queues > 1) for _ in range(queues)]
            batch += [f"link set {nic.tap} txqueuelen {QUEUE_LENGTH} up"]
        learned = []
        for number, nics in self.entry.networks.items():
            device = nics[0].tap
            if len(nics) > 1:
                # Ageing off for as long as a bed lives: an unknown address would be flooded to every port.
                device = f"br{number}"
                batch.append(f"link add {device} type bridge ageing_time 100000000 mcast_snooping 0")
                batch += [f"link set {nic.tap} master {device}" for nic in nics]
                batch.append(f"link set {device} up")
                learned += [f"fdb replace {nic.mac} dev {nic.tap} master dynamic" for nic in nics]
            batch.append(f"addr add 10.77.{number}.1/24 dev {device}")
            batch += [f"neigh replace {nic.address} lladdr {nic.mac} dev {device} nud permanent" for nic in nics]
        places.run(["ip", "-batch", "-"], 30, stdin="\n".join(batch))
        if learned:
            places.run(["bridge", "-batch", "-"], 30, stdin="\n".join(learned))

    def renew(self) -> None:
        """Throw away what waits for a QEMU that is no more, and undo what it has done to its taps."""
        for taps in self.taps.values():
            for descriptor in taps:
                if len(taps) > 1:
                    # A guest that uses fewer queues has the others detached; EINVAL tells of one that is not.
                    with contextlib.suppress(OSError):
                        fcntl.ioctl(descriptor, _TUNSETQUEUE, struct.pack("16sH22x", b"", _IFF_ATTACH_QUEUE))
                with contextlib.suppress(BlockingIOError):
                    while os.read(descriptor, 1 << 17):
                        pass


def _open_tap(name: str, multiple: bool) -> int:
    descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    flags = _IFF_TAP | _IFF_NO_PI | _IFF_VNET_HDR | (_IFF_MULTI_QUEUE if multiple else 0)
    try:
        fcntl.ioctl(descriptor, _TUNSETIFF, struct.pack("16sH22x", name.encode(), flags))
    except OSError as error:
        if error.errno in (errno.EPERM, errno.ENOSYS, errno.EINVAL):
            raise MachinesUnavailableError(f"tap devices are refused: {error.strerror}") from error
        raise
    return descriptor
