# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Breaks the collection on purpose, in a copy, one line at a time: the tests named beside each break must turn red.

A break that nobody notices is a hole in the tests. The same tests must be green without it, or their red says nothing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
_SECONDS = 240.0


class Mutation(NamedTuple):
    """What is broken, in which file, the text that is replaced and by what, and the tests that must notice."""

    kind: str
    what: str
    file: str
    old: str
    new: str
    tests: str


UNIT = "tests/unit/plugins/module_utils"
PLAYBOOK = "tests/integration/test_audit_playbook.py"
MUTATIONS = (
    Mutation(
        "role",
        "the audit gives no verdict",
        "roles/udp_audit/tasks/report.yml",
        "rxpath.linux.udp_audit_verdict:\n    diagnosed: __udp_audit_diagnosed",
        "ansible.builtin.debug:\n    msg: well",
        f"{PLAYBOOK}::test_only_unreachable_hosts_end_with_a_report",
    ),
    Mutation(
        "role",
        "the audit does not check its variables",
        "roles/udp_audit/tasks/main.yml",
        'rxpath.linux.udp_audit_settings:\n    variables: "{{ __udp_audit_variables }}"',
        "ansible.builtin.debug:\n    msg: well",
        f"{PLAYBOOK}::test_error_before_any_host_is_reached",
    ),
    Mutation(
        "role",
        "the tuning's profile turns more than sysctls unless told",
        "roles/udp_tuning/defaults/main.yml",
        "udp_tuning_profile: buffers",
        "udp_tuning_profile: full",
        "tests/unit/roles",
    ),
    Mutation(
        "module",
        "a ring is set again and again",
        "plugins/module_utils/_plan/nic_ring.py",
        "changes = () if wanted == current else",
        "changes = () if wanted is current else",
        f"{UNIT}/_plan/test_nic_ring.py",
    ),
    Mutation(
        "module",
        "a sysctl that was higher is lowered",
        "plugins/module_utils/_plan/sysctl_settings.py",
        "wanted = asked if lower else at_least(asked, _floor(key, now))",
        "wanted = asked",
        f"{UNIT}/_plan/test_sysctl_settings.py",
    ),
    Mutation(
        "module",
        "check mode changes the host",
        "plugins/module_utils/_apply/carry_out.py",
        "if check or not (plan.changes",
        "if not (plan.changes",
        f"{UNIT}/_apply/test_carry_out.py",
    ),
    Mutation(
        "parser",
        "softnet_stat's second column is taken for its third",
        "plugins/module_utils/_collect/softnet.py",
        "dropped=numbers[1]",
        "dropped=numbers[2]",
        f"{UNIT}/_collect/test_softnet.py",
    ),
    Mutation(
        "parser",
        "a row of snmp with too few values is taken",
        "plugins/module_utils/_collect/snmp.py",
        'if len(numbers) != len(keys):\n            raise ParseError("/proc/net/snmp"',
        'if len(numbers) > len(keys):\n            raise ParseError("/proc/net/snmp"',
        f"{UNIT}/_collect",
    ),
    Mutation(
        "parser",
        "a range of CPUs ends one early",
        "plugins/module_utils/_collect/cpulist.py",
        "end = int(last) if ranged else start",
        "end = int(last) - 1 if ranged else start",
        f"{UNIT}/_collect/test_cpulist.py",
    ),
    Mutation(
        "watch",
        "a counter that is gone takes its sum along",
        "plugins/module_utils/_watch/book.py",
        "self.sums[series] = self.sums.get(series, 0) + more\n        return gained",
        "self.sums[series] = sum(count.value for count in counts if count.series.key == series)\n        return gained",
        f"{UNIT}/_watch/test_book.py",
    ),
    Mutation(
        "watch",
        "InErrors is taken for a filter's, whatever it holds",
        "plugins/module_utils/_watch/tally.py",
        "max(0, errors - overflow - memory - checksum)",
        "max(0, errors - overflow - memory)",
        f"{UNIT}/_watch/test_tally.py",
    ),
    Mutation(
        "watch",
        "what sockets had dropped before is taken for news",
        "plugins/module_utils/_watch/gather.py",
        "for one in sockets if not history else ():",
        "for one in sockets:",
        f"{UNIT}/_watch/test_gather.py",
    ),
    Mutation(
        "watch",
        "a passing process renames a namespace",
        "plugins/module_utils/_watch/gather.py",
        "return (*first, *(pid for pid in pids if pid not in first))",
        "return pids",
        f"{UNIT}/_watch/test_gather.py",
    ),
    Mutation(
        "watch",
        "what stands in the way of the file stops it",
        "plugins/module_utils/_watch/memory.py",
        "os.unlink(new)",
        "os.stat(new)",
        f"{UNIT}/_watch/test_gather.py",
    ),
    Mutation(
        "watch",
        "a name ends its label",
        "plugins/module_utils/_watch/exposition.py",
        """.replace('"', '\\\\"')""",
        "",
        f"{UNIT}/_watch/test_exposition.py",
    ),
    Mutation(
        "watch",
        "the file of another directory stays",
        "plugins/module_utils/_apply/watch_install.py",
        "            _remove_metrics(host, stale)\n",
        "",
        f"{UNIT}/_apply/test_watch_install.py",
    ),
    Mutation(
        "probe",
        "what an earlier run sent is counted",
        "plugins/module_utils/_probe/receiver.py",
        "and run == token and",
        "and",
        f"{UNIT}/_probe/test_ends.py",
    ),
    Mutation(
        "probe",
        "a late datagram is no reordered one",
        "plugins/module_utils/_probe/flow.py",
        "self.reordered += 1",
        "pass",
        f"{UNIT}/_probe/test_flow.py",
    ),
    Mutation(
        "probe",
        "a sender makes up for all that it missed at once",
        "plugins/module_utils/_probe/pace.py",
        "if late > MAX_LATE:",
        "if late < 0:",
        f"{UNIT}/_probe/test_pace.py",
    ),
    Mutation(
        "probe",
        "a receiver that is no host of the inventory will do",
        "plugins/plugin_utils/peers.py",
        "    if host not in hostvars:",
        "    if not host:",
        "tests/unit/plugins/plugin_utils/test_peers.py",
    ),
    Mutation(
        "hops",
        "what the probe's own socket lost is the wire's",
        "plugins/module_utils/_hops/leg.py",
        "Place(OWN_SOCKET, way.receiver.host, counted.own_drops, certainty",
        "Place(OWN_SOCKET, way.receiver.host, 0, certainty",
        f"{UNIT}/_hops/test_leg.py",
    ),
    Mutation(
        "hops",
        "other traffic of a forwarder is not looked at",
        "plugins/module_utils/_hops/leg.py",
        "if blur > max(_BLUR, _BLUR_SHARE * counted.numbered):",
        "if blur < 0:",
        f"{UNIT}/_hops/test_leg.py",
    ),
    Mutation(
        "hops",
        "the machine's softnet is every container's",
        "plugins/module_utils/_hops/tally.py",
        "packets = min(packets, devices)",
        "pass",
        f"{UNIT}/_hops/test_tally.py",
    ),
    Mutation(
        "hops",
        "a hint fails a host",
        "plugins/plugin_utils/hops_report.py",
        'sure = one["kind"] == "probe" or place["certainty"] != HINT',
        "sure = True",
        "tests/unit/plugins/plugin_utils/test_hops_judged.py",
    ),
    Mutation(
        "hops",
        "a hint is drawn as a loss",
        "plugins/plugin_utils/hops_drawn.py",
        '(one["kind"] == "probe" or place["certainty"] != HINT)',
        "True",
        "tests/unit/plugins/plugin_utils/test_hops_page.py",
    ),
    Mutation(
        "hops",
        "names of hosts are markup",
        "plugins/plugin_utils/_page.py",
        "autoescape=True",
        "autoescape=False",
        "tests/unit/plugins/plugin_utils/test_hops_page.py",
    ),
)


def main() -> int:
    """Try every mutation, or those of the kinds named; return 1 if one was missed, or its tests are red without it."""
    chosen = [one for one in MUTATIONS if len(sys.argv) == 1 or one.kind in sys.argv[1:]]
    missed = 0
    with tempfile.TemporaryDirectory(prefix="rxpath-mutations-") as scratch:
        copy = Path(scratch, "linux")
        _copy(copy)
        green = {tests: _run(copy, tests) for tests in dict.fromkeys(one.tests for one in chosen)}
        for mutation in chosen:
            began = time.monotonic()
            path = copy / mutation.file
            text = path.read_text(encoding="utf-8")
            if text.count(mutation.old) != 1:
                raise SystemExit(f"{mutation.file} has not exactly one {mutation.old!r}: the mutation is out of date")
            path.write_text(text.replace(mutation.old, mutation.new), encoding="utf-8")
            code = _run(copy, mutation.tests)
            path.write_text(text, encoding="utf-8")
            # pytest's 1: tests ran and some failed. Anything else (an import that breaks, no test) proves nothing.
            noticed = green[mutation.tests] == 0 and code == 1
            missed += not noticed
            verdict = "red" if noticed else f"MISSED (without it: {green[mutation.tests]}, with it: {code})"
            print(f"{mutation.kind:7} {mutation.what:60} {verdict:5} {time.monotonic() - began:5.1f} s", flush=True)
    print(f"{len(chosen) - missed} passed, {missed} failed")
    return 1 if missed else 0


def _copy(copy: Path) -> None:
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    for name in filter(None, listing.stdout.split("\0")):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    link = copy / ".venv/tree/ansible_collections/rxpath/linux"
    link.parent.mkdir(parents=True)
    link.symlink_to(copy)


def _run(copy: Path, tests: str) -> int:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", tests],
        cwd=copy,
        env={
            **os.environ,
            "PYTHONDONTWRITEBYTECODE": "1",
            # Before the link in .venv, which leads to the whole tree.
            "ANSIBLE_COLLECTIONS_PATH": str(copy / ".venv/tree"),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    if done.returncode not in (0, 1):
        print(done.stdout[-2000:], file=sys.stderr)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
