# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The code that runs now, as one file that a boot can run: an archive of a module and of all of ours that it imports.

Python runs a zip archive that holds a ``__main__.py`` (zipapp in the standard library's reference). One file is put in
place whole, compared by its members' checksums, and leaves no compiled files behind: it holds them, since it runs
before a host has anything else to do.
"""

from __future__ import annotations

import importlib.util
import io
import marshal
import pkgutil
import re
import zipfile
import zlib
from collections.abc import Iterator

_PREFIX = "ansible_collections.rxpath.linux.plugins.module_utils"
_MAIN = """\
# SPDX-License-Identifier: GPL-3.0-or-later
import sys
from {module} import main
sys.exit(main(sys.argv[1:]))
"""
# The house imports by full names alone. (Parsing all the sources takes a slow host seconds.)
_IMPORT = re.compile(
    r"^[ ]*from[ ](?P<module>" + re.escape(_PREFIX) + r"[\w.]*)[ ]import[ ](?P<names>\([^)]*\)|[^\n]*)", re.MULTILINE
)
# The same code makes the same bytes: no member has a date of its own.
_DATE = (1980, 1, 1, 0, 0, 0)


def build(module: str) -> bytes:
    """Return the archive that runs ``main(arguments)`` of one of our modules, given by its full name."""
    members = {"__main__.py": _MAIN.format(module=module).encode()}
    for name in sorted(_closure(module)):
        members[_member(name)] = _source(name)
        members[_member(name) + "c"] = _compiled(_member(name), _source(name))
    for name in _parents():
        members.setdefault(name, b"")
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(members):
            info = zipfile.ZipInfo(name, _DATE)
            info.external_attr = 0o100644 << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, members[name])
    return stream.getvalue()


def _compiled(member: str, source: bytes) -> bytes:
    """Return a module's byte code, to be used unchecked (PEP 552): another Python passes it over for the source."""
    code = compile(source, member, "exec", dont_inherit=True, optimize=0)
    flags = (0b01).to_bytes(4, "little")
    return importlib.util.MAGIC_NUMBER + flags + importlib.util.source_hash(source) + marshal.dumps(code)


def is_current(data: bytes) -> bool:
    """Tell whether an archive holds the very code that runs now. A file more would be imported by one that differs."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return all(zlib.crc32(_source(name)) == crc for name, crc in _ours(archive))
    except (zipfile.BadZipFile, ImportError, OSError):
        return False


def _ours(archive: zipfile.ZipFile) -> Iterator[tuple[str, int]]:
    """Yield the modules in an archive with their checksums."""
    for info in archive.infolist():
        if not info.filename.endswith(".py"):
            continue
        name = info.filename[: -len(".py")].replace("/", ".")
        package = name.endswith(".__init__")
        name = name[: -len(".__init__")] if package else name
        if name == _PREFIX or name.startswith(_PREFIX + "."):
            yield name, info.CRC


def _closure(entry: str) -> set[str]:
    """Return the names of a module, of all of ours that it imports, and of the packages that they are in."""
    found: set[str] = set()
    waiting = [entry]
    while waiting:
        name = waiting.pop()
        if name in found or not (name == _PREFIX or name.startswith(_PREFIX + ".")):
            continue
        found.add(name)
        waiting.append(name.rpartition(".")[0])
        waiting.extend(_imported(name))
    return found


def _imported(name: str) -> Iterator[str]:
    """Yield the modules of ours that a module's source imports. A name from a package may be a module of it."""
    for found in _IMPORT.finditer(_source(name).decode()):
        module, names = found["module"], found["names"]
        yield module
        for alias in re.findall(r"\w+", names) if _is_package(module) else ():
            if _is_module(f"{module}.{alias}"):
                yield f"{module}.{alias}"


def _is_package(name: str) -> bool:
    spec = importlib.util.find_spec(name)
    if spec is None:
        raise ModuleNotFoundError(f"no module named {name}")
    return spec.submodule_search_locations is not None


def _is_module(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def _source(name: str) -> bytes:
    """Return a module's source from wherever it lies: a directory, or the archive that Ansible made.

    The module is not imported: to compile them all takes longer than anything else here.
    """
    package = _is_package(name)
    holder, resource = (name, "__init__.py") if package else (name.rpartition(".")[0], name.rpartition(".")[2] + ".py")
    data = pkgutil.get_data(holder, resource)
    if data is None:
        raise ImportError(f"the source of {name} cannot be read")
    return data


def _member(name: str) -> str:
    return name.replace(".", "/") + ("/__init__.py" if _is_package(name) else ".py")


def _parents() -> Iterator[str]:
    """Yield the packages above ours: an archive has no directories for Python 3.9 to take for one."""
    parts = _PREFIX.split(".")
    for depth in range(1, len(parts)):
        yield "/".join(parts[:depth]) + "/__init__.py"
