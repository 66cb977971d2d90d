# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the profile ``full`` saves of a burst that the default configuration of a NIC loses, told by the audit itself.

The role tunes a virtual machine once. Then the guest goes to and fro between how it was before and after that, and in
each state an audit watches while one burst comes in over each NIC. The receivers have buffers for all of it, and count.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / ".venv/tree"))

from ansible_collections.rxpath.linux.tests.hosts.machines import (  # noqa: E402
    Bed,
    Guest,
    MachinesUnavailableError,
    machines,
)
from ansible_collections.rxpath.linux.tests.matrix.table import csv_table  # noqa: E402

PLAYBOOK = str(ROOT / ".venv/bin/ansible-playbook")
PORTS = {"igb0": 9001, "vmxnet0": 9002, "virtio0": 9003}
STATES = ("default", "full")
WINDOW = 20
# The sampler's first full look on an emulated guest takes a second or two; it is not waited for before it begins.
_LEAD_SECONDS = 4.0
_GAP_SECONDS = 2.0
_BUFFER = 32 << 20
_ROLE_SECONDS = 1800.0
_AUDIT_SECONDS = 300.0
_ATTEMPTS = 3


class Row(NamedTuple):
    """What became of one burst."""

    state: str
    nic: str
    sent: int
    delivered: int
    # Left before the device took it: the cable's end has no room.
    before: int
    # Of the audit's findings of class loss on that interface.
    counted: int
    findings: str

    @property
    def uncounted(self) -> int:
        """Return what was neither delivered nor counted anywhere."""
        return self.sent - self.delivered - self.before - self.counted


def start_receivers(guest: Guest) -> None:
    """Start one reader a NIC, with a socket buffer that holds every burst."""
    program = (ROOT / "tests/matrix/programs/drain.py").read_text(encoding="utf-8")
    guest.run("cat > /root/drain.py", stdin=program)
    for port in PORTS.values():
        options = f"-p {port} -F {_BUFFER}"
        guest.ssh(
            f"setsid python3 /root/drain.py {options} > /run/drain-{port} 2>&1 < /dev/null & echo $! > /run/{port}"
        )
    end = time.monotonic() + 60
    while guest.ssh("cat /run/drain-*").count("ready") < len(PORTS):
        if time.monotonic() > end:
            raise RuntimeError("the receivers do not start: " + guest.ssh("cat /run/drain-*"))
        time.sleep(0.3)


def received(guest: Guest) -> dict[str, int]:
    """End the readers and return what each of them got."""
    guest.ssh("kill " + " ".join(f"$(cat /run/{port})" for port in PORTS.values()))
    end = time.monotonic() + 30
    while True:
        told = {nic: guest.ssh(f"tail -n 1 /run/drain-{port}") for nic, port in PORTS.items()}
        if all("received" in text for text in told.values()):
            return {nic: int(json.loads(text)["datagrams"]) for nic, text in told.items()}
        if time.monotonic() > end:
            raise RuntimeError(f"the receivers do not end: {told}")
        time.sleep(0.3)


def tune(bed: Bed, guest: Guest) -> float:
    """Run the role with the profile ``full`` on the NICs; return its seconds."""
    variables = {"udp_tuning_profile": "full", "udp_tuning_interfaces": [guest.nics[nic] for nic in PORTS]}
    variables["udp_tuning_confirm_timeout"] = "600"  # a busy machine makes an emulated guest slow
    began = time.monotonic()
    words = [PLAYBOOK, "-i", str(bed.write_inventory()), "playbooks/tune.yml", "-e", json.dumps(variables)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=_ROLE_SECONDS, check=False)
    if done.returncode:
        raise RuntimeError(done.stdout[-3000:] + done.stderr[-1000:])
    return time.monotonic() - began


def audit(bed: Bed, guest: Guest, options: argparse.Namespace) -> tuple[dict[str, Any], dict[str, dict[str, int]]]:
    """Audit the guest while the bursts come; return its entry in the report and what was sent."""
    report = bed.folder / "report"
    variables = {
        "udp_audit_window": WINDOW,
        "udp_audit_report_dir": f"{report}/",
        "udp_audit_report_formats": ["json"],
    }
    words = [PLAYBOOK, "-i", str(bed.write_inventory()), "audit.yml", "-e", json.dumps(variables)]
    sent: dict[str, dict[str, int]] = {}
    said = ""
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            said += line
            if "Wait for the windows of all hosts" in line:
                time.sleep(_LEAD_SECONDS)
                for nic, port in PORTS.items():
                    sent[nic] = bed.burst(guest.name, nic, options.datagrams, options.size, port=port)
                    time.sleep(_GAP_SECONDS)
        process.wait(_AUDIT_SECONDS)
    try:
        entry = json.loads((report / "report.json").read_text(encoding="utf-8"))["hosts"][guest.name]
        (report / "report.json").unlink()
    except OSError:
        raise RuntimeError(said[-3000:]) from None
    return entry, sent


def measure(bed: Bed, guest: Guest, state: str, options: argparse.Namespace) -> list[Row]:
    """Return a row for each NIC; measured again where the window did not hold all the bursts."""
    for _ in range(_ATTEMPTS):
        guest.reset(state)
        entry, sent = audit(bed, guest, options)
        got = received(guest)
        windows = entry["windows"]
        if windows and windows[0]["counters"]["namespaces"]["host"].get("Udp.InDatagrams", 0) >= sum(got.values()):
            return rows(guest, state, entry, sent, got)
        print(f"# {state}: the bursts were not all within the window; again", flush=True)
    raise RuntimeError(f"not one of {_ATTEMPTS} windows held the bursts; the machine is too busy")


def rows(
    guest: Guest, state: str, entry: dict[str, Any], sent: dict[str, dict[str, int]], got: dict[str, int]
) -> list[Row]:
    """Put what the audit found beside what was sent and received."""
    made = []
    for nic in PORTS:
        here = [one for one in entry["findings"] if one["interface"] == guest.nics[nic] and one["class"] == "loss"]
        told = ", ".join(f"{one['finding']} ({one['certainty']})" for one in here)
        counted = sum(one["delta"] for one in here)
        made.append(Row(state, nic, sent[nic]["sent"], got[nic], sent[nic]["tap_dropped"], counted, told or "none"))
    return made


def settings(guest: Guest, nic: str) -> str:
    """Return receive ring, queues and hash fields as ethtool tells them."""
    name = guest.nics[nic]
    shown = guest.ssh(f"ethtool -g {name}; ethtool -l {name}; ethtool -n {name} rx-flow-hash udp4 2>&1 || true")
    ring = re.findall(r"^RX:\s+(\d+)", shown, re.M)[1]
    queues = re.findall(r"^Combined:\s+(\d+)", shown, re.M)[1]
    fields = "with ports" if "L4 bytes" in shown else "addresses only" if "IP SA" in shown else "not told"
    return f"ring {ring}, {queues} queues, UDP hash {fields}"


def table(all_rows: list[Row]) -> str:
    """Return the medians as a table for the documentation, with the least and the most delivered."""
    body = [["NIC", "state", "sent", "delivered", "least to most", "dropped before it", "audit counted", "nowhere"]]
    for nic in PORTS:
        for state in STATES:
            here = [row for row in all_rows if (row.nic, row.state) == (nic, state)]
            middle = [
                f"{statistics.median(getattr(row, what) for row in here):,.0f}"
                for what in ("sent", "delivered", "before", "counted", "uncounted")
            ]
            spread = f"{min(row.delivered for row in here):,} to {max(row.delivered for row in here):,}"
            findings = ", ".join(sorted({row.findings for row in here}))
            body.append([nic, state, *middle[:2], spread, middle[2], f"{middle[3]}: {findings}", middle[4]])
    return csv_table(body)


def compare(bed: Bed, options: argparse.Namespace) -> None:
    """Tune once, measure in pairs, print."""
    guest = bed[options.guest]
    guest.reset()
    start_receivers(guest)
    shown = {"default": {nic: settings(guest, nic) for nic in PORTS}}
    guest.snapshot("default")
    print(f"# role with profile full on {len(PORTS)} NICs: {tune(bed, guest):.0f} s", flush=True)
    shown["full"] = {nic: settings(guest, nic) for nic in PORTS}
    guest.snapshot("full")
    for state, by_nic in shown.items():
        for nic, text in by_nic.items():
            print(f"# {state}: {nic}: {text}", flush=True)
    all_rows = []
    for number in range(options.repeats):
        for state in STATES:
            for row in measure(bed, guest, state, options):
                print(f"# {number + 1} {row}", flush=True)
                all_rows.append(row)
    print(f"\n{guest.name}, {options.datagrams:,} datagrams of {options.size} bytes at once, one flow, ", end="")
    print(f"medians of {options.repeats} pairs\n\n{table(all_rows)}")


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--guest", default="bookworm", choices=["bookworm", "trixie"])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--datagrams", type=int, default=3000)
    parser.add_argument("--size", type=int, default=200, help="bytes of payload")
    options = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory(prefix="rxe-") as folder, machines([options.guest], Path(folder)) as bed:
            compare(bed, options)
    except MachinesUnavailableError as missing:
        print(f"effect: {missing}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
