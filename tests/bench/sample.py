# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The code under test: one full sample, or a whole window. Prints one line of JSON with what it cost."""

from __future__ import annotations

import json
import resource
import sys
import time

from ansible_collections.rxpath.linux.plugins.module_utils._sample import window
from ansible_collections.rxpath.linux.plugins.module_utils._sample.enter import Doorway
from ansible_collections.rxpath.linux.plugins.module_utils._sample.host import read_host
from ansible_collections.rxpath.linux.plugins.module_utils._sample.namespaces import find_namespaces
from ansible_collections.rxpath.linux.plugins.module_utils._sample.options import Options
from ansible_collections.rxpath.linux.plugins.module_utils._sample.owners import owner_of
from ansible_collections.rxpath.linux.plugins.module_utils._sample.plan import raise_descriptor_limit
from ansible_collections.rxpath.linux.plugins.module_utils._sample.unknowns import Unknowns
from ansible_collections.rxpath.linux.plugins.module_utils._sample.watch import Watch


def full_sample() -> dict[str, float]:
    """Find the namespaces and read each once, as a window does at its start."""
    raise_descriptor_limit()
    began = time.process_time()
    unknowns = Unknowns()
    doorway = Doorway()
    read_host(unknowns)
    watches = [Watch(found, owner_of(found), doorway, unknowns) for found in find_namespaces()]
    cpu = time.process_time() - began
    sockets = sum(len(table.last) for watch in watches for _source, table in watch.sources)
    for watch in watches:
        watch.close()
    return {"cpu": cpu, "namespaces": len(watches), "sockets": sockets}


def whole_window(seconds: float) -> dict[str, float]:
    """Measure a window at the default interval; its cost is all that this process took, start-up included."""
    document = window.measure(Options(window=seconds, interval=0.05, max_extension=0.0))
    size = len(json.dumps({"changed": False, "sample": document}))
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "share": (usage.ru_utime + usage.ru_stime) / document["window"]["seconds"],
        "memory": usage.ru_maxrss * 1024,
        "size": size,
        "looks": document["window"]["subsamples"],
        "interval": document["window"]["interval_effective"],
        "unknowns": len(document["unknowns"]),
    }


if __name__ == "__main__":
    print(json.dumps(full_sample() if sys.argv[1] == "full" else whole_window(float(sys.argv[2]))))
