# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which value runs, which stands in our file, and what is said of others who set the same key."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._facts.sysctl_files import Assignment, normal_key
from ansible_collections.rxpath.linux.plugins.module_utils._plan.change import Plan
from ansible_collections.rxpath.linux.plugins.module_utils._plan.sysctl_file import HEADER, with_settings
from ansible_collections.rxpath.linux.plugins.module_utils._plan.sysctl_settings import (
    KeyState,
    SysctlState,
    plan_sysctls,
)

FILE = "/etc/sysctl.d/99-udp-tuning.conf"
KEY = "net.core.rmem_max"


def line(value: str, file: str, key: str = KEY) -> Assignment:
    return Assignment(normal_key(key), value, file, 3)


def plan(asked: Any, now: KeyState, key: str = KEY, text: str | None = None, **more: Any) -> Plan:
    if text is None and now.ours is not None:
        text = f"{key} = {now.ours}\n"
    request = {"settings": {key: asked}, "file": FILE, "scope": "both", **more}
    return plan_sysctls(request, SysctlState({key: now}, text))


def running(found: Plan) -> str | None:
    return next((change.wanted for change in found.changes if change.knob == "sysctl"), None)


def in_file(found: Plan) -> str | None:
    text = next((change.wanted for change in found.changes if change.knob == "file"), None)
    return None if text is None else text.rstrip("\n").split("\n")[-1].partition(" = ")[2]


@pytest.mark.parametrize(
    ("asked", "now", "expected"),
    [
        (800, "400", "800"),
        ("800", "800", None),
        (400, "800", None),
        ([10, 200, 30], "20 100 30", "20 200 30"),
        ("10\t 20 30", "10 20 30", None),
        # Modes and switches have no order, nor has what is no number.
        (0, "2", "0"),
        (False, "1", "0"),
        ("fq", "pfifo_fast", "fq"),
        ("100 200", "300", "100 200"),
    ],
)
def test_running_value_is_not_lowered(asked: Any, now: str, expected: str | None) -> None:
    assert running(plan(asked, KeyState(now), scope="running")) == expected


def test_lower_lowers() -> None:
    found = plan(400, KeyState("800"), lower=True)
    assert (running(found), in_file(found), found.notes) == ("400", "400", ())


def test_kept_value_is_said_and_held_over_a_boot() -> None:
    # No file sets the key: another kernel may begin with less.
    found = plan(400, KeyState("800"))
    assert (running(found), in_file(found)) == (None, "800")
    assert found.notes == (f"{KEY} is kept at 800: 400 was asked for, and lower: true would lower it",)


def test_value_that_we_set_goes_down_to_that_of_the_administrator() -> None:
    found = plan(600, KeyState("800", first="400", ours="800"))
    assert (running(found), in_file(found)) == ("600", "600")
    found = plan(300, KeyState("800", first="400", ours="800"))
    assert (running(found), in_file(found)) == ("400", "400")


def test_value_that_somebody_raised_after_us_is_kept() -> None:
    assert running(plan(600, KeyState("900", first="400", ours="800"))) is None


def test_file_that_sets_more_is_left_to_rule() -> None:
    found = plan(400, KeyState("800", others=(line("800", "/etc/sysctl.d/50-site.conf"),)))
    assert (running(found), in_file(found)) == (None, None)
    found = plan(400, KeyState("100", others=(line("800", "/etc/sysctl.d/50-site.conf"),)))
    assert (running(found), in_file(found)) == ("400", None)


def test_our_line_that_would_lower_another_files_value_is_raised() -> None:
    others = (line("800", "/etc/sysctl.d/50-site.conf"),)
    assert in_file(plan(400, KeyState("800", ours="400", others=others))) == "800"


def test_lower_value_of_another_file_is_overruled_without_a_warning() -> None:
    found = plan(800, KeyState("400", others=(line("400", "/etc/sysctl.d/50-site.conf"),)))
    assert (running(found), in_file(found), found.warnings) == ("800", "800", ())


def test_later_file_is_warned_of_again_and_again() -> None:
    others = (line("400", "/etc/sysctl.d/99-zz.conf"),)
    found = plan(800, KeyState("400", others=others))
    assert in_file(found) == "800"
    assert "/etc/sysctl.d/99-zz.conf line 3 sets 400 and is read after" in found.warnings[0]
    again = plan(800, KeyState("800", ours="800", others=others))
    assert (again.changes, again.warnings) == ((), found.warnings)


def test_later_pattern_does_not_overrule_a_line() -> None:
    key = "net.ipv4.conf.all.rp_filter"
    others = (line("1", "/etc/sysctl.d/99-zz.conf", "net.ipv4.conf.*.rp_filter"),)
    assert plan(2, KeyState("1", others=others), key).warnings == ()


def test_left_over_of_sysctl_conf_is_warned_of() -> None:
    found = plan(800, KeyState("400", leftover=line("400", "/etc/sysctl.conf")))
    assert "boot does not read that file, and sysctl --system reads it last" in found.warnings[0]
    assert plan(800, KeyState("400", leftover=line("800", "/etc/sysctl.conf"))).warnings == ()


def test_value_that_the_kernel_rounds_is_compared_as_it_is_kept() -> None:
    key = "net.core.rps_sock_flow_entries"
    assert running(plan(1000, KeyState("0"), key)) == "1024"
    found = plan(1000, KeyState("1024", first="0", ours="1000"), key)
    assert found.changes == ()


def test_missing_key_is_unsupported_and_not_written() -> None:
    found = plan(1, KeyState(None, problem="no such key"))
    assert (found.changes, found.unsupported) == ((), ("no such key",))


def test_boot_scope_compares_with_files_alone() -> None:
    found = plan(400, KeyState(None, others=(line("800", "/etc/sysctl.d/50-site.conf"),)), scope="boot")
    assert found.changes == ()
    assert in_file(plan(400, KeyState(None), scope="boot")) == "400"


def test_text_of_a_new_file() -> None:
    assert with_settings(None, {KEY: "1"}) == HEADER + "net.core.rmem_max = 1\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.b = 1\nnet.core.rmem_max=5\nc.d = 2\n", "a.b = 1\nnet.core.rmem_max = 9\nc.d = 2\n"),
        ("net/core/rmem_max = 5", "net.core.rmem_max = 9\n"),
        ("net.core.rmem_max = 5\n# why\nnet.core.rmem_max = 6\n", "# why\nnet.core.rmem_max = 9\n"),
        ("-net.core.rmem_max = 5\n", "net.core.rmem_max = 9\n"),
        ("; net.core.rmem_max = 5\n", "; net.core.rmem_max = 5\nnet.core.rmem_max = 9\n"),
        ("", "net.core.rmem_max = 9\n"),
    ],
)
def test_text_keeps_what_it_does_not_set(text: str, expected: str) -> None:
    changed = with_settings(text, {KEY: "9"})
    assert changed == expected
    assert with_settings(changed, {KEY: "9"}) == changed
