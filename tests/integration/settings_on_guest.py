# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All settings of a guest that the tuning might touch, as JSON: runs on the guest, needs nothing of the collection.

    python3 - INTERFACE... < settings_on_guest.py

Values by what they are; a text each. Interrupts go by their names, since their numbers change from boot to boot, and
those that serve no queue (link changes) are left out: the tuning leaves them to irqbalance.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import time

_OF_ETHTOOL = (("-g",), ("-l",), ("-x",), ("-c",), ("-n", "rx-flow-hash", "udp4"), ("-n", "rx-flow-hash", "udp6"))
_OF_QUEUES = ("rps_cpus", "rps_flow_cnt", "xps_cpus", "xps_rxqs", "tx_maxrate")


def read(path: str) -> str | None:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return None


def sysctls() -> dict[str, str]:
    paths = [os.path.join(folder, name) for folder, _, names in os.walk("/proc/sys/net") for name in names]
    return {f"sysctl {path[10:]}": text for path in paths if (text := read(path)) is not None}


def of_ethtool(name: str) -> dict[str, str]:
    found = {}
    for option, *words in _OF_ETHTOOL:
        done = subprocess.run(["ethtool", option, name, *words], capture_output=True, text=True, check=False)
        # The key of the hash is drawn at random when the machine boots.
        text = re.sub(r"RSS hash key:\n.*\n", "", done.stdout)
        found[" ".join(["ethtool", option, name, *words])] = text + done.stderr
    return found


def queue_files(name: str) -> dict[str, str]:
    base = f"/sys/class/net/{name}/queues"
    paths = [f"{base}/{queue}/{file}" for queue in os.listdir(base) for file in _OF_QUEUES]
    return {path: text for path in paths if (text := read(path)) is not None}


def interrupts(names: list[str]) -> dict[str, str]:
    """Return the CPUs that each queue's interrupt may go to; which ones are a device's, its folder in sysfs tells."""
    found = {}
    lines = {
        line.split(":")[0].strip(): line.split()[-1]
        for line in (read("/proc/interrupts") or "").split("\n")
        if ":" in line
    }
    for name in names:
        device = os.path.realpath(f"/sys/class/net/{name}/device")
        if os.path.basename(device).startswith("virtio"):
            device = os.path.dirname(device)
        for irq in os.listdir(device + "/msi_irqs"):
            action = lines.get(irq, "")
            if re.search(r"(-(rx|tx|rxtx|txrx)-\d+|-(input|output)\.\d+)$", action, re.IGNORECASE):
                found[f"interrupt {name} {action}"] = read(f"/proc/irq/{irq}/smp_affinity_list") or ""
    return found


def tree(top: str) -> dict[str, str]:
    """Return mode, owner and content of all in a directory."""
    found = {}
    for folder, folders, names in os.walk(top):
        for name in [*folders, *names]:
            path = os.path.join(folder, name)
            about = os.lstat(path)
            if os.path.islink(path):
                content = os.readlink(path)
            elif os.path.isfile(path):
                with open(path, "rb") as file:
                    content = hashlib.sha256(file.read()).hexdigest()
            else:
                content = ""
            found[path] = f"{about.st_mode:o} {about.st_uid}:{about.st_gid} {content}"
    return found


def units() -> str:
    """Return the unit files. On an emulated machine under load systemd does not always answer in time."""
    for attempt in range(5):
        done = subprocess.run(
            ["systemctl", "list-unit-files", "--no-legend", "--full"],
            capture_output=True,
            text=True,
            check=attempt == 4,
        )
        if done.returncode == 0:
            return done.stdout
        time.sleep(3)
    return ""


def main() -> None:
    names = sys.argv[1:]
    found = {**sysctls(), **interrupts(names), **tree("/etc")}
    for name in names:
        found.update(of_ethtool(name))
        found.update(queue_files(name))
    found["units"] = units()
    found["kept"] = str(os.path.exists("/var/lib/rxpath-linux"))
    # The empty file by which runs take turns is that of the running system, not of the next.
    here = os.listdir("/run/rxpath-linux") if os.path.exists("/run/rxpath-linux") else []
    found["running"] = " ".join(sorted(set(here) - {"lease.lock"}))
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
