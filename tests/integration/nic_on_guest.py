# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests made of a driver one after another, and rolled back; runs on a guest, below the collection's code.

    python3 nic_on_guest.py INTERFACE < requests.json

For each: what check mode predicts, what is done, whether a second run changes anything, what ethtool shows then. At the
end, whether ethtool shows after the rollback what it showed before.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._apply.carry_out import tune
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._apply.rollback import rollback


def shown(name: str) -> dict[str, str]:
    """Return all that ethtool shows of the device, or the reason why it shows nothing."""
    questions = {"-g": [], "-l": [], "-x": [], "-c": [], "udp4": ["rx-flow-hash"], "udp6": ["rx-flow-hash"]}
    found = {}
    for key, words in questions.items():
        option = ["-n", name, *words, key] if words else [key, name]
        done = subprocess.run(["ethtool", *option], capture_output=True, text=True, check=False, timeout=30)
        found[key] = done.stdout + done.stderr
    return found


def numbers(text: str) -> dict[str, int]:
    """Return what is set now, of an answer that begins with what could be."""
    return {key: int(value) for key, value in re.findall(r"^(\w+):\s+(\d+)$", text.rpartition("Current")[2], re.M)}


def table(text: str) -> list[int]:
    return [int(queue) for line in re.findall(r"^ +\d+:(.*)$", text, re.M) for queue in line.split()]


def main() -> None:
    name, host = sys.argv[1], Host()
    before = shown(name)
    steps: list[dict[str, Any]] = []
    for request in json.load(sys.stdin):
        request["interface"] = name
        last = shown(name)
        told = tune(host, request, check=True, scope="running")
        assert shown(name) == last, "check mode changed something"
        done = tune(host, request, check=False, scope="running")
        again = tune(host, request, check=False, scope="running")
        now = shown(name)
        steps.append(
            {
                "predicted": told["changes"] == done["changes"],
                "again": again["changed"],
                **{key: done[key] for key in ("changed", "unsupported", "refused")},
                "ring": numbers(now["-g"]),
                "channels": numbers(now["-l"]),
                "table": table(now["-x"]),
                "fields": len(re.findall("^L4 bytes", now["udp4"], re.M)),
                "coalesce": dict(re.findall(r"^([rt]x-\w+):\s+(\d+)$", now["-c"], re.M)),
            }
        )
    rollback(host, check=False)
    after = shown(name)
    print(json.dumps({"steps": steps, "differs": [key for key in before if before[key] != after[key]]}))


if __name__ == "__main__":
    main()
