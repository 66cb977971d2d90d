# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""QEMU's command line for a guest: the same words for the same guest, since a snapshot of memory fits no others."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, List, NamedTuple

from .catalogue import MANAGEMENT_MAC, Entry, Nic
from .emulator import Emulator
from .image import Image

# Mitigations cost an emulated kernel much; address randomisation would tell nothing.
KERNEL = "root=/dev/vda rw console=ttyS0 quiet mitigations=off nokaslr audit=0 apparmor=0 random.trust_cpu=on"


class Run(NamedTuple):
    """What differs from one start to the next: files, the port of this machine that is the guest's port 22, taps."""

    overlay: Path
    monitor: Path
    console: Path
    port: int
    taps: Dict[str, List[int]]


def machine(entry: Entry, emulator: Emulator) -> List[str]:
    """Return the arguments for processors and memory, with two nodes of two cores of two threads on request."""
    if not entry.numa:
        return ["-machine", "q35", *emulator.acceleration, "-smp", str(entry.cpus), "-m", str(entry.memory)]
    # What other models tell of their caches and threads, Linux does not always take for hyper-threads.
    acceleration = ["Nehalem" if word in ("max", "host") else word for word in emulator.acceleration]
    arguments = ["-machine", "q35", *acceleration, "-smp", f"{entry.cpus},sockets=2,cores=2,threads=2"]
    arguments += ["-m", str(entry.memory)]
    for node, cpus in enumerate(("0-3", "4-7")):
        arguments += ["-object", f"memory-backend-ram,id=memory{node},size={entry.memory // 2}M"]
        arguments += ["-numa", f"node,nodeid={node},cpus={cpus},memdev=memory{node}"]
    return [*arguments, "-device", "pxb-pcie,id=node1,numa_node=1,bus_nr=128,bus=pcie.0"]


def device(nic: Nic) -> Dict[str, object]:
    """Return a network interface as the monitor's device_add takes it."""
    made: Dict[str, object] = {"driver": nic.model, "id": nic.key, "netdev": f"net-{nic.key}", "mac": nic.mac}
    made.update({"bus": f"port-{nic.key}", "romfile": ""})
    if nic.model.startswith("virtio"):
        made.update({"mq": True, "vectors": 10, "rx_queue_size": 1024, "rss": True, "hash": True})
    return made


def fixed(entry: Entry, emulator: Emulator) -> List[str]:
    """Return what a snapshot depends on."""
    arguments = [*machine(entry, emulator), "-nodefaults", "-no-user-config", "-display", "none", "-append", KERNEL]
    arguments += ["-device", "virtio-blk-pci,drive=disk,bus=pcie.0"]
    arguments += ["-device", f"virtio-net-pci,netdev=management,mac={MANAGEMENT_MAC},bus=pcie.0,romfile="]
    for slot, nic in enumerate(entry.nics, start=1):
        # A port of its own: nothing can be plugged into the root bus while the guest runs.
        bus = "node1" if nic.node else "pcie.0"
        arguments += ["-device", f"pcie-root-port,id=port-{nic.key},bus={bus},chassis={slot},slot={slot}"]
        words = [str(value) if name == "driver" else f"{name}={_word(value)}" for name, value in device(nic).items()]
        arguments += ["-device", ",".join(words)]
    return arguments


def _word(value: object) -> str:
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)


def command(entry: Entry, emulator: Emulator, image: Image, run: Run) -> List[str]:
    """Return the whole command line, without the network namespace and without a snapshot to load."""
    arguments = ["-kernel", str(image.kernel), "-initrd", str(image.initrd)]
    arguments += ["-drive", f"file={run.overlay},if=none,id=disk,format=qcow2,cache=writeback"]
    arguments += ["-netdev", f"user,id=management,restrict=on,ipv6=off,hostfwd=tcp:127.0.0.1:{run.port}-:22"]
    for key, taps in run.taps.items():
        files = f"fd={taps[0]}" if len(taps) == 1 else f"fds={':'.join(map(str, taps))}"
        arguments += ["-netdev", f"tap,id=net-{key},{files},vhost=off"]
    arguments += ["-serial", f"file:{run.console}", "-qmp", f"unix:{run.monitor},server=on,wait=off"]
    return [*arguments, *fixed(entry, emulator)]
