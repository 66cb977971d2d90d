# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names that came from the host, made safe to carry: any bytes in, valid Unicode of bounded length out.

A process can call itself anything, a path can hold any byte. What is no UTF-8 becomes a visible escape; control
characters stay (JSON escapes them, reports escape what they print).
"""

from __future__ import annotations

from typing import Union

MAX_LENGTH = 200


def clean(name: Union[str, bytes]) -> str:
    """Return a name as text that any JSON reader takes, cut to MAX_LENGTH characters."""
    if isinstance(name, bytes):
        raw = name
    else:
        try:
            raw = name.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            # No name of the kernel decodes to such a surrogate; it is shown as it is.
            raw = name.encode("utf-8", "backslashreplace")
    text = raw.decode("utf-8", "backslashreplace")
    return text if len(text) <= MAX_LENGTH else text[: MAX_LENGTH - 1] + "…"
