#!/usr/bin/python

# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: receive_path_info
short_description: Sample every counter on the UDP receive path over a window
version_added: "1.0.0"
author:
  - rxpath.linux contributors (@rxpath)
description:
  - Reads, at both ends of a window, every counter that a UDP datagram can be lost in on a Linux host. NIC and driver
    statistics, XDP, queueing disciplines, nftables rules that drop, softnet per CPU, IP, connection tracking, UDP, and
    each socket's buffer, queue, memory and drops; for the host and for every other network namespace, each with the
    container or pod that owns it.
  - Within the window it looks again at short, jittered intervals wherever datagrams move, so that arrivals, reads,
    drops and queues come as time series, and watches the threads that read the sockets which lose.
  - Only reads, through C(/proc), C(/sys), netlink and ioctl; with O(drop_reasons) it sets up an instance of tracefs. No
    program is started on the host, no package is needed there. To learn what a datagram costs in memory it sends a few
    datagrams of several sizes to itself over loopback.
  - Without root it measures what it can (C(/proc) shows the counters of other namespaces to everybody, unless hidden)
    and names what it could not read under RV(sample).
  - It measures and judges nothing. What the numbers mean, where datagrams get lost and what helps is for the playbook
    C(rxpath.linux.audit) and the role P(rxpath.linux.udp_audit#role), which call it.
options:
  window:
    description: Seconds to measure; more than 0, at most 600.
    type: float
    default: 10.0
  interval:
    description:
      - Mean seconds between two looks; at least 0.005. Each is drawn between half and one and a half of it, so that it
        does not beat with the period of a CPU quota.
      - The sampler measures its own CPU time and stretches the interval where it would take more than a tenth of a
        core; RV(sample) says so.
    type: float
    default: 0.05
  namespaces:
    description:
      - Which network namespaces to measure. V(all), V(host) (the one in which the module runs), or names as
        C(ip netns) has them, inode numbers, and ids of containers and pods (eight digits or more of them).
      - One that does not exist is an error that lists what exists.
    type: list
    elements: str
    default: [all]
  max_extension:
    description:
      - Seconds by which the window is extended at most where it ends with a queue that grows and would overflow. It
        then goes on until the queue has overflowed or stands still. V(0) never extends; at most 600.
    type: float
    default: 30.0
  facts:
    description: Gather the tunables as well, as M(rxpath.linux.receive_path_facts) does, just before the window.
    type: bool
    default: false
  drop_reasons:
    description:
      - Have the kernel count its own reason for each packet that it drops, and the datagrams that each process reads
        and sends, in an instance of tracefs that is removed at the window's end, also where the sampler is killed.
      - An instance counts for the whole machine, in whatever namespace.
      - Needs root, a mounted tracefs, and a kernel of 5.17 or newer with histogram triggers. What is missing is named
        under C(unknowns) of RV(sample).
    type: bool
    default: false
  state:
    description:
      - V(run) measures while the connection waits.
      - V(started) starts a sampler that outlives the connection and returns O(session) at once. It ends by itself.
      - V(collected) returns what the sampler of O(session) saw, or how long it will still take.
    type: str
    choices: [run, started, collected]
    default: run
  session:
    description: What O(state=started) returned. Required with O(state=collected).
    type: str
  finish:
    description:
      - With O(state=collected), end the window now if it is not over, and return what it saw so far.
    type: bool
    default: false
  retention:
    description: Seconds after which a result that nobody collected is removed, at most 86,400.
    type: int
    default: 900
attributes:
  check_mode:
    description: Can run in check mode and return what it returns otherwise.
    support: full
  diff_mode:
    description: Will return details on what has changed, when in diff mode.
    support: N/A
    details: The module changes nothing.
  platform:
    description: Target OS that the module can run on.
    support: full
    platforms: linux
requirements:
  - Linux 3.10 or newer
  - Python 3.9 or newer
seealso:
  - module: rxpath.linux.receive_path_facts
  - module: rxpath.linux.udp_audit_sample
  - ref: ansible_collections.rxpath.linux.docsite.receive_path
    description: Each handoff of the receive path, its counters, and what they mean.
notes:
  - While a namespace is measured, open descriptors keep it alive. One that nothing else holds any longer is let go
    within a second; its device names can be taken again only then.
  - A window longer than the connection's timeout needs O(state=started).
  - O(state=started) and O(state=collected) must run as the same user, because the result lies in a directory that only
    this user can read.
  - Where C(KillUserProcesses) of systemd-logind is on, a sampler that was started without root ends with its session.
"""

EXAMPLES = r"""
- name: Measure all network namespaces for ten seconds
  rxpath.linux.receive_path_info:
  become: true
  register: receive_path

- name: Measure one container closely
  rxpath.linux.receive_path_info:
    window: 30
    interval: 0.02
    namespaces:
      - 4f1c2d3e5a6b
  become: true

- name: Start a window on each host, without waiting for it
  rxpath.linux.receive_path_info:
    state: started
    window: 60
  become: true
  register: started

- name: Collect the windows
  rxpath.linux.receive_path_info:
    state: collected
    session: "{{ started.session }}"
  become: true
  register: collected
  until: collected.finished
  retries: 10
  delay: "{{ [collected.remaining | default(60), 1] | max | int }}"
"""

RETURN = r"""
sample:
  description:
    - What the window saw. Counters are differences over the window. A key that is missing does not exist in this
      kernel, null was reset within the window.
    - C(host), C(limits) and C(truesize) (bytes that datagrams of given payloads take of a receive buffer) describe the
      machine, C(window) how it was measured, C(udp_memory) the pages that all UDP sockets hold.
    - C(cpus), C(softnet) and C(irqs) have a row for each CPU or interrupt.
    - C(namespaces) holds each namespace that lost datagrams, holds a queue or received most, C(rest) the sum of the
      others. A namespace has its C(counters), C(devices), C(nft) rules that drop, C(sockets) and time C(series).
    - C(drop_reasons), where they were asked for and could be had, holds the kernel's reasons with the function that
      dropped the packet, and the processes that read and sent datagrams.
    - C(unknowns) names what could not be read, why, and what would make it readable, C(blind_spots) what has no
      counter.
    - It has at most 256 KiB, however many namespaces there are.
  returned: when O(state=run), or O(state=collected) and the sampler is done
  type: dict
  sample:
    schema: 1
    window: {started_at: 1795246212.83, seconds: 10.01, interval: 0.05, subsamples: 198, extended_seconds: 0.0}
    namespaces:
      - name: host
        inode: 4026531833
        kind: host
        counters: {Udp.InDatagrams: 108326, Udp.RcvbufErrors: 329}
        sockets:
          - local: 0.0.0.0:53
            process: dnsmasq
            drops: 329
            receive_buffer: 212992
    unknowns: []
    blind_spots: []
session:
  description: What names the window that was started.
  returned: when O(state=started)
  type: str
  sample: 5b0e2f6f2c1f4a3d9c1b7e8f00112233
window:
  description: Seconds that the window will last.
  returned: when O(state=started)
  type: float
  sample: 10.0
started_at:
  description: When the sampler was started, seconds since 1970 by the host's clock.
  returned: when O(state=started)
  type: float
  sample: 1795246212.83
finished:
  description: Whether the sampler is done.
  returned: when O(state=collected)
  type: bool
  sample: true
remaining:
  description: Seconds until the sampler will be done, at most.
  returned: when O(state=collected) and the sampler is not done
  type: float
  sample: 12.5
"""

import functools
import sys
import time
from typing import Any, Callable

from ansible.module_utils.basic import AnsibleModule

# An older Python cannot even load what follows; it gets a sentence instead of a traceback.
PYTHON_IS_TOO_OLD = sys.version_info < (3, 9)

if not PYTHON_IS_TOO_OLD:
    from ansible_collections.rxpath.linux.plugins.module_utils._sample import detached
    from ansible_collections.rxpath.linux.plugins.module_utils._sample.options import (
        OptionError,
        Options,
        check_retention,
    )
    from ansible_collections.rxpath.linux.plugins.module_utils._sample.private_files import DetachedError


def prepare(module: AnsibleModule) -> tuple[Options, Callable[..., dict[str, Any]]]:
    """Return the options, and what carries the window out; raises OptionError where one is not possible."""
    # Imported here: Ansible has all of it compiled anew in each execution, and one that collects needs none of it.
    from ansible_collections.rxpath.linux.plugins.module_utils._sample import plan, window

    params = module.params
    options = Options(
        window=params["window"],
        interval=params["interval"],
        namespaces=tuple(params["namespaces"]),
        max_extension=params["max_extension"],
        facts=params["facts"],
        drop_reasons=params["drop_reasons"],
    )
    planned = plan.plan(options)
    return options, functools.partial(window.carry_out, planned)


def start(module: AnsibleModule) -> dict[str, object]:
    from ansible_collections.rxpath.linux.plugins.module_utils._sample import window

    options, carry_out = prepare(module)
    retention = check_retention(module.params["retention"])
    session = detached.start(
        lambda progress: carry_out(window.Clock(ending=progress.ending), progress),
        options.window,
        options.window + options.max_extension,
        retention,
    )
    return {"session": session, "window": options.window, "started_at": time.time()}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "window": {"type": "float", "default": 10.0},
            "interval": {"type": "float", "default": 0.05},
            "namespaces": {"type": "list", "elements": "str", "default": ["all"]},
            "max_extension": {"type": "float", "default": 30.0},
            "facts": {"type": "bool", "default": False},
            "drop_reasons": {"type": "bool", "default": False},
            "state": {"type": "str", "choices": ["run", "started", "collected"], "default": "run"},
            "session": {"type": "str"},
            "finish": {"type": "bool", "default": False},
            "retention": {"type": "int", "default": 900},
        },
        required_if=[("state", "collected", ("session",))],
        supports_check_mode=True,
    )
    if PYTHON_IS_TOO_OLD:
        module.fail_json(
            msg="receive_path_info needs Python 3.9 or newer on the host; this is " + sys.version.split()[0]
        )
    result: dict[str, object] = {}
    failure = ""
    try:
        if module.params["state"] == "collected":
            result = detached.collect(module.params["session"], end_now=module.params["finish"])
        elif module.params["state"] == "started":
            result = start(module)
        else:
            _options, carry_out = prepare(module)
            result = {"sample": carry_out()}
    except (OptionError, DetachedError) as error:
        failure = str(error)
    if failure:
        module.fail_json(msg=failure)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
