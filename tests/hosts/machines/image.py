# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Images of the guests: a Debian root from the distribution's packages, as a disk with its kernel beside it."""

from __future__ import annotations

import re
import shutil
import urllib.parse
from pathlib import Path
from typing import Callable, List, NamedTuple

from . import catalogue, initrd, places
from .cache import Cache, complete, digest
from .errors import MachineError, MachinesUnavailableError

GUEST = Path(__file__).parent / "guest"
DEFAULT_MIRROR = "http://deb.debian.org/debian"
_BOOTSTRAP_SECONDS = 900.0
_DISK = "2G"


class Image(NamedTuple):
    """An image in the cache: a folder and its key."""

    folder: Path
    key: str

    @property
    def disk(self) -> Path:
        """Return the root file system, raw, never written to."""
        return self.folder / "disk.raw"

    @property
    def kernel(self) -> Path:
        """Return the uncompressed kernel."""
        return self.folder / "vmlinux"

    @property
    def initrd(self) -> Path:
        """Return the initial file system."""
        return self.folder / "initrd"

    @property
    def user_key(self) -> Path:
        """Return the private key that root's account in the guest admits."""
        return self.folder / "user_key"


def mirror(apt: Path = Path("/etc/apt")) -> str:
    """Return the first Debian mirror that this machine's apt is configured with, or Debian's own."""
    found: List[str] = []
    for path in [apt / "sources.list", *sorted((apt / "sources.list.d").glob("*"))]:
        if path.is_file() and path.suffix in (".list", ".sources"):
            lines = [line.split("#")[0] for line in path.read_text(errors="replace").splitlines()]
            relevant = " ".join(line for line in lines if re.match(r"\s*(deb\s|URIs:)", line))
            found += re.findall(r"\bhttps?://\S+", relevant)
    # The archive itself: neither debian-security nor somebody's packages for Debian.
    return next((uri for uri in found if urllib.parse.urlsplit(uri).path.rstrip("/") == "/debian"), DEFAULT_MIRROR)


def bootstrap(outside: places.Outside, release: str, target: Path, variant: str, packages: List[str]) -> None:
    """Make a Debian root from packages; MachinesUnavailableError without mmdebstrap."""
    if shutil.which("mmdebstrap") is None:
        raise MachinesUnavailableError("mmdebstrap is not installed")
    source = mirror()
    command = ["mmdebstrap", "--quiet", f"--variant={variant}", '--aptopt=APT::Install-Recommends "false"']
    command += [f"--include={','.join(packages)}", release, str(target), source]
    try:
        outside.run(command, _BOOTSTRAP_SECONDS)
    except MachineError as error:
        raise MachinesUnavailableError(f"no packages of {release} from {source}: {error}") from error


def ensure(cache: Cache, outside: places.Outside, release: str, scratch: Path, tell: Callable[[str], None]) -> Image:
    """Return the image of a release, built now unless the cache has it; ``scratch`` is a folder for the while."""
    key = image_key(release)
    image = Image(cache.use(f"image-{release}", key), key)
    if image.disk.exists():
        return image
    cache.room()
    tell(f"building the image of {release} from {mirror()}")
    root = scratch / f"root-{release}"
    bootstrap(outside, release, root, "minbase", list(catalogue.PACKAGES))
    for name, comment in (("host_key", "host"), ("user_key", "bed")):
        (image.folder / name).unlink(missing_ok=True)
        places.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(image.folder / name)], 30)
    shutil.copy(image.folder / "host_key", root / "tmp/host_key")
    shutil.copy(image.folder / "user_key.pub", root / "tmp/user_key.pub")
    shutil.copy(GUEST / "setup.sh", root / "tmp/setup.sh")
    kernels = sorted((root / "boot").glob("vmlinuz-*"))
    with complete(image.kernel) as partial:
        partial.write_bytes(initrd.vmlinux(kernels[-1].read_bytes(), root))
    with complete(image.initrd) as partial:
        partial.write_bytes(initrd.build(root, GUEST / "init"))
    places.run(["chroot", str(root), "env", f"NAME={release}", "sh", "/tmp/setup.sh"], 60)
    for needless in [*(root / "boot").iterdir(), root / "tmp/setup.sh"]:
        needless.unlink()
    with complete(image.disk) as partial:
        places.run(["mkfs.ext4", "-q", "-L", "root", "-d", str(root), str(partial), _DISK], 300)
    shutil.rmtree(root)
    return image


def image_key(release: str) -> str:
    """Return the hash of all that goes into an image, the mirror's present state excepted."""
    scripts = [(path.name, path.read_text()) for path in sorted(GUEST.iterdir())]
    return digest(catalogue.VERSION, release, catalogue.PACKAGES, initrd.MODULES, _DISK, scripts)
