# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one error that a parser of this package raises."""

from __future__ import annotations


class ParseError(ValueError):
    """A kernel file or message does not look as its format says.

    ``what`` names the file or message, ``why`` what was wrong with it; ``str()`` is "what: why".
    """

    def __init__(self, what: str, why: str) -> None:
        super().__init__(f"{what}: {why}")
        self.what = what
        self.why = why
