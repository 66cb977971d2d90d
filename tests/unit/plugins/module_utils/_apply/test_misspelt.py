# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What no device could take is said before anything is kept for a boot at which nobody looks."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._apply import boot
from ansible_collections.rxpath.linux.plugins.module_utils._apply.carry_out import tune
from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import KnobError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.nic_values import check_coalesce, check_rss, number
from ansible_collections.rxpath.linux.tests.unit.plugins.module_utils._apply.conftest import MakeHost

MISSPELT = [
    ("nic_ring", {"rx": "maxx"}, "eth0: rx is 'maxx', which is neither a number nor max, keep"),
    ("nic_ring", {"tx": "-1"}, "eth0: tx is '-1', which is neither a number nor max, keep"),
    ("nic_channels", {"combined": "all"}, "eth0: combined is 'all', which is neither a number nor auto, keep"),
    ("nic_coalesce", {"rx_usecs": "20us"}, "eth0: rx_usecs is '20us', which is neither a number nor keep"),
    ("nic_coalesce", {"adaptive_rx": "offf"}, "eth0: adaptive_rx is 'offf', which is none of on, off, keep"),
    ("nic_rss", {"udp4": "sdfx"}, "eth0: udp4 is 'sdfx', which is none of sd, sdfn, keep"),
    ("nic_rss", {"indirection": "even"}, "eth0: indirection is 'even', which is none of equal, default, keep"),
    (
        "nic_rss",
        {"indirection": "equal", "weights": [1]},
        "eth0: give one of indirection, weights and table, not indirection and weights",
    ),
    ("nic_rss", {"weights": [0, 0]}, "eth0: weights cannot be 0, 0"),
    ("nic_rss", {"table": [0, -1]}, "eth0: table cannot be 0, -1"),
    ("nic_rss", {"weights": ["one"]}, "eth0: weights cannot be one"),
    ("nic_rss", {"table": "0,1"}, "eth0: table is '0,1', which is no list of numbers"),
    ("irq_affinity", {"policy": "automatic"}, "policy: 'automatic' is none of auto, explicit, keep"),
    ("irq_affinity", {"policy": "explicit", "queues": {"a": "1"}}, "queues: 'a' is no number of a queue"),
    ("packet_steering", {"rps": "autoo"}, "rps: "),
    ("packet_steering", {"rfs": "many"}, "rfs: 'many' is not auto, off, keep or a number from 1 to 536870912"),
    ("packet_steering", {"xps": "0-"}, "xps, queue 0: "),
    ("packet_steering", {"rps": "auto", "housekeeping_cpus": ["x"]}, "housekeeping_cpus: "),
]


@pytest.mark.parametrize("scope", ["boot", "both"])
@pytest.mark.parametrize(("family", "asked", "text"), MISSPELT)
def test_misspelt_request_is_kept_by_no_scope(
    make_host: MakeHost, family: str, asked: dict[str, Any], text: str, scope: str
) -> None:
    host = make_host(files={"/usr/lib/systemd/systemd": "", "/sys/class/net/eth0/uevent": ""})
    request = {"family": family, "interface": "eth0", **asked}
    for check in (True, False):
        with pytest.raises(KnobError) as error:
            tune(host, request, check=check, scope=scope)
        assert str(error.value).startswith(text)
    assert boot.remembered(host) == []


def test_what_modules_and_roles_ask_for_passes() -> None:
    check_rss({"indirection": "equal", "weights": [], "udp4": "sdfn", "udp6": "keep"})
    check_rss({"indirection": "keep", "weights": [3, 0], "table": []})
    check_rss({"table": ["0", "1"]})
    for switch in ("on", "off", "keep", True, False):
        check_coalesce({"adaptive_rx": switch, "rx_usecs": 20})


def test_numbers() -> None:
    assert (number({"rx": "12"}, "rx"), number({"rx": "max"}, "rx", "max"), number({}, "rx")) == (12, None, None)
