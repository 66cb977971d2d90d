# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""QEMU: the system's where it is new enough, else one from Debian's packages in the cache; KVM where a guest boots."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import Callable, List, NamedTuple, Optional

from . import catalogue, places
from .cache import Cache, complete, digest
from .errors import MachineError
from .image import Image, bootstrap

# The first release whose QEMU (10.0) has the igb model, which came with 8.0.
RELEASE = "trixie"
PACKAGES = ["qemu-system-x86", "qemu-utils"]
PROGRAM = "qemu-system-x86_64"
_PROBE_SECONDS = 20.0
EMULATION = ["-accel", "tcg,thread=multi,tb-size=256", "-cpu", "max"]
VIRTUALISATION = ["-accel", "kvm", "-cpu", "host"]


class Emulator(NamedTuple):
    """A QEMU: the words before its own arguments, its version, and the arguments that choose how it runs guests."""

    prefix: List[str]
    version: str
    acceleration: List[str]

    def command(self, program: str, *arguments: str) -> List[str]:
        """Return the command line of one of QEMU's programs."""
        return [*self.prefix, program, *arguments]

    def run(self, program: str, *arguments: str, timeout: float = 60.0) -> str:
        """Run one of QEMU's programs to its end."""
        return places.run(self.command(program, *arguments), timeout)


def ensure(cache: Cache, outside: places.Outside, private: Path, tell: Callable[[str], None]) -> Emulator:
    """Return a QEMU with every model of the catalogue; how it runs guests is not yet known."""
    if _has_models([]):
        return Emulator([], _version([]), EMULATION)
    root = cache.use("qemu", digest(catalogue.VERSION, RELEASE, PACKAGES)) / "root"
    if not root.exists():
        cache.room()
        tell(f"fetching QEMU from {RELEASE}")
        with complete(root) as partial:
            bootstrap(outside, RELEASE, partial, "apt", PACKAGES)
            shutil.rmtree(partial / "dev", ignore_errors=True)
            (partial / "dev").mkdir()
    # Paths are the same inside: the mounts belong to the supervisor's mount namespace and end with it.
    for path in (Path("/dev"), Path("/proc"), cache.path, private):
        inside = root / path.relative_to("/")
        inside.mkdir(parents=True, exist_ok=True)
        places.run(["mount", "--bind", str(path), str(inside)], 10)
    prefix = ["chroot", str(root)]
    if not _has_models(prefix):
        raise MachineError(f"the QEMU of {RELEASE} lacks a network interface of the catalogue")
    return Emulator(prefix, _version(prefix), EMULATION)


def _has_models(prefix: List[str]) -> bool:
    if not prefix and shutil.which(PROGRAM) is None:
        return False
    known = places.run([*prefix, PROGRAM, "-machine", "none", "-device", "help"], 30, check=False)
    models = {nic.model for entry in catalogue.CATALOGUE.values() for nic in entry.nics}
    return all(f'"{model}"' in known for model in models)


def _version(prefix: List[str]) -> str:
    found = re.search(r"version (\S+)", places.run([*prefix, PROGRAM, "--version"], 30))
    if found is None:
        raise MachineError("QEMU does not tell its version")
    return found.group(1)


def accelerated(emulator: Emulator, image: Image, cache: Cache, tell: Callable[[str], None]) -> Emulator:
    """Return the emulator with KVM if a kernel really boots under it; asked once in a boot of this machine."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    known = cache.path / "kvm.json"
    question = f"{boot} {emulator.version}"
    answer: Optional[bool] = None
    if known.exists():
        answers = json.loads(known.read_text())
        answer = answers.get(question)
    if answer is None:
        answer = _boots(emulator, image)
        with complete(known) as partial:
            partial.write_text(json.dumps({question: answer}))
        tell("guests run under KVM" if answer else "guests are emulated: none boots under KVM here")
    return emulator._replace(acceleration=VIRTUALISATION) if answer else emulator


def _boots(emulator: Emulator, image: Image) -> bool:
    if not Path("/dev/kvm").exists():
        return False
    command = emulator.command(
        PROGRAM, *VIRTUALISATION, "-machine", "q35", "-m", "256", "-nodefaults", "-display", "none", "-no-reboot",
        "-serial", "stdio", "-kernel", str(image.kernel), "-initrd", str(image.initrd),
        "-append", "console=ttyS0 bed.probe",
    )  # fmt: skip
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    end = time.monotonic() + _PROBE_SECONDS
    try:
        output, _ = process.communicate(timeout=max(0.1, end - time.monotonic()))
    except subprocess.TimeoutExpired:
        process.kill()
        output, _ = process.communicate()
    return b"bed: the kernel runs" in output
