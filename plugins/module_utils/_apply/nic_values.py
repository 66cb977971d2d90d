# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The values that a request to a NIC may have, whatever device it is made to: also one that will be there at boot."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import KnobError
from ansible_collections.rxpath.linux.plugins.module_utils._plan.nic_channels import SIDES
from ansible_collections.rxpath.linux.plugins.module_utils._plan.nic_coalesce import NUMBERS, ON, SWITCHES
from ansible_collections.rxpath.linux.plugins.module_utils._plan.nic_rss import FIELDS, FLOWS, RULES, TABLES

Request = dict[str, Any]


def check_ring(request: Request) -> None:
    """Raise KnobError for what is no request for rings."""
    for side in ("rx", "tx"):
        number(request, side, "max")
    number(request, "memory_limit")
    number(request, "channels")


def check_channels(request: Request) -> None:
    """Raise KnobError for what is no request for channels."""
    for side in SIDES:
        number(request, side, "auto")


def check_coalesce(request: Request) -> None:
    """Raise KnobError for what is no request for interrupt coalescing."""
    for field in NUMBERS:
        number(request, field)
    for switch in SWITCHES:
        if str(request.get(switch, "keep")).lower() not in (*ON, "keep"):
            raise _not_one_of(request, switch, ("on", "off"))


def check_rss(request: Request) -> None:
    """Raise KnobError for two tables at once, for one that cannot be, and for unknown words."""
    for options, words in ((("indirection",), RULES), (FLOWS, FIELDS)):
        for option in options:
            if str(request.get(option, "keep")) not in (*words, "keep"):
                raise _not_one_of(request, option, words)
    name = request.get("interface", "")
    given = [option for option in TABLES if request.get(option, "keep") not in (None, [], "keep")]
    if len(given) > 1:
        raise KnobError(f"{name}: give one of indirection, weights and table, not {' and '.join(given)}")
    for option in ("weights", "table"):
        values = request.get(option) or []
        if not isinstance(values, (list, tuple)):
            raise KnobError(f"{name}: {option} is {values!r}, which is no list of numbers")
        whole = all(str(value).isdecimal() for value in values)
        if not whole or (option == "weights" and values and not any(map(int, values))):
            raise KnobError(f"{name}: {option} cannot be {', '.join(map(str, values))}")


def number(request: Request, option: str, word: str = "keep") -> int | None:
    """Return an option that is a number; None for ``word``, "keep" and where it is left out. Raises KnobError."""
    value = str(request.get(option, "keep"))
    if value in (word, "keep"):
        return None
    if not value.isdecimal():
        words = "keep" if word == "keep" else f"{word}, keep"
        raise KnobError(f"{request.get('interface', '')}: {option} is {value!r}, which is neither a number nor {words}")
    return int(value)


def _not_one_of(request: Request, option: str, words: Iterable[str]) -> KnobError:
    known = ", ".join([*words, "keep"])
    return KnobError(f"{request.get('interface', '')}: {option} is {str(request[option])!r}, which is none of {known}")
