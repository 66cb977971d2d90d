# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plain copies of a report: nothing but JSON types, and nothing that a terminal or a browser would act on.

Everything in a report may have come from a host: process, interface, namespace and container names, error texts.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

# Control, format (bidirectional overrides, zero-width), surrogate and unassigned characters; line and paragraph
# separators. The unassigned ones include U+FFFE and U+FFFF, which XML forbids.
_HIDDEN = frozenset(("Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"))


def visible(text: str) -> str:
    """Return a text in which every character that is not printed as itself is spelled out, such as ``\\x1b``."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_spelled(char) if unicodedata.category(char) in _HIDDEN else char for char in text)


def _spelled(char: str) -> str:
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def plain(value: Any, text: Callable[[str], str] = str) -> Any:
    """Return a copy made of dict, list, str, int, float, bool and None alone.

    Ansible's tagged and lazy values become what they stand for; NaN and infinity, which JSON does not have, become
    None. Every string, keys included, goes through ``text``; keys that become equal by it stay apart.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return text(str(value))
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, bytes):
        return text(value.decode("utf-8", "backslashreplace"))
    if isinstance(value, Mapping):
        copy: dict[str, Any] = {}
        for key, item in value.items():
            name = base = text(str(key))
            number = 2
            while name in copy:
                name, number = f"{base} ({number})", number + 1
            copy[name] = plain(item, text)
        return copy
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item, text) for item in value]
    return text(str(value))
