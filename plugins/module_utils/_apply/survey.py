# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host's plan needs to know: memory, sysctls, devices, and who else has a hand in them. Only reads."""

from __future__ import annotations

import os
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import KnobError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._apply.knobs import knob
from ansible_collections.rxpath.linux.plugins.module_utils._apply.state import State
from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from ansible_collections.rxpath.linux.plugins.module_utils._collect.flow_steering import FlowSteering
from ansible_collections.rxpath.linux.plugins.module_utils._collect.netlink import NetlinkError
from ansible_collections.rxpath.linux.plugins.module_utils._collect.rtnetlink import Link, dump_links, open_rtnetlink
from ansible_collections.rxpath.linux.plugins.module_utils._collect.xdp_diag import bound_queues
from ansible_collections.rxpath.linux.plugins.module_utils._facts.agents import find_agents
from ansible_collections.rxpath.linux.plugins.module_utils._facts.interfaces import interface_facts
from ansible_collections.rxpath.linux.plugins.module_utils._facts.reader import Reader
from ansible_collections.rxpath.linux.plugins.module_utils._facts.rivals import rivals
from ansible_collections.rxpath.linux.plugins.module_utils._plan.change import Target
from ansible_collections.rxpath.linux.plugins.module_utils._plan.spread import is_even

_IFF_UP = 1
_SYSCTLS = (
    "net.core.rmem_max",
    "net.core.rmem_default",
    "net.core.netdev_max_backlog",
    "net.core.netdev_budget",
    "net.core.netdev_budget_usecs",
    "net.ipv4.udp_mem",
)


def read_survey(host: Host) -> dict[str, Any]:
    """Return the survey. Raises KnobError where we are not root, or the kernel does not answer."""
    host.require_root()
    reader = host.reader()
    survey: dict[str, Any] = {
        "image": is_image(host),
        "memory": None,
        "page_size": os.sysconf("SC_PAGE_SIZE"),
        "sysctls": {},
        "interfaces": {},
        "links": {},
        "agents": [],
    }
    if survey["image"]:
        return survey
    survey["memory"] = parse_memory(reader.text("/proc/meminfo") or "")
    for key in _SYSCTLS:
        text = reader.word("/proc/sys/" + key.replace(".", "/"))
        if text is not None:
            survey["sysctls"][key] = " ".join(text.split())
    survey["agents"] = find_agents(reader)
    links = _links()
    survey["links"] = {
        link.name: {"kind": link.kind, "up": bool(link.flags & _IFF_UP), "xdp": link.xdp_mode} for link in links
    }
    survey["interfaces"] = _interfaces(host, reader, links)
    return survey


def is_image(host: Host) -> bool:
    """Tell whether the files here are not those of the running machine: a chroot, in which an image is built.

    As systemd tells (running_in_chroot): the root of process 1 is another directory than ours.
    """
    if host.root != "/":
        return True
    try:
        ours, machine = os.stat("/"), os.stat("/proc/1/root/")
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return (ours.st_dev, ours.st_ino) != (machine.st_dev, machine.st_ino)


# MemTotal:         766896 kB
def parse_memory(text: str) -> int | None:
    """Return the bytes of RAM from /proc/meminfo, None where it does not tell."""
    for line in text.split("\n"):
        words = line.split()
        if len(words) >= 2 and words[0] == "MemTotal:" and words[1].isdecimal():
            return int(words[1]) * 1024
    return None


def _links() -> list[Link]:
    try:
        with open_rtnetlink() as sock:
            return dump_links(sock)
    except (NetlinkError, ParseError) as error:
        raise KnobError(f"could not list the network devices: {error}") from error


def _interfaces(host: Host, reader: Reader, links: list[Link]) -> dict[str, Any]:
    """Describe every NIC and what stands on NICs, with what others built upon them."""
    described, _others = interface_facts(reader, None)
    by_name = {link.name: link for link in links}
    bound = _bound(links)
    state = State.load(host)
    steering = FlowSteering()
    with steering:
        for name, facts in described.items():
            if name in by_name:
                facts["xdp"] = by_name[name].xdp_mode
            facts["af_xdp"] = bound.get(name, [])
            if facts["kind"] != "nic":
                continue
            facts["flow_rules"] = steering.rule_count(name)
            facts["rss_contexts"] = len(steering.contexts(name))
            facts["custom_table"] = _has_custom_table(host, name)
            facts["tuned"] = {
                family: said[0]
                for family, told in rivals(reader, name).items()
                if (said := [sentence for sentence in told if sentence.startswith("tuned")])
            }
            facts["indirection_is_ours"] = state.first("indirection", Target(name, "")) is not None
    for name, partner in _pairs(described).items():
        described[name]["netvsc_pair"] = partner
    return described


def _bound(links: list[Link]) -> dict[str, list[int]]:
    names = {link.ifindex: link.name for link in links}
    found: dict[str, list[int]] = {}
    try:
        for index, queue in bound_queues() or []:
            found.setdefault(names.get(index, ""), []).append(queue)
    except (NetlinkError, ParseError) as error:
        raise KnobError(f"could not list the AF_XDP sockets: {error}") from error
    return found


def _has_custom_table(host: Host, name: str) -> bool:
    """Tell whether somebody gave the queues unequal shares, or left some out."""
    try:
        table = knob("indirection").read(host, Target(name, ""))
        if isinstance(table, str):
            return False
        with host.ethtool() as tool:
            channels = tool.channels(name)
    except (KnobError, OSError):
        return False
    queues = channels.combined + channels.rx if channels else 0
    return not is_even(table, queues or max(table) + 1)


def _pairs(interfaces: dict[str, Any]) -> dict[str, str]:
    """Return the devices that are two halves of one, by name: hv_netvsc with its virtual function.

    The virtual function has the synthetic device as its master, and both have hardware behind them.
    """
    pairs = {}
    for name, facts in interfaces.items():
        master = facts.get("master")
        if facts["kind"] == "nic" and (interfaces.get(master) or {}).get("driver") == "hv_netvsc":
            pairs[name], pairs[master] = master, name
    return pairs
