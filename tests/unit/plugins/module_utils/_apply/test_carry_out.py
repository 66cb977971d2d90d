# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A request carried out on a device: what is put back, what is remembered, what a kill leaves."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._apply.carry_out import tune
from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import KnobError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._apply.rollback import rollback
from ansible_collections.rxpath.linux.plugins.module_utils._apply.session import info
from ansible_collections.rxpath.linux.plugins.module_utils._apply.state import State
from ansible_collections.rxpath.linux.plugins.module_utils._plan.change import Target

from .dying import dies_before, snapshot
from .machine import ETH, FILES, NIC, REFUSED, get, install, put


@pytest.fixture
def host(make_host: Any, monkeypatch: pytest.MonkeyPatch) -> Host:
    install(monkeypatch)
    made: Host = make_host(None, FILES)
    return made


def request(**wanted: Any) -> dict[str, Any]:
    return {"family": "nic_channels", "interface": "eth0", **wanted}


def masks(host: Host) -> list[Any]:
    return [get(host, "rps", Target("eth0", f"rx-{queue}")) for queue in range(get(host, "channels", ETH))]


def test_what_a_channel_change_disturbs_is_put_back(host: Host) -> None:
    tune(host, request(channels=2), check=False)
    assert masks(host) == ["0-3", "0-3"]
    # The first values of the queues that went are on record, and come back with them.
    rollback(host, check=False)
    assert masks(host) == ["0-3"] * 4


def test_check_mode_tells_the_change_and_makes_none(host: Host) -> None:
    before = (get(host, "channels", ETH), get(host, "ring", ETH), masks(host), snapshot(Path(host.root)))
    told = tune(host, request(channels=2, ring="512"), check=True)
    assert told["changed"]
    assert (get(host, "channels", ETH), get(host, "ring", ETH), masks(host), snapshot(Path(host.root))) == before


def test_rollback_in_check_mode_tells_of_queues_that_will_be_back(host: Host) -> None:
    tune(host, request(channels=2), check=False)
    told = [(change["knob"], change["target"]) for change in rollback(host, check=True)["changes"]]
    assert told == [
        ("channels", "eth0"),
        ("rps", "eth0 rx-2"),
        ("rps", "eth0 rx-3"),
        ("record", "/var/lib/rxpath-linux/state.json"),
    ]


def test_rounded_value_is_said_and_is_no_change_again(host: Host) -> None:
    done = tune(host, request(ring="100"), check=False)
    assert done["applied"] == [{"knob": "ring", "target": "eth0", "value": "104"}]
    assert done["notes"] == ["ring eth0: 104 came of 100"]
    again = tune(host, request(ring="100"), check=True)
    assert (again["changed"], again["notes"]) == (False, ["ring eth0: 104 came of 100"])
    put(host, "ring", ETH, "256")
    assert tune(host, request(ring="100"), check=True)["changed"]


def test_value_that_was_accepted_and_not_made_is_unsupported(host: Host) -> None:
    done = tune(host, request(ring="7"), check=False)
    assert (done["changed"], done["unsupported"]) == (False, ["ring eth0 stays at 256; 7 was accepted, not made"])
    assert tune(host, request(ring="7"), check=True)["unsupported"] == done["unsupported"]
    with pytest.raises(KnobError, match="was accepted, not made"):
        tune(host, request(ring="7"), check=True, strict=True)


def test_strict_puts_back_what_was_written_before_a_value_that_was_not_made(host: Host) -> None:
    with pytest.raises(KnobError, match="was accepted, not made; what this call had written was put back"):
        tune(host, request(ring="7", channels=2), check=False, strict=True)
    assert (get(host, "channels", ETH), masks(host)) == (4, ["0-3"] * 4)


def test_what_the_driver_has_not_is_left_out(host: Host) -> None:
    done = tune(host, request(ring="6", channels=2), check=False)
    assert [change["knob"] for change in done["changes"]] == ["channels"]
    assert done["unsupported"] == ["eth0: the driver has no ring 6"]
    with pytest.raises(KnobError, match="the driver has no ring 6"):
        tune(host, request(ring="6"), check=False, strict=True)


def test_failing_write_puts_back_what_the_call_had_written(host: Host) -> None:
    with pytest.raises(KnobError, match=r"could not set ring 13.*; what this call had written was put back"):
        tune(host, request(channels=2, ring="13"), check=False)
    assert (get(host, "channels", ETH), get(host, "ring", ETH), masks(host)) == (4, "256", ["0-3"] * 4)
    assert info(host)["interrupted"] is None


def test_killed_anywhere(make_host: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch)
    wanted = request(channels=2, ring="100")

    def attempt(step: int, way: str) -> Host | None:
        host: Host = make_host(None, FILES, root=tmp_path / f"{step}{way}")
        put(host, "rps", Target("eth0", "rx-0"), "1")
        return host if dies_before(lambda: tune(host, wanted, check=False), step) else None

    whole: Host = make_host(None, FILES, root=tmp_path / "whole")
    put(whole, "rps", Target("eth0", "rx-0"), "1")
    before = snapshot(tmp_path / "whole", "/run")
    for step in itertools.count(1):
        host = attempt(step, "again")
        if host is None:
            break
        tune(host, wanted, check=False)
        assert (get(host, "ring", ETH), masks(host)) == ("104", ["1", "0-3"]), f"made again after a kill at step {step}"
        assert not tune(host, wanted, check=True)["changed"]
        assert info(host)["interrupted"] is None
        # What an administrator sets afterwards is not taken for the work of the killed call.
        put(host, "rps", Target("eth0", "rx-0"), "2")
        assert not tune(host, wanted, check=False)["changed"]
        assert masks(host) == ["2", "0-3"]
        host = attempt(step, "back")
        assert host is not None
        rollback(host, check=False)
        assert snapshot(Path(host.root), "/run") == before, f"rolled back after a kill at step {step}"
    assert step > 15


def test_record_finds_a_renamed_device(host: Host) -> None:
    tune(host, request(ring="512"), check=False)
    net = Path(host.path("/sys/class/net"))
    (net / "eth0").rename(net / "lan0")
    for file in Path(host.path("/sys/knobs")).iterdir():
        file.rename(file.with_name(file.name.replace("eth0", "lan0")))
    done = rollback(host, check=False)
    assert [change["target"] for change in done["changes"] if change["knob"] == "ring"] == ["lan0"]
    assert get(host, "ring", Target("lan0", "")) == "256"


def test_device_that_is_gone_is_reported_and_forgotten(host: Host) -> None:
    tune(host, request(ring="512"), check=False)
    net = Path(host.path("/sys/class/net"))
    (net / "eth0").rename(net.parent / "unplugged")
    done = rollback(host, check=False)
    assert done["gone"] == ["eth0 (mac:aa:bb:cc:00:00:01) is gone, and its ring, rps with it"]
    assert not rollback(host, check=False)["changed"]


def test_rollback_puts_the_rest_back_and_can_be_made_again(host: Host) -> None:
    tune(host, request(channels=2, ring="512"), check=False)
    State.load(host).touch([("sysctl", Target("", "a.b"), "1")])
    REFUSED.add("ring 256")
    try:
        with pytest.raises(KnobError, match=r"not everything could be put back.*could not set ring 256"):
            rollback(host, check=False)
    finally:
        REFUSED.remove("ring 256")
    assert (get(host, "channels", ETH), get(host, "ring", ETH)) == (4, "512")
    assert rollback(host, check=False)["changed"]
    assert get(host, "ring", ETH) == "256"


@pytest.mark.parametrize("interface", ["auto", "eth7"])
def test_image_is_prepared_for_a_device_that_is_not_there(
    make_host: Any, monkeypatch: pytest.MonkeyPatch, interface: str
) -> None:
    install(monkeypatch, NIC._replace(remembers=True))
    host: Host = make_host(None, {**FILES, "/usr/lib/systemd/systemd": ""})
    wanted = {**request(ring="100"), "interface": interface}
    done = tune(host, wanted, check=False, scope="boot")
    assert [(change["knob"], change["target"]) for change in done["changes"]] == [("boot", f"{interface} nic_channels")]
    assert not tune(host, wanted, check=False, scope="boot")["changed"]
    assert get(host, "ring", ETH) == "256"
    before = host.read_text("/etc/hostname")
    assert rollback(host, check=False)["changed"]
    assert host.read_text("/etc/rxpath-linux/tuning.json") is None
    assert host.read_text("/etc/hostname") == before
