# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Recordings for the parsers' tests, from a guest: what its kernel and drivers say, as tests/unit/fixtures keeps it.

python -m ansible_collections.rxpath.linux.tests.hosts.machines.record FOLDER-OF-A-BED GUEST [WHERE-TO]
"""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path

from .lifecycle import attach

FIXTURES = Path(__file__).resolve().parents[2] / "unit/fixtures"


def main() -> None:
    """Write the recordings of one guest."""
    folder, name = Path(sys.argv[1]), sys.argv[2]
    fixtures = Path(sys.argv[3]) if len(sys.argv) > 3 else FIXTURES
    bed = attach(folder)
    if bed is None:
        raise SystemExit(f"no bed runs that was started with {folder}")
    guest = bed[name]
    # Counters of a connection tracker are there when something asks for it.
    guest.ssh("nft 'table ip bed { chain input { type filter hook input priority 0; ct state new accept; }; }'")
    for key in guest.nics:
        bed.burst(name, key, datagrams=300)
    done = guest.run(f"python3 - '{json.dumps(guest.nics)}'", stdin=(Path(__file__).parent / "recorder.py").read_text())
    if done.returncode:
        raise SystemExit(done.stderr)
    told = json.loads(done.stdout)
    for path, content in told["files"].items():
        place = fixtures / told["kernel"] / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(base64.b64decode(content))
    print(f"{len(told['files'])} files below {fixtures / told['kernel']}")


if __name__ == "__main__":
    main()
