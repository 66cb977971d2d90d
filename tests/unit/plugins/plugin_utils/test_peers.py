# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""To whom a probe may be sent: hosts of the inventory, on the port that a receiver opened there."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.plugin_utils.peers import PeerError, address_of, find_target

STARTED = {"port": 4711, "token": 99, "session": "0" * 32}
HOSTS: dict[str, dict[str, Any]] = {
    "client": {"ansible_host": "192.0.2.1"},
    "proxy": {"ansible_host": "198.51.100.9", "udp_hops_address": "192.0.2.2"},
    "server": {"ansible_host": "2001:DB8::3", "rx": STARTED},
    "failed": {"ansible_host": "192.0.2.4", "rx": {"failed": True, "msg": "no"}},
    "named": {"ansible_host": "localhost"},
    "192.0.2.7": {},
    "nowhere.invalid": {},
    "mapped": {"ansible_host": "::ffff:192.0.2.8"},
    "forwarded1": {"ansible_host": "127.0.0.1", "ansible_port": 2222, "rx": STARTED},
    "forwarded2": {"ansible_host": "::1", "rx": STARTED},
    "again": {"udp_hops_address": "192.0.2.1", "rx": STARTED},
    "everyone": {"udp_hops_address": "224.0.0.1", "rx": STARTED},
}


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("client", "192.0.2.1"),
        ("proxy", "192.0.2.2"),
        ("server", "2001:db8::3"),
        ("192.0.2.7", "192.0.2.7"),
        ("mapped", "192.0.2.8"),
    ],
)
def test_the_address_is_that_of_the_inventory(host: str, address: str) -> None:
    assert address_of(host, HOSTS) == address


def test_a_name_is_resolved_here() -> None:
    assert address_of("named", HOSTS) in ("127.0.0.1", "::1")


def test_a_name_that_nobody_knows() -> None:
    with pytest.raises(PeerError, match=r"cannot be resolved here .* set udp_hops_address"):
        address_of("nowhere.invalid", HOSTS)


def test_a_receiver_is_found() -> None:
    assert find_target({"to": "server", "started": "rx"}, HOSTS, "client") == {
        "address": "2001:db8::3",
        "port": 4711,
        "token": 99,
    }


def test_a_receiver_behind_a_forwarder_is_found() -> None:
    asked = {"to": "proxy", "receiver": "server", "started": "rx", "port": 53}
    assert find_target(asked, HOSTS, "client") == {"address": "192.0.2.2", "port": 53, "token": 99}


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"started": "rx"}, "missing required argument: to"),
        ({"to": "server"}, "missing required argument: started"),
        ({"to": "elsewhere", "started": "rx"}, "'elsewhere' is no host of the inventory"),
        ({"to": "203.0.113.5", "receiver": "server", "started": "rx", "port": 1}, "'203.0.113.5' is no host"),
        ({"to": "proxy", "receiver": "elsewhere", "started": "rx", "port": 1}, "receiver: 'elsewhere' is no host"),
        ({"to": "server", "started": "rx", "port": 53}, "port: is the receiver's own"),
        ({"to": "proxy", "receiver": "server", "started": "rx"}, "from which port"),
        ({"to": "client", "started": "rx"}, "no receiver was started on 'client' and registered as rx"),
        ({"to": "failed", "started": "rx"}, "no receiver was started on 'failed'"),
        ({"to": "forwarded1", "started": "rx"}, "'127.0.0.1' of host 'forwarded1' is, on client, client itself"),
        ({"to": "forwarded2", "started": "rx"}, "'::1' of host 'forwarded2' is, on client, client itself"),
        ({"to": "again", "started": "rx"}, "'again' and 'client' have the same address, 192.0.2.1; set udp_hops_addr"),
        ({"to": "everyone", "started": "rx"}, "'224.0.0.1' of host 'everyone' is no address of one host"),
    ],
)
def test_what_is_refused(asked: dict[str, Any], says: str) -> None:
    with pytest.raises(PeerError, match=says):
        find_target(asked, HOSTS, "client")


@pytest.mark.parametrize("address", ["224.0.0.1", "ff02::1", "0.0.0.0", "::", "255.255.255.255", "::ffff:239.1.2.3"])
def test_an_address_of_many_hosts_or_of_none_is_refused(address: str) -> None:
    with pytest.raises(PeerError, match="is no address of one host; set udp_hops_address"):
        address_of("many", {"many": {"udp_hops_address": address}})


def test_a_host_may_probe_itself_where_that_is_asked_for() -> None:
    assert find_target({"to": "forwarded1", "started": "rx"}, HOSTS, "forwarded1")["address"] == "127.0.0.1"


def test_a_sender_whose_own_address_nobody_knows_can_send() -> None:
    assert find_target({"to": "server", "started": "rx"}, HOSTS, "nowhere.invalid")["address"] == "2001:db8::3"


@pytest.mark.parametrize("name", ["a..b", "x" * 64 + ".invalid", "-"])
def test_a_name_that_is_none_is_told(name: str) -> None:
    with pytest.raises(PeerError, match="cannot be resolved here"):
        address_of(name, {name: {}})
