# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The whole tuning of a virtual machine: predicted, made, seen by others, there after a reboot, and taken back.

The guest is that in RXPATH_GUEST (default: bookworm), the NICs are those in RXPATH_NICS: keys of the bed, or "all".
Each takes an emulated guest a minute or more, so that there are two by default: one can do all, the other little. With
``-s`` the seconds of each part are shown.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from ansible_collections.rxpath.linux.tests.hosts.machines import Bed, Guest, MachinesUnavailableError, machines

pytestmark = pytest.mark.needs_root

HERE = Path(__file__).parent
PLAYBOOKS = HERE.parents[1] / "playbooks"
NAME = os.environ.get("RXPATH_GUEST", "bookworm")
# What the kernel draws at random when it boots.
RANDOM = re.compile(r"sysctl net/(core/netdev_rss_key|ipv4/tcp_fastopen_key)")
# Which rings the drivers can have at most, by the emulations of the bed.
LARGEST = {"virtio0": 1024, "igb0": 4096, "igb1": 4096, "vmxnet0": 4096, "e1000e0": 4096}
PLAN = "rxpath.linux.tuning_plan"


class Run(NamedTuple):
    """A playbook's run: the modules of the collection that were executed, and how long it took."""

    executed: list[dict[str, Any]]
    seconds: float

    @property
    def changed(self) -> bool:
        return any(row["result"].get("changed") for row in self.executed)

    @property
    def changes(self) -> set[tuple[str, str, str, str]]:
        """Knob, target, from and to of all changes that modules told of, the plan's aside."""
        rows = [change for row in self.executed if row["action"] != PLAN for change in row["result"].get("changes", [])]
        return {
            (row["knob"], row["target"], json.dumps(row["from"], sort_keys=True), json.dumps(row["to"], sort_keys=True))
            for row in rows
        }


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    try:
        with machines([NAME], tmp_path_factory.mktemp("tuning")) as started:
            yield started
    except MachinesUnavailableError as missing:
        pytest.skip(str(missing))


def play(guest: Guest, playbook: str, *words: str) -> Run:
    """Run a playbook on the guest; return what it executed."""
    record = guest.bed.folder / "executions.jsonl"
    record.unlink(missing_ok=True)
    names = json.dumps({"udp_tuning_interfaces": list(tuned_nics(guest).values())})
    inventory = str(guest.bed.write_inventory())
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", inventory, "-e", f"target={NAME}"]
    began = time.monotonic()
    done = subprocess.run(
        [*command, "-e", names, str(PLAYBOOKS / f"{playbook}.yml"), *words],
        capture_output=True,
        text=True,
        timeout=1500,
        check=False,
        env={
            **os.environ,
            "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callbacks"),
            "ANSIBLE_CALLBACKS_ENABLED": "executions",
            "RXPATH_EXECUTIONS": str(record),
        },
    )
    seconds = time.monotonic() - began
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [json.loads(line) for line in record.read_text().splitlines()]
    run = Run([row for row in rows if row["action"].startswith("rxpath.linux.")], seconds)
    tell(f"{playbook} {' '.join(words)}", run.seconds, f"{len(run.executed)} modules, {len(run.changes)} changes")
    return run


def tell(what: str, seconds: float, more: str = "") -> None:
    print(f"{what:60} {seconds:6.1f} s  {more}", flush=True)


def settings(guest: Guest) -> dict[str, str]:
    """Return all settings of the guest, while irqbalance does not move interrupts."""
    code = (HERE / "settings_on_guest.py").read_text(encoding="utf-8")
    done = guest.run(f"python3 - {' '.join(sorted(guest.nics.values()))}", stdin=code, timeout=120)
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    return {what: text for what, text in found.items() if not RANDOM.match(what)}


def tuned_nics(guest: Guest) -> dict[str, str]:
    """Return the names of the interfaces to be tuned, by their keys."""
    chosen = os.environ.get("RXPATH_NICS", "igb0,e1000e0").split(",")
    return {key: name for key, name in guest.nics.items() if key in chosen or chosen == ["all"]}


def interrupts(found: dict[str, str], name: str = "") -> dict[str, str]:
    return {what: text.strip() for what, text in found.items() if what.startswith(f"interrupt {name}")}


def of_others(guest: Guest, found: dict[str, str]) -> set[str]:
    """Return the interrupts of the interfaces that are not to be tuned."""
    ours = tuple(f"interrupt {name} " for name in tuned_nics(guest).values())
    return {what for what in interrupts(found) if not what.startswith(ours)}


def moving(guest: Guest) -> set[str]:
    """Return the sysctls that move by themselves."""
    dumps = []
    for pause in (0.0, 3.0, 3.0):
        time.sleep(pause)
        dumps.append(settings(guest))
    found = {what for what in dumps[0] if len({dump.get(what) for dump in dumps}) > 1}
    assert all(what.startswith("sysctl ") for what in found), found
    return found


def differences(
    before: dict[str, str], after: dict[str, str], but: set[str]
) -> dict[str, tuple[str | None, str | None]]:
    return {
        what: (before.get(what), after.get(what))
        for what in sorted((before.keys() | after.keys()) - but)
        if before.get(what) != after.get(what)
    }


def eventually(condition: Callable[[], bool], what: str, seconds: float = 600.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(2.0)


def units_are_done(guest: Guest) -> bool:
    jobs = guest.ssh("systemctl list-units --all --no-legend --plain 'rxpath-linux@*'; systemctl list-jobs --no-legend")
    return "activating" not in jobs and "rxpath-linux" not in "".join(
        line for line in jobs.splitlines() if " start " in line
    )


def is_as_wanted(guest: Guest, found: dict[str, str]) -> None:
    """Assert what the profile ``full`` is to make of the guest, from what others than the collection show."""
    assert found["sysctl net/core/rmem_max"].strip() == "3866624"
    for key, name in tuned_nics(guest).items():
        current = found[f"ethtool -g {name}"].partition("Current hardware settings:")[2]
        assert re.search(rf"^RX:\s+{LARGEST[key]}$", current, re.MULTILINE), (key, current)
        served = interrupts(found, f"{name} ")
        assert served, name
        assert all(text.isdecimal() for text in served.values()), served
        if key.startswith("igb"):
            # One queue on each CPU; where sending has interrupts of its own, they go with the queue of that number.
            assert set(served.values()) == {"0", "1", "2", "3"}
            assert len({(what.rpartition("-")[2], cpu) for what, cpu in served.items()}) == 4
            assert re.search(r"^Combined:\s+4$", found[f"ethtool -l {name}"].partition("Current")[2], re.MULTILINE)
            for flow in ("udp4", "udp6"):
                assert "L4 bytes 2 & 3" in found[f"ethtool -n {name} rx-flow-hash {flow}"], (name, flow)


def test_the_role_from_the_first_look_to_the_last(bed: Bed) -> None:
    guest = bed[NAME]
    print()
    # What it moves between prediction and run, nobody can predict.
    guest.ssh("systemctl stop irqbalance")
    own_way = moving(guest)
    before = settings(guest)
    assert (before["kept"], before["running"]) == ("False", "")

    full = ("-e", "udp_tuning_profile=full", "--diff")
    told = play(guest, "tune", *full, "--check")
    assert differences(before, settings(guest), own_way) == {}
    made = play(guest, "tune", *full)
    assert sorted(told.changes ^ made.changes) == []
    planned = next(row for row in made.executed if row["action"] == PLAN)["result"]
    assert len(made.executed) == planned["executions"]
    tuned = settings(guest)
    is_as_wanted(guest, tuned)
    # What a driver lacks is said, and not asked of it at each boot.
    if e1000e := tuned_nics(guest).get("e1000e0"):
        assert any(sentence.startswith(f"{e1000e} (e1000e): hash fields") for sentence in planned["unsupported"])
        kept = json.loads(guest.ssh("cat /etc/rxpath-linux/tuning.json"))["requests"]
        families = {row["family"] for row in kept if row["interface"] == e1000e}
        assert families == {"nic_ring", "irq_affinity"}

    again = play(guest, "tune", *full)
    assert (again.changed, [row["action"] for row in again.executed]) == (False, [PLAN])
    assert differences(tuned, settings(guest), own_way) == {}

    began = time.monotonic()
    guest.reboot()
    tell("reboot", time.monotonic() - began)
    began = time.monotonic()
    eventually(lambda: units_are_done(guest), "the units end")
    others = of_others(guest, tuned)
    wanted = {what: text for what, text in interrupts(tuned).items() if what not in others}
    eventually(lambda: wanted.items() <= interrupts(settings(guest)).items(), "the last of what a boot makes")
    tell("what a boot makes", time.monotonic() - began)
    assert guest.ssh("systemctl is-active irqbalance").strip() == "active"
    time.sleep(30.0)
    after = settings(guest)
    # What is not ours irqbalance moves as ever: that it is at work is seen by it.
    own_way |= others
    # What ran before the boot has left nothing in /run.
    assert differences(tuned, after, own_way | {"running"}) == {}

    # Between the rollback and the look after it, it would move the first of what is its own again.
    guest.ssh("systemctl stop irqbalance")
    back = play(guest, "rollback")
    assert back.changed
    assert differences(before, settings(guest), own_way) == {}
    assert not play(guest, "rollback").changed
