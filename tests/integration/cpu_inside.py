# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Cases of packet_steering on a real kernel, each run in a network and a mount namespace of its own.

    unshare --mount --net python tests/integration/cpu_inside.py CASE

A veth pair has queues with masks of RPS and XPS and tables of RFS; the files themselves tell what became of them.
Interrupts are the machine's own and are touched on virtual machines only.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, Callable

from ansible_collections.rxpath.linux.tests.integration.nic_inside import veth
from ansible_collections.rxpath.linux.tests.integration.tuning_inside import hide, module, output, well

QUEUES = Path("/sys/class/net/eth0/queues")


def words(file: str, device: str = "eth0") -> list[int]:
    """Return the numbers in a file of each queue, masks as numbers."""
    paths = sorted(Path(f"/sys/class/net/{device}/queues").glob(f"*/{file}"))
    return [int(path.read_text().replace(",", ""), 16 if file.endswith("cpus") else 10) for path in paths]


def as_predicted(**options: Any) -> dict[str, Any]:
    """Run in check mode, for real, and once more; return the result of the second."""
    before = [words(file) for file in ("rps_cpus", "rps_flow_cnt", "xps_cpus")]
    told = well(module("packet_steering", True, scope="running", **options))
    assert [words(file) for file in ("rps_cpus", "rps_flow_cnt", "xps_cpus")] == before
    done = well(module("packet_steering", scope="running", **options))
    assert (told["changes"], told["diff"], told["notes"]) == (done["changes"], done["diff"], done["notes"])
    again = well(module("packet_steering", scope="running", **options))
    assert (again["changed"], again["changes"]) == (False, [])
    return done


def rps() -> None:
    veth()
    everyone = sum(1 << cpu for cpu in range(os.cpu_count() or 1))
    done = as_predicted(interface="eth0", rps="0-63")
    assert words("rps_cpus") == [everyone] * 4
    assert "are not online and are left out" in done["notes"][0]
    as_predicted(interface="eth0", rps="off")
    assert words("rps_cpus") == [0] * 4
    output("ip", "link", "add", "one0", "type", "veth", "peer", "name", "one1")
    as_predicted(interface="one0", rps="0")
    assert words("rps_cpus", "one0") == [1]
    # Of a machine with more CPUs than these: refused, not an error, and an error where strict.
    kept = well(module("packet_steering", interface="eth0", rps="4000", scope="running"))
    assert kept["refused"] == ["eth0: RPS: no CPU of 4000 may be used"]
    assert "no CPU of 4000" in module("packet_steering", interface="eth0", rps="4000", strict=True)["msg"]


def rfs() -> None:
    veth()
    done = as_predicted(interface="eth0", rfs="1000")
    assert words("rps_flow_cnt") == [256] * 4
    assert "makes 1024 of 1000" in done["notes"][0]
    assert any("net.core.rps_sock_flow_entries" in text for text in done["unsupported"])
    as_predicted(interface="eth0", rfs="off")
    assert words("rps_flow_cnt") == [0] * 4


def xps() -> None:
    veth()
    as_predicted(interface="eth0", xps=["0", "", "0"])
    assert words("xps_cpus") == [1, 0, 1, 0]
    as_predicted(interface="eth0", xps="auto")
    assert sum(1 << cpu for cpu in os.sched_getaffinity(0)) & ~(words("xps_cpus")[0] | words("xps_cpus")[1]) == 0
    as_predicted(interface="eth0", xps="off")
    assert words("xps_cpus") == [0] * 4
    output("ip", "tuntap", "add", "dev", "tap0", "mode", "tap")
    kept = well(module("packet_steering", interface="tap0", xps="auto", scope="running"))
    assert kept["unsupported"] == ["tap0: XPS: it has one transmit queue"]


def back() -> None:
    """A rollback finds what an administrator had."""
    veth()
    (QUEUES / "rx-1/rps_cpus").write_text("1\n")
    (QUEUES / "rx-2/rps_flow_cnt").write_text("64\n")
    (QUEUES / "tx-3/xps_cpus").write_text("1\n")
    before = [words(file) for file in ("rps_cpus", "rps_flow_cnt", "xps_cpus")]
    well(module("packet_steering", interface="eth0", rps="0", rfs="4096", xps="off", scope="running"))
    assert [words(file) for file in ("rps_cpus", "rps_flow_cnt", "xps_cpus")] == [[1] * 4, [1024] * 4, [0] * 4]
    well(module("tuning_rollback"))
    assert [words(file) for file in ("rps_cpus", "rps_flow_cnt", "xps_cpus")] == before
    assert not well(module("tuning_rollback"))["changed"]


def errors() -> None:
    veth()
    for options, text in (
        ({"rps": "0-"}, "rps: invalid CPU list"),
        ({"rfs": "many"}, "rfs: 'many' is not auto, off, keep or a number"),
        ({"xps": {"x": "1"}}, "xps: 'x' is no number of a queue"),
    ):
        assert text.split(":")[0] + ":" in module("packet_steering", interface="eth0", **options)["msg"]
    assert module("packet_steering", interface="eth9", rps="0")["msg"].startswith("no such network interface: eth9")
    assert module("irq_affinity", interface="eth0")["msg"] == (
        "eth0 (virtual) has no interrupts; the devices below it: none"
    )
    assert "queues" in module("irq_affinity", interface="eth0", policy="explicit")["msg"]


CASES: dict[str, Callable[[], None]] = {"rps": rps, "rfs": rfs, "xps": xps, "back": back, "errors": errors}

if __name__ == "__main__":
    hide()
    CASES[sys.argv[1]]()
