#!/usr/bin/python

# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: udp_probe
short_description: Send numbered datagrams to another host of the inventory, and count which arrived
version_added: "1.0.0"
author:
  - rxpath.linux contributors (@rxpath)
description:
  - A receiver on one host (O(state=started)), a sender on another (O(state=sent)), and the account of which numbers
    arrived (O(state=collected)). What is missing is told in runs, what came late or twice is counted.
  - The receiver opens a UDP socket of its own and counts nothing but the datagrams of its own run, which carry a token
    that is drawn for it. It outlives the connection and ends by itself.
  - Datagrams go to hosts of the inventory alone. The controller takes the address from there, and the port from what
    the receiver returned.
  - What the probe loses itself is told apart. The receiver's result has the drops of its own socket, the sender's
    has what the kernel dropped before the wire and the rate that was reached.
  - Clocks of hosts are never compared.
  - No root is needed, and no package. Nothing of the host is changed.
options:
  state:
    description:
      - V(started) starts a receiver and returns at once.
      - V(sent) sends, and returns when all is sent.
      - V(collected) ends the receiver of O(session) and returns what it counted.
    type: str
    choices: [started, sent, collected]
    required: true
  rate:
    description: Datagrams a second over all flows, at most 200,000. RV(sent) has the rate that was reached.
    type: int
    default: 1000
  duration:
    description: Seconds to send, at most 60. A probe sends at most 4,000,000,000 bytes of payload.
    type: float
    default: 5.0
  size:
    description:
      - Bytes of payload of each datagram, 20 to 65507.
      - A datagram that does not fit into the path's MTU is refused unless O(fragment) allows to cut it.
    type: int
    default: 200
  flows:
    description: Flows, each from a source port that the kernel chooses, at most 64. They take turns.
    type: int
    default: 1
  dscp:
    description: Differentiated services code point of the datagrams, 0 to 63.
    type: int
    default: 0
  fragment:
    description: Allow fragments. Without it datagrams carry the flag "do not fragment".
    type: bool
    default: false
  bind:
    description: With O(state=started), the address to receive on. All of them, IPv4 and IPv6, unless one is named.
    type: str
  port:
    description:
      - With O(state=started), the port to receive on. V(0) takes a free one.
      - With O(state=sent), the port on which O(to) forwards to O(receiver), where the two differ.
    type: int
    default: 0
  receive_buffer:
    description:
      - With O(state=started), bytes to ask for as the buffer of the socket (C(SO_RCVBUF)). V(0) leaves the default.
      - The kernel doubles it and cuts it at twice C(net.core.rmem_max). RV(received) says what came of it.
    type: int
    default: 4194304
  grace:
    description: With O(state=started), seconds beyond O(duration) after which the receiver ends by itself, at most 300.
    type: float
    default: 60.0
  retention:
    description: With O(state=started), seconds after which a result that nobody collected is removed, at most 86,400.
    type: int
    default: 900
  session:
    description: What O(state=started) returned. Required with O(state=collected).
    type: str
  to:
    description: With O(state=sent), the host of the inventory to send to.
    type: str
  receiver:
    description: With O(state=sent), the host of the inventory that counts, where it is not O(to) but behind it.
    type: str
  started:
    description: With O(state=sent), the name under which the start of the receiver was registered.
    type: str
  address:
    description: For the action. The address of O(to). A task cannot set it.
    type: str
  token:
    description: For the action. The token of the receiver. A task cannot set it.
    type: int
attributes:
  action:
    description: Has an action plugin, which runs on the controller.
    support: full
  check_mode:
    description: Can run in check mode and return what it returns otherwise.
    support: none
    details: A probe is a load. In check mode none is sent.
  diff_mode:
    description: Will return details on what has changed, when in diff mode.
    support: N/A
    details: The module changes nothing.
  platform:
    description: Target OS that the module can run on.
    support: full
    platforms: linux
requirements:
  - Linux 4.12 or newer
  - Python 3.9 or newer
seealso:
  - module: rxpath.linux.receive_path_info
notes:
  - The address is that of the variable C(udp_hops_address) of O(to), else its C(ansible_host), else its name. A name is
    resolved on the controller.
  - An address that is the sender's own or a loopback address under another host's name, and one that stands for many
    hosts (multicast, broadcast), is refused. Behind forwarded SSH ports, as with virtual machines on one host, all
    C(ansible_host) are C(127.0.0.1) and C(udp_hops_address) is needed.
  - O(state=started) and O(state=collected) must run as the same user, because the result lies in a directory that only
    this user can read.
  - A firewall between the two hosts has to let the port pass. Give O(port) where it must be known beforehand.
"""

EXAMPLES = r"""
- name: Count on the server
  rxpath.linux.udp_probe:
    state: started
    rate: 5000
    duration: 10
  register: receiver
  when: inventory_hostname == 'server1'

- name: Send from the client
  rxpath.linux.udp_probe:
    state: sent
    to: server1
    started: receiver
    rate: 5000
    duration: 10
  register: sender
  when: inventory_hostname == 'client1'

- name: Say what arrived
  rxpath.linux.udp_probe:
    state: collected
    session: "{{ receiver.session }}"
  register: account
  when: inventory_hostname == 'server1'
"""

RETURN = r"""
session:
  description: What names the receiver.
  returned: when O(state=started)
  type: str
  sample: 5b0e2f6f2c1f4a3d9c1b7e8f00112233
port:
  description: The port that the receiver opened.
  returned: when O(state=started)
  type: int
  sample: 43514
token:
  description: By what the receiver knows the datagrams of its run.
  returned: when O(state=started)
  type: int
  sample: 2886794753
sent:
  description:
    - What became of the datagrams. C(asked) and C(sent) are their numbers. C(dropped) were dropped by the kernel before
      the wire, as it said itself. A queue was full (C(ENOBUFS)) or a firewall forbade it (C(EPERM)). C(errors) counts
      refusals by their name. C(stopped) says why a probe ended early, or is null.
    - C(rate) was reached, C(behind) are the seconds that were given up because the sender got no CPU, C(longest_burst)
      the most datagrams that went without a pause, C(path_mtu) the MTU in bytes.
    - C(flows) has for each flow its source C(port), how many numbers were given and how many of these were dropped.
  returned: when O(state=sent)
  type: dict
  sample:
    asked: 50000
    sent: 50000
    dropped: 0
    errors: {}
    stopped: null
    seconds: 10.0
    rate: 5000.0
    behind: 0.0
    longest_burst: 6
    cpu_seconds: 1.2
    path_mtu: 1500
    flows: [{port: 41414, numbered: 50000, dropped: 0}]
finished:
  description: Whether the receiver is done.
  returned: when O(state=collected)
  type: bool
  sample: true
received:
  description:
    - What arrived. C(flows) has for each flow what C(arrived), was C(duplicated), or C(reordered), a datagram with a
      lower number than one that came before it (RFC 4737), C(furthest) behind by so many numbers. C(missing) are the
      numbers below C(next), one more than the highest that arrived; what is missing beyond it only the sender knows.
      C(runs) are the first runs of missing numbers (first number, length), C(run_lengths) how many there are of each
      length (the longest of its class, runs).
    - C(drops) are those of the receiver's own socket, C(foreign) datagrams that were none of this run.
    - C(delay_range) are the seconds by which the slowest datagram took longer than the quickest, C(longest_pause) the
      longest time without a datagram, C(ended) whether the receiver was C(asked) to end or its C(time) was up.
  returned: when O(state=collected) and the receiver is done
  type: dict
  sample:
    ended: asked
    seconds: 11.2
    foreign: 0
    drops: 0
    receive_buffer: 8388608
    delay_range: 0.001409
    longest_pause: 0.003773
    span: 9.999
    flows:
      - arrived: 49990
        duplicated: 0
        reordered: 0
        furthest: 0
        next: 50000
        missing: 10
        runs: [[4711, 10]]
        run_lengths: [[16, 1]]
"""

import secrets
import sys

from ansible.module_utils.basic import AnsibleModule

# An older Python cannot even load what follows; it gets a sentence instead of a traceback.
PYTHON_IS_TOO_OLD = sys.version_info < (3, 9)

if not PYTHON_IS_TOO_OLD:
    from ansible_collections.rxpath.linux.plugins.module_utils._probe import load as loads
    from ansible_collections.rxpath.linux.plugins.module_utils._probe import receiver, sender, sockets
    from ansible_collections.rxpath.linux.plugins.module_utils._sample import detached
    from ansible_collections.rxpath.linux.plugins.module_utils._sample.options import OptionError, check_retention
    from ansible_collections.rxpath.linux.plugins.module_utils._sample.private_files import DetachedError

# Seconds that a collection waits for the receiver to write down what it counted.
_PATIENCE = 15.0


def load_of(module: AnsibleModule) -> loads.Load:
    params = module.params
    return loads.check(loads.Load(**{name: params[name] for name in loads.Load._fields}))


def start(module: AnsibleModule) -> dict[str, object]:
    """Open the socket, leave a receiver behind, and return what a sender needs to know."""
    load, params = load_of(module), module.params
    loads.check_receiver(params["port"], params["receive_buffer"], params["grace"])
    retention = check_retention(params["retention"])
    token = secrets.randbits(32)
    seconds = load.duration + params["grace"]
    with sockets.open_receiver(params["bind"], params["port"], params["receive_buffer"]) as sock:
        port = sock.getsockname()[1]
        session = detached.start(
            lambda progress: receiver.receive(sock, token, load, seconds, progress.ending),
            seconds,
            seconds,
            retention,
            keep=(sock.fileno(),),
        )
    return {"session": session, "port": port, "token": token}


def collect(module: AnsibleModule) -> dict[str, object]:
    answer = detached.collect(module.params["session"], _PATIENCE, end_now=True)
    if not answer["finished"]:
        raise DetachedError("the receiver does not end, although it was asked to")
    return {"finished": True, "received": answer["sample"]}


def send(module: AnsibleModule) -> dict[str, object]:
    params = module.params
    if not (params["address"] and params["port"] and params["token"] is not None):
        raise OptionError("to: its address is for the controller to find; call the module as a task")
    return {"sent": sender.send(sender.Target(params["address"], params["port"], params["token"]), load_of(module))}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["started", "sent", "collected"], "required": True},
            "rate": {"type": "int", "default": 1000},
            "duration": {"type": "float", "default": 5.0},
            "size": {"type": "int", "default": 200},
            "flows": {"type": "int", "default": 1},
            "dscp": {"type": "int", "default": 0},
            "fragment": {"type": "bool", "default": False},
            "bind": {"type": "str"},
            "port": {"type": "int", "default": 0},
            "receive_buffer": {"type": "int", "default": 4194304},
            "grace": {"type": "float", "default": 60.0},
            "retention": {"type": "int", "default": 900},
            "session": {"type": "str"},
            "to": {"type": "str"},
            "receiver": {"type": "str"},
            "started": {"type": "str"},
            "address": {"type": "str"},
            "token": {"type": "int", "no_log": False},
        },
        required_if=[("state", "collected", ("session",)), ("state", "sent", ("to", "started"))],
        supports_check_mode=False,
    )
    if PYTHON_IS_TOO_OLD:
        module.fail_json(msg="udp_probe needs Python 3.9 or newer on the host; this is " + sys.version.split()[0])
    states = {"started": start, "sent": send, "collected": collect}
    result: dict[str, object] = {}
    failure = ""
    try:
        result = states[module.params["state"]](module)
    except (OptionError, DetachedError, OSError) as error:
        failure = str(error)
    if failure:
        module.fail_json(msg=failure)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
