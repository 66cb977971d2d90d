# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What tuned's active profile sets of the sysctls, and whether sysctl.d has the last word over it.

Source: man 5 tuned.conf, man 8 tuned: a profile is a directory with tuned.conf, below /etc/tuned, /etc/tuned/profiles
(since 2.23), /usr/lib/tuned or /usr/lib/tuned/profiles; ``include`` in [main] names the profiles that it builds on;
``reapply_sysctl`` of tuned-main.conf (default 1) reads sysctl.d and sysctl.conf once more after the profile.
"""

from __future__ import annotations

from ansible_collections.rxpath.linux.plugins.module_utils._facts.reader import Reader

_FOLDERS = ("/etc/tuned/profiles", "/etc/tuned", "/usr/lib/tuned/profiles", "/usr/lib/tuned")
_MOST_PROFILES = 50


def tuned_sysctls(reader: Reader) -> tuple[dict[str, tuple[str, str]], bool]:
    """Return (key → (value, file), whether sysctl.d is read again after the profile). Variables stay as written."""
    found: dict[str, tuple[str, str]] = {}
    seen: set[str] = set()

    def read(profile: str) -> None:
        if profile in seen or len(seen) >= _MOST_PROFILES or "/" in profile:
            return
        seen.add(profile)
        path = next(
            (f"{top}/{profile}/tuned.conf" for top in _FOLDERS if reader.exists(f"{top}/{profile}/tuned.conf")), ""
        )
        sections = _sections(reader.text(path) or "") if path else {}
        for base in _list(sections.get("main", {}).get("include", "")):
            read(base)
        for name, lines in sections.items():
            if lines.get("type", name) == "sysctl" and lines.get("enabled", "1") not in ("0", "false"):
                options = {key: text for key, text in lines.items() if key not in ("type", "enabled", "replace")}
                found.update({key: (" ".join(text.strip("\"'").split()), path) for key, text in options.items()})

    for profile in (reader.word("/etc/tuned/active_profile") or "").split():
        read(profile)
    reapply = _sections(reader.text("/etc/tuned/tuned-main.conf") or "").get("", {}).get("reapply_sysctl", "1")
    return found, reapply.lower() not in ("0", "false", "no")


# [sysctl]
# net.core.rmem_max=8388608
def _sections(text: str) -> dict[str, dict[str, str]]:
    """Return section → name → value; what stands before the first section is in ""."""
    sections: dict[str, dict[str, str]] = {}
    section = ""
    for line in text.split("\n"):
        line = line.strip()
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1].strip()
        elif "=" in line and line[0] not in "#;":
            name, _equals, value = line.partition("=")
            sections.setdefault(section, {})[name.strip()] = value.strip()
    return sections


def _list(text: str) -> list[str]:
    return [name for name in text.replace(",", " ").split() if "$" not in name]
