# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values as Ansible hands them over, made into what they mean: extra variables arrive as strings."""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

_TRUE = frozenset(("true", "yes", "on", "y", "t", "1"))
_FALSE = frozenset(("false", "no", "off", "n", "f", "0"))


class SettingError(ValueError):
    """A variable that cannot be used; the message names it, shows its value and says what would do."""

    def __init__(self, variable: str, why: str) -> None:
        super().__init__(f"{variable}: {why}")


def to_number(variable: str, value: Any, low: float, high: float = math.inf, above: bool = False) -> float:
    """Return a finite number with low <= number <= high (low < number with ``above``). Raises SettingError."""
    number = _float(value)
    if number is None or not ((low < number if above else low <= number) and number <= high):
        raise SettingError(variable, f"must be a number {_range(low, high, above)}, not {_shown(value)}{_unit(value)}")
    return number


def to_whole(variable: str, value: Any, low: int, high: float = math.inf) -> int:
    """Return a whole number within its range. Raises SettingError."""
    number = _float(value)
    if number is None or number != int(number) or not low <= number <= high:
        within = _range(low, high, above=False)
        raise SettingError(variable, f"must be a whole number {within}, not {_shown(value)}{_unit(value)}")
    return int(number)


def _float(value: Any) -> float | None:
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _range(low: float, high: float, above: bool) -> str:
    least = f"more than {_digits(low)}" if above else f"at least {_digits(low)}"
    return least if math.isinf(high) else f"{least} and at most {_digits(high)}"


def _digits(number: float) -> str:
    return str(int(number)) if number == int(number) else f"{number:g}"


def _unit(value: Any) -> str:
    """Say what is wrong with 50ms, 8M and 5%."""
    text = str(value).strip()
    with_unit = isinstance(value, str) and text[:1].isdecimal() and text.rstrip("%").isalnum() and not text.isdecimal()
    return ": give it without a unit, a share as a fraction of 1" if with_unit else ""


def to_bool(variable: str, value: Any) -> bool:
    """Return a boolean; the words that Ansible takes for one are taken. Raises SettingError."""
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise SettingError(variable, f"must be true or false, not {_shown(value)}")


def to_list(variable: str, value: Any) -> list[Any]:
    """Return a list; a string is split at its commas, or read as JSON where it is a JSON list. Raises SettingError."""
    if value is None:
        return []
    if isinstance(value, str):
        text = value.strip()
        if text.startswith("["):
            value = _json(variable, text)
        else:
            return [part.strip() for part in text.split(",") if part.strip()]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return [value]
    if not isinstance(value, (list, tuple)):
        raise SettingError(variable, f"must be a list, or words with commas between them, not {_shown(value)}")
    return list(value)


def to_words(variable: str, value: Any) -> list[str]:
    """Return a list of strings without duplicates, in the order given. Raises SettingError."""
    words = to_list(variable, value)
    for word in words:
        if isinstance(word, (Mapping, list, tuple, bool)) or word is None:
            raise SettingError(variable, f"must hold words, not {_shown(word)}")
    return list(dict.fromkeys(str(word) for word in words))


def to_mapping(variable: str, value: Any) -> dict[str, Any]:
    """Return a dictionary; a string is read as JSON. Raises SettingError."""
    if value is None or value == "":
        return {}
    if isinstance(value, str):
        value = _json(variable, value.strip())
    if not isinstance(value, Mapping):
        raise SettingError(variable, f"must be a dictionary, not {_shown(value)}; {_as_json(variable)}")
    return {str(key): item for key, item in value.items()}


def _json(variable: str, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise SettingError(variable, f"is no valid JSON ({error}): {_shown(text)}; {_as_json(variable)}") from None


def _as_json(variable: str) -> str:
    """Say how a structure is given: the shell and key=value take quotes and blanks away."""
    return f"on the command line: -e '{{\"{variable}\": ...}}', all of it JSON"


def nearest(word: str, known: Iterable[str]) -> str:
    """Return a question that names what was probably meant, with a blank before it, or nothing."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.8)
    return f" (did you mean {found[0]}?)" if found else ""


def _shown(value: Any) -> str:
    text = repr(value if not isinstance(value, str) else str(value))
    return text if len(text) <= 80 else text[:77] + "..."
