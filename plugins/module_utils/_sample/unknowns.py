# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What could not be read: named once with its reason and what would make it readable, never shown as zero."""

from __future__ import annotations

import errno
from typing import Optional

ROOT = "run with root's rights (become)"
# More places than this are counted, not named.
_NAMED_PLACES = 5
_REFUSED = (errno.EPERM, errno.EACCES)


class Unknowns:
    """Collects what was unreadable; the same thing for the same reason in many places is one entry."""

    def __init__(self) -> None:
        self._places: dict[tuple[str, str, str], list[str]] = {}

    def add(self, what: str, why: str, remedy: str = "", where: str = "") -> None:
        """Note that ``what`` (in the namespace ``where``) could not be read."""
        places = self._places.setdefault((what, why, remedy), [])
        if where and where not in places:
            places.append(where)

    def add_error(self, what: str, error: BaseException, where: str = "") -> None:
        """Note a refusal; one for lack of rights names root as the remedy."""
        number: Optional[int] = getattr(error, "errno", None)
        self.add(what, str(error), ROOT if number in _REFUSED else "", where)

    def entries(self) -> list[dict[str, str]]:
        """Return the entries of the sample document in the order in which they came up."""
        result = []
        for (what, why, remedy), places in self._places.items():
            named = ", ".join(places[:_NAMED_PLACES])
            more = len(places) - _NAMED_PLACES
            where = " (%s%s)" % (named, " and %d more" % more if more > 0 else "") if places else ""
            result.append({"what": what + where, "why": why, "remedy": remedy})
        return result
