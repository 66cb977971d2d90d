# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ssh's way to a host that is made of namespaces: ``connect.py PID ADDRESS PORT`` as ProxyCommand with ProxyUseFdpass.

Connects from within the network namespace of the process PID and hands the connected socket to ssh over standard
output (ssh_config(5), ProxyUseFdpass). So nothing has to be joined to the machine's own network, no address of it can
collide, and no byte passes through here.
"""

from __future__ import annotations

import array
import ctypes
import os
import socket
import sys

CLONE_NEWNET = 0x40000000
_CONNECT_SECONDS = 5.0


def main() -> int:
    """Connect and hand over."""
    pid, address, port = sys.argv[1:4]
    libc = ctypes.CDLL(None, use_errno=True)
    try:
        namespace = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
        if libc.setns(namespace, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        connected = socket.create_connection((address, int(port)), _CONNECT_SECONDS)
        connected.setblocking(True)
    except OSError as error:
        print(f"{address} port {port}: {error.strerror or error}", file=sys.stderr)
        return 1
    with socket.socket(fileno=sys.stdout.fileno()) as ssh:
        handles = array.array("i", [connected.fileno()])
        ssh.sendmsg([b"\0"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, handles)])
        ssh.detach()
    return 0


if __name__ == "__main__":
    sys.exit(main())
