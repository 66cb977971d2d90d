# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a family is: one module, that turns a request and the state of the host into a plan."""

from __future__ import annotations

from typing import Any, Callable, NamedTuple, Optional

from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._plan.change import Plan, Target

# {"family": "nic_ring", "interface": "eth0", "rx": "max"}: what JSON holds, no value None. What is persisted for boot
# is the request, so that it is planned anew against the hardware that is there.
Request = dict[str, Any]


class Family(NamedTuple):
    """The functions of one module.

    ``read`` does all the input that ``plan`` needs, and raises KnobError (unknown interface, …); ``plan`` is pure and
    lives in _plan. ``check`` raises KnobError for what no device could take, and is called before both, also where a
    request is only kept for boot and neither is. ``dependents`` names the knobs of a device that a change of this
    family may disturb: they are put back where they moved. ``watch_link`` is called before the first write of a family
    that ``cuts_link`` and returns a function that is called after the last one: it waits, bounded, until the link is as
    it was, and raises KnobError where it does not come back. ``remembers``: the request is kept for boot; otherwise the
    plan has changes of its own for that. ``transient`` names what of a request is never kept for boot, ``one_of`` what
    replaces each other there: of those only what was asked for last. ``contested``: a program moves what the family
    sets until an earlier change of the same plan has told it not to, so that what moved meanwhile is written after
    that. ``conditions`` are parameters that set nothing by themselves.
    """

    name: str
    read: Callable[[Host, Request], Any]
    plan: Callable[[Request, Any], Plan]
    cuts_link: bool = False
    dependents: Optional[Callable[[Host, str], list[tuple[str, Target]]]] = None
    watch_link: Optional[Callable[[Host, str], Callable[[], None]]] = None
    remembers: bool = True
    transient: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    contested: bool = False
    conditions: tuple[str, ...] = ()
    check: Optional[Callable[[Request], None]] = None
