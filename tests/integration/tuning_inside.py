# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Cases of the write side on a real kernel, each run in a network and a mount namespace of its own.

    unshare --mount --net python tests/integration/tuning_inside.py CASE

What is changed belongs to the namespace: its own sysctls, a veth pair, and directories that are hidden behind empty
ones. ``sysctl``, ``ethtool`` and the files themselves tell what became of it.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable

from ansible_collections.rxpath.linux.plugins.module_utils._apply import lease
from ansible_collections.rxpath.linux.plugins.module_utils._apply.carry_out import tune
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._apply.rollback import rollback
from ansible_collections.rxpath.linux.tests.unit.plugins.module_utils._apply.dying import dies_before

FILE = "/etc/sysctl.d/99-udp-tuning.conf"
HIDDEN = ("/var/lib", "/run", "/etc/sysctl.d")
KEYS = ("net.ipv4.udp_rmem_min", "net.core.somaxconn")


def output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout


def hide() -> None:
    """Put empty file systems over everything that is written to."""
    output("mount", "--make-rprivate", "/")
    for place in HIDDEN:
        output("mount", "-t", "tmpfs", "tmpfs", place)
    output("mount", "-t", "sysfs", "sysfs", "/sys")


def module(name: str, check: bool = False, **options: Any) -> dict[str, Any]:
    """Run a module as Ansible's wrapper does, and return its result."""
    arguments = {"_ansible_remote_tmp": "/tmp", "_ansible_keep_remote_files": False, "_ansible_check_mode": check}
    program = f"from ansible_collections.rxpath.linux.plugins.modules import {name}; {name}.main()"
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": {**arguments, **options}}),
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.stdout, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def well(result: dict[str, Any]) -> dict[str, Any]:
    assert not result.get("failed"), result["msg"]
    return result


def dump() -> dict[str, Any]:
    """Return what a rollback has to bring back: sysctls as sysctl(8) shows them, channels, masks, files."""
    found: dict[str, Any] = {key: output("sysctl", "-n", key).split() for key in KEYS}
    for mask in Path("/sys/class/net").glob("*/queues/*/[rx]ps_cpus"):
        try:
            found[str(mask)] = mask.read_text()
        except OSError:
            continue
    for device in Path("/sys/class/net").glob("veth*"):
        # The last part is what is set; the first is what could be.
        found[device.name] = output("ethtool", "-l", device.name).rpartition("Current hardware settings")[2]
    for place in HIDDEN:
        for path in Path(place).rglob("*"):
            # Locks and leases of a run that was killed are gone after a reboot, with all of /run.
            if not path.is_relative_to("/run"):
                found[str(path)] = (path.lstat()[:6], path.read_bytes() if path.is_file() else None)
    return found


def sysctls() -> None:
    before = dump()
    wanted = {"net.ipv4.udp_rmem_min": 8192, "net.core.somaxconn": 5000, "net.core.no_such": 1}
    predicted = well(module("sysctl_settings", True, settings=wanted))
    assert dump() == before
    done = well(module("sysctl_settings", settings=wanted))
    assert done["changes"] == predicted["changes"]
    assert {change["target"]: change["to"] for change in done["changes"] if change["knob"] == "sysctl"} == {
        "net.ipv4.udp_rmem_min": "8192",
        "net.core.somaxconn": "5000",
    }
    assert done["unsupported"][0].startswith("net.core.no_such: kernel ")
    assert [output("sysctl", "-n", key).strip() for key in KEYS] == ["8192", "5000"]
    # What boot would do with the file: the same.
    output("sysctl", "-w", "net.core.somaxconn=1")
    output("sysctl", "-p", FILE)
    assert [output("sysctl", "-n", key).strip() for key in KEYS] == ["8192", "5000"]
    assert not well(module("sysctl_settings", settings=wanted))["changed"]
    # Lower than what runs is kept, unless lower is given; what was ours goes down to what was before us.
    assert not well(module("sysctl_settings", settings={"net.core.somaxconn": 5000}))["changed"]
    well(module("sysctl_settings", settings={"net.core.somaxconn": 10}))
    assert output("sysctl", "-n", "net.core.somaxconn").split() == before["net.core.somaxconn"]
    well(module("sysctl_settings", settings={"net.core.somaxconn": 10}, lower=True))
    assert output("sysctl", "-n", "net.core.somaxconn").strip() == "10"
    told = well(module("tuning_rollback", True))
    done = well(module("tuning_rollback"))
    assert told["changes"] == done["changes"]
    assert dump() == before
    again = well(module("tuning_rollback"))
    assert (again["changed"], again["changes"]) == (False, [])


def errors() -> None:
    before = dump()
    refused = module("sysctl_settings", settings={"net.core.somaxconn": 5000, "net.ipv4.udp_rmem_min": 0}, lower=True)
    assert re.search(
        r"could not set net\.ipv4\.udp_rmem_min to 0: the kernel refuses the value; its least is 1; "
        "what this call had written was put back",
        refused["msg"],
    ), refused
    assert {key: dump()[key] for key in KEYS} == {key: before[key] for key in KEYS}
    assert not os.path.exists(FILE)
    hosts = module("sysctl_settings", settings={"net.core.rmem_max": 1 << 29})
    assert "the key is read-only here; in a network namespace it belongs to the host: set it there" in hosts["msg"]
    absent = module("sysctl_settings", settings={"net.core.netdev_max_backlog": 2000}, strict=True)
    assert "has no such key here" in absent["msg"]
    well(module("tuning_rollback"))
    assert dump() == before


def killed() -> None:
    """Kill before each single change, with the kernel's own files; make it again, or take it back."""
    os.fsync = lambda descriptor: None  # type: ignore[assignment]
    host = Host()
    request = {"family": "sysctl_settings", "settings": dict.fromkeys(KEYS, 7000), "file": FILE, "lower": False}
    before = dump()
    # What only the first lease makes.
    for step in itertools.count(1):
        died = dies_before(lambda: tune(host, request, check=False), step)
        if died:
            tune(host, request, check=False)
        assert not tune(host, request, check=True)["changed"]
        assert [output("sysctl", "-n", key).strip() for key in KEYS] == ["7000", "7000"]
        rollback(host, check=False)
        assert dump() == before, f"made again and taken back, step {step}"
        if not died:
            break
        assert dies_before(lambda: tune(host, request, check=False), step)
        rollback(host, check=False)
        assert dump() == before, f"taken back, step {step}"
    assert step > 20
    for step in itertools.count(1):
        tune(host, request, check=False)
        died = dies_before(lambda: rollback(host, check=False), step)
        rollback(host, check=False)
        assert dump() == before, f"taken back twice, step {step}"
        if not died:
            break


def session() -> None:
    first = well(module("tuning_session", state="begun", holder="run 1 of alice", lease_seconds=600))
    refused = module("sysctl_settings", settings={"net.core.somaxconn": 5000})
    assert re.search(r"run 1 of alice is changing this host since .* UTC and may until .* UTC", refused["msg"])
    assert "run 1 of alice" in module("tuning_session", state="begun", holder="run 2")["msg"]
    well(module("sysctl_settings", settings={"net.core.somaxconn": 5000}, lease=first["lease"]))
    # As if nobody had used it for ten minutes.
    lease.extend(Host(), first["lease"], 0.0)
    second = well(module("tuning_session", state="begun", holder="run 2"))
    # A warning has more parts than its text.
    warned = json.dumps(second["warnings"])
    assert re.search(r"run 1 of alice, begun .*, was not finished; .* sysctl net\.core\.somaxconn", warned), warned
    late = module("sysctl_settings", settings={"net.core.somaxconn": 6000}, lease=first["lease"])
    assert "run 2 is changing this host" in late["msg"]
    assert "run 2" in module("tuning_rollback")["msg"]
    well(module("tuning_session", state="finished", lease=second["lease"]))
    assert well(module("tuning_session"))["held"] is None
    assert well(module("tuning_rollback"))["changed"]


def rename(old: str, new: str) -> None:
    output("ip", "link", "set", old, "down")
    output("ip", "link", "set", old, "name", new)
    output("ip", "link", "set", new, "up")


def veth() -> None:
    """Channels of a veth pair: RPS is lost by them and put back, the name changes, the rollback finds the device."""
    ends = ("type", "veth", "peer", "name", "vethb", "numrxqueues", "4", "numtxqueues", "4")
    output("ip", "link", "add", "veth0", "numrxqueues", "4", "numtxqueues", "4", *ends)
    for name in ("veth0", "vethb"):
        output("ip", "link", "set", name, "up")
    for queue in range(4):
        Path(f"/sys/class/net/veth0/queues/rx-{queue}/rps_cpus").write_text("3")
    before = dump()
    two: dict[str, Any] = {"interface": "veth0", "rx": 2, "tx": 2}
    wanted = {**two, "scope": "running", "confirm_timeout": 0, "force": True}
    predicted = well(module("nic_channels", True, **wanted))
    done = well(module("nic_channels", **wanted))
    assert done["changes"] == predicted["changes"]
    assert re.search(r"RX:\s+2\nTX:\s+2\n", output("ethtool", "-l", "veth0").rpartition("Current")[2])
    assert not well(module("nic_channels", **wanted))["changed"]
    # More queues again: the kernel makes them without a mask.
    well(module("nic_channels", **{**wanted, "rx": 3}))
    masks = [Path(f"/sys/class/net/veth0/queues/rx-{queue}/rps_cpus").read_text().strip() for queue in range(3)]
    assert [int(mask, 16) for mask in masks] == [3, 3, 0], masks
    rename("veth0", "vethz")
    result = well(module("tuning_rollback"))
    assert result["finished"] is True
    assert "vethz" in {change["target"] for change in result["changes"]}
    rename("vethz", "veth0")
    assert dump() == before
    # Started without waiting, collected by another execution.
    well(module("nic_channels", **wanted))
    started = well(module("tuning_rollback", wait=False))
    assert started["finished"] is False
    finished = well(module("tuning_rollback", session=started["session"]))
    assert (finished["finished"], finished["changed"]) == (True, True)
    assert dump() == before
    well(module("nic_channels", **wanted))
    output("ip", "link", "del", "veth0")
    gone = well(module("tuning_rollback"))
    assert re.search(r"veth0 \(mac:\S+\) is gone, and its channels", json.dumps(gone["warnings"])), gone


CASES: dict[str, Callable[[], None]] = {case.__name__: case for case in (sysctls, errors, killed, session, veth)}

if __name__ == "__main__":
    hide()
    CASES[sys.argv[1]]()
