# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kernel without its compression and a small initial file system: most of what an emulated boot would wait for."""

from __future__ import annotations

import lzma
import shutil
import subprocess
import zlib
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Tuple

from .errors import MachineError

# What stands between the kernel and the disk; what they need comes from modules.dep.
MODULES = ("virtio_pci", "virtio_blk", "crc32c_generic", "ext4")
_ELF = b"\x7fELF"
# Beginnings of compressed data in a bzImage (Linux's scripts/extract-vmlinux tries the same).
_GZIP, _XZ, _ZSTD = b"\x1f\x8b\x08", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd"


def vmlinux(image: bytes, root: Path) -> bytes:
    """Return the ELF kernel that a bzImage holds; ``root`` has a zstd where Python has none."""
    for magic in (_GZIP, _XZ, _ZSTD):
        at = image.find(magic)
        while at >= 0:
            found = _unpacked(magic, image[at:], root)
            if found is not None and found.startswith(_ELF):
                return found
            at = image.find(magic, at + 1)
    raise MachineError("no kernel found inside the boot image")


def _unpacked(magic: bytes, data: bytes, root: Path) -> Optional[bytes]:
    # What follows the compressed kernel is not part of it, hence decompressor objects, which stop at its end.
    try:
        if magic == _GZIP:
            return zlib.decompressobj(31).decompress(data)
        if magic == _XZ:
            return lzma.LZMADecompressor().decompress(data)
    except (zlib.error, lzma.LZMAError):
        return None
    return _zstd(data, root)


def _zstd(data: bytes, root: Path) -> bytes:
    # It complains about what follows, and has written the kernel by then.
    program = ["zstd"] if shutil.which("zstd") else ["chroot", str(root), "zstd"]
    return subprocess.run([*program, "-dcq"], input=data, capture_output=True, timeout=120, check=False).stdout


def build(root: Path, init: Path) -> bytes:
    """Return an initial file system (cpio, newc) made of the root's busybox and modules and of ``init``."""
    versions = sorted((root / "usr/lib/modules").iterdir())
    if len(versions) != 1:
        raise MachineError(f"expected one kernel in the image, found {[path.name for path in versions]}")
    modules = list(_modules(versions[0], root))
    entries: List[Tuple[str, int, bytes]] = [("bin", 0o040755, b""), ("modules", 0o040755, b"")]
    entries.append(("bin/busybox", 0o100755, (root / "usr/bin/busybox").read_bytes()))
    entries.append(("init", 0o100755, init.read_bytes()))
    entries.append(("order", 0o100644, "\n".join(name for name, _ in modules).encode()))
    entries.extend((f"modules/{name}", 0o100644, content) for name, content in modules)
    entries.append(("TRAILER!!!", 0, b""))
    return b"".join(_newc(number, *entry) for number, entry in enumerate(entries))


def _modules(folder: Path, root: Path) -> Iterator[Tuple[str, bytes]]:
    needs: Dict[str, List[str]] = {}
    for line in (folder / "modules.dep").read_text().splitlines():
        path, _, rest = line.partition(":")
        needs[path] = rest.split()
    by_name = {path.rsplit("/", 1)[-1].split(".ko")[0].replace("-", "_"): path for path in needs}
    order: List[str] = []
    for name in MODULES:
        # modules.dep lists what a module needs with the first to load last; what it lacks is built into the kernel.
        for path in [*reversed(needs.get(by_name.get(name, ""), [])), *([by_name[name]] if name in by_name else [])]:
            if path not in order:
                order.append(path)
    for path in order:
        content = (folder / path).read_bytes()
        if path.endswith(".xz"):
            content = lzma.decompress(content)
        elif path.endswith(".zst"):
            content = _zstd(content, root)
        yield path.rsplit("/", 1)[-1].split(".ko")[0] + ".ko", content


def _newc(number: int, name: str, mode: int, content: bytes) -> bytes:
    """Return one entry (Linux's Documentation/driver-api/early-userspace/buffer-format.rst)."""
    fields = (number + 1, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
    return head + bytes(-len(head) % 4) + content + bytes(-len(content) % 4)
