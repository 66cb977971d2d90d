# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sysctls carried out on a host made of files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._apply.carry_out import tune
from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import KnobError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._apply.lease import LeaseHeldError, release, take
from ansible_collections.rxpath.linux.plugins.module_utils._apply.state import STATE, State

FILE = "/etc/sysctl.d/99-udp-tuning.conf"
MAX = "net.core.rmem_max"


def request(file: str = FILE, lower: bool = False, **settings: Any) -> dict[str, Any]:
    keys = {name.replace("__", "."): value for name, value in settings.items()}
    return {"family": "sysctl_settings", "settings": keys, "file": file, "lower": lower}


def running(host: Host, key: str = MAX) -> str:
    return " ".join((host.read_text("/proc/sys/" + key.replace(".", "/")) or "").split())


def test_check_predicts_what_the_run_changes(make_host: Any) -> None:
    host = make_host({MAX: "212992\n", "net.ipv4.udp_mem": "10\t20\t30\n"})
    wanted = request(net__core__rmem_max=8388608, net__ipv4__udp_mem="20  40 60")
    predicted = tune(host, wanted, check=True)
    assert running(host) == "212992"
    assert not Path(host.path(STATE)).exists()
    done = tune(host, wanted, check=False)
    assert (done["changes"], done["diff"]) == (predicted["changes"], predicted["diff"])
    assert [(item["target"], item["value"]) for item in done["applied"][:2]] == [
        (MAX, "8388608"),
        ("net.ipv4.udp_mem", "20 40 60"),
    ]
    assert running(host) == "8388608"
    assert "net.core.rmem_max = 8388608\nnet.ipv4.udp_mem = 20 40 60\n" in (host.read_text(FILE) or "")
    again = tune(host, wanted, check=False)
    assert (again["changed"], again["changes"]) == (False, [])


def test_running_scope_writes_no_file(make_host: Any) -> None:
    host = make_host({MAX: "212992\n"})
    assert tune(host, request(net__core__rmem_max=400000), check=False, scope="running")["changed"]
    assert (running(host), host.read_text(FILE)) == ("400000", None)


def test_boot_scope_touches_nothing_that_runs(make_host: Any) -> None:
    host = make_host({MAX: "212992\n"})
    assert tune(host, request(net__core__rmem_max=400000), check=False, scope="boot")["boot"] == "written"
    assert running(host) == "212992"
    assert "net.core.rmem_max = 400000\n" in (host.read_text(FILE) or "")


def test_missing_key_is_unsupported_and_strict_makes_an_error_of_it(make_host: Any) -> None:
    host = make_host({MAX: "212992\n"})
    wanted = request(net__core__rmem_max=400000, net__core__no_such=1)
    with pytest.raises(KnobError, match=r"net\.core\.no_such: kernel .* has no such key"):
        tune(host, wanted, check=False, strict=True)
    assert running(host) == "212992"
    result = tune(host, wanted, check=False)
    assert result["unsupported"][0].startswith("net.core.no_such: ")
    assert running(host) == "400000"


@pytest.mark.parametrize(
    "key", ["net/core/rmem_max", "net.core..rmem_max", "../etc/passwd", "net.ipv4.conf.*.rp_filter", ""]
)
def test_what_is_no_key_is_refused(make_host: Any, key: str) -> None:
    with pytest.raises(KnobError, match="is no sysctl key"):
        tune(make_host(), {**request(), "settings": {key: 1}}, check=False)


def test_first_value_is_kept_through_later_changes(make_host: Any) -> None:
    host = make_host({MAX: "212992\n"})
    for size in (400000, 500000, 600000):
        tune(host, request(net__core__rmem_max=size), check=False)
    assert [row["value"] for row in State.load(host).values] == ["212992"]
    assert os.stat(host.path(STATE)).st_mode & 0o777 == 0o600


def test_file_keeps_its_mode_and_its_other_lines(make_host: Any) -> None:
    host = make_host({MAX: "212992\n"}, {FILE: "# mine\nnet.core.wmem_max = 5\nnet.core.rmem_max = 1\n"})
    Path(host.path(FILE)).chmod(0o640)
    tune(host, request(net__core__rmem_max=400000), check=False)
    assert host.read_text(FILE) == "# mine\nnet.core.wmem_max = 5\nnet.core.rmem_max = 400000\n"
    assert os.stat(host.path(FILE)).st_mode & 0o777 == 0o640


def test_second_run_is_refused_with_who_and_until_when(make_host: Any) -> None:
    host = make_host({MAX: "212992\n"})
    token = take(host, "run 7 of alice on tower", 60)
    with pytest.raises(LeaseHeldError, match=r"run 7 of alice on tower .* since .* until .* UTC"):
        tune(host, request(net__core__rmem_max=400000), check=False)
    assert tune(host, request(net__core__rmem_max=400000), check=False, lease=token)["changed"]
    release(host, token)
    assert tune(host, request(net__core__rmem_max=500000), check=False)["changed"]
