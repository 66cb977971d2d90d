# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who else sets a device's knobs: NetworkManager's profiles, the active tuned profile, .link files of systemd-udevd.

Sources
- man 5 nm-settings-keyfile and nm-settings-nmcli: section [ethtool], keys ring-*, coalesce-*, channels-* (1.46);
  directories of man 5 NetworkManager.conf. A profile without interface-name and without a MAC address fits any device.
- man 5 systemd.link: the first file in the order of names whose [Match] fits is the only one that counts; a file of
  the same name in a directory before hides it, and an empty one masks it.
- tuned: man 5 tuned-main.conf, tuned's documentation of profiles: `include=` in [main] names the parents; the section
  [net] (or any with type=net) sets ring, channels, coalesce; [irqbalance] and [irq] move interrupts; /etc goes before
  /usr/lib, and since 2.23 a folder `profiles` before the old place.

What is told is that somebody sets the same thing, not to what.
"""

from __future__ import annotations

import configparser
import fnmatch
from collections.abc import Iterable
from typing import NamedTuple, Optional

from ansible_collections.rxpath.linux.plugins.module_utils._facts.reader import Reader

Rivals = dict[str, list[str]]

_NM_DIRECTORIES = (
    "/etc/NetworkManager/system-connections",
    "/run/NetworkManager/system-connections",
    "/usr/lib/NetworkManager/system-connections",
)
_NM_KEYS = {"ring-": "nic_ring", "channels-": "nic_channels", "coalesce-": "nic_coalesce"}

_LINK_DIRECTORIES = (
    "/etc/systemd/network",
    "/run/systemd/network",
    "/usr/local/lib/systemd/network",
    "/usr/lib/systemd/network",
    "/lib/systemd/network",
)
# The end of a key's name tells what it sets: RxBufferSize, CombinedChannels, TxCoalesceSec, UseAdaptiveRxCoalesce, …
_LINK_KEYS = (
    ("*buffersize", "nic_ring"),
    ("*channels", "nic_channels"),
    ("*coalesce*", "nic_coalesce"),
    ("*maxcoalescedframes", "nic_coalesce"),
    ("receivepacketsteeringcpumask", "packet_steering"),
    ("irqaffinity*", "irq_affinity"),
)

_TUNED_DIRECTORIES = ("/etc/tuned/profiles", "/etc/tuned", "/usr/lib/tuned/profiles", "/usr/lib/tuned")
_TUNED_NET = {"ring": "nic_ring", "channels": "nic_channels", "coalesce": "nic_coalesce"}
_TUNED_IRQ = ("irqbalance", "irq")
_MAX_PARENTS = 16


class Device(NamedTuple):
    """What the files match a device by."""

    name: str
    driver: Optional[str]
    addresses: tuple[str, ...]
    original_name: Optional[str] = None


def rivals(reader: Reader, name: str) -> Rivals:
    """Return family → sentences on who else sets that family's knobs of a device."""
    device = _device(reader, name)
    found: Rivals = {}
    for source in (_network_manager(reader, device), _links(reader, device), _tuned(reader, device)):
        for family, sentences in source.items():
            found.setdefault(family, []).extend(sentences)
    return found


def _device(reader: Reader, name: str) -> Device:
    base = f"/sys/class/net/{name}"
    words = (reader.word(base + "/address"), reader.word(base + "/bonding_slave/perm_hwaddr"))
    driver = reader.link_name(base + "/device/driver")
    return Device(name, driver, tuple(word.lower() for word in words if word))


# [connection]
# interface-name=eth0
# [ethtool]
# ring-rx=4096
def _network_manager(reader: Reader, device: Device) -> Rivals:
    found: Rivals = {}
    seen = set()
    for directory in _NM_DIRECTORIES:
        for name in reader.names(directory):
            if not name.endswith(".nmconnection") and directory != _NM_DIRECTORIES[0]:
                continue
            profile = parse_ini(reader.text(f"{directory}/{name}") or "")
            if name in seen or not _profile_fits(profile, device):
                continue
            seen.add(name)
            for prefix, family in _NM_KEYS.items():
                keys = sorted(key for key in profile.get("ethtool", {}) if key.startswith(prefix))
                if keys:
                    sentence = f"NetworkManager sets {', '.join(keys)} ({directory}/{name}) at every activation"
                    found.setdefault(family, []).append(sentence)
    return found


def _profile_fits(profile: dict[str, dict[str, str]], device: Device) -> bool:
    wanted = profile.get("connection", {}).get("interface-name")
    address = next(
        (
            profile[kind]["mac-address"]
            for kind in ("ethernet", "802-3-ethernet")
            if "mac-address" in profile.get(kind, {})
        ),
        None,
    )
    if profile.get("connection", {}).get("type") not in (None, "ethernet", "802-3-ethernet"):
        return False
    return wanted in (None, "", device.name) and (address is None or address.lower() in device.addresses)


# [Match]
# Driver=igb
# [Link]
# RxBufferSize=max
def _links(reader: Reader, device: Device) -> Rivals:
    files: dict[str, str] = {}
    for directory in _LINK_DIRECTORIES:
        for name in reader.names(directory):
            if name.endswith(".link"):
                files.setdefault(name, f"{directory}/{name}")
    for name in sorted(files):
        link = parse_ini(reader.text(files[name]) or "")
        if not link.get("match") or not _link_fits(link["match"], device):
            continue
        found: Rivals = {}
        for key in link.get("link", {}):
            family = next((family for pattern, family in _LINK_KEYS if fnmatch.fnmatchcase(key, pattern)), None)
            if family is not None:
                found.setdefault(family, []).append(key)
        return {
            family: [f"systemd-udevd sets {', '.join(sorted(keys))} ({files[name]}) when the device appears"]
            for family, keys in found.items()
        }
    return {}


def _link_fits(match: dict[str, str], device: Device) -> bool:
    """Tell whether a [Match] section fits. What is not known here (Path=, Property=, …) is taken to fit."""
    known = {"driver": [device.driver or ""], "macaddress": device.addresses, "permanentmacaddress": device.addresses}
    if device.original_name is not None:
        known["originalname"] = [device.original_name]
    return all(_any_fits(match[key], values) for key, values in known.items() if key in match)


def _any_fits(patterns: str, values: Iterable[str]) -> bool:
    """Match blank-separated patterns; a leading exclamation mark inverts them all (man 5 systemd.link)."""
    inverted = patterns.startswith("!")
    words = patterns.lstrip("!").split()
    fits = any(fnmatch.fnmatchcase(value.lower(), word.lower()) for value in values for word in words)
    return fits != inverted


# [main]
# include=throughput-performance
# [net]
# ring=rx 4096
def _tuned(reader: Reader, device: Device) -> Rivals:
    found: Rivals = {}
    waiting = (reader.word("/etc/tuned/active_profile") or "").split()
    seen: list[str] = []
    while waiting and len(seen) < _MAX_PARENTS:
        name = waiting.pop(0)
        if name in seen:
            continue
        seen.append(name)
        path, profile = _tuned_profile(reader, name)
        # A parent may be optional ("-name"), and several are separated by commas or semicolons.
        parents = profile.get("main", {}).get("include", "").replace(",", " ").replace(";", " ").split()
        waiting.extend(parent.lstrip("-") for parent in parents)
        for section, settings in profile.items():
            for family, what in _tuned_section(settings.get("type", section), settings, device):
                found.setdefault(family, []).append(f"tuned sets {what} ([{section}] in {path})")
    return found


def _tuned_profile(reader: Reader, name: str) -> tuple[str, dict[str, dict[str, str]]]:
    for directory in _TUNED_DIRECTORIES:
        path = f"{directory}/{name}/tuned.conf"
        if "/" not in name and reader.exists(path):
            return path, parse_ini(reader.text(path) or "")
    return name, {}


def _tuned_section(kind: str, settings: dict[str, str], device: Device) -> list[tuple[str, str]]:
    if settings.get("enabled", "true").lower() in ("0", "false", "no"):
        return []
    if kind in _TUNED_IRQ:
        return [("irq_affinity", "the CPUs that interrupts may use")] if len(settings) > ("type" in settings) else []
    if kind != "net" or not _tuned_devices_fit(settings.get("devices", "*"), device):
        return []
    return [(family, key) for key, family in _TUNED_NET.items() if settings.get(key)]


def _tuned_devices_fit(patterns: str, device: Device) -> bool:
    words = patterns.replace(",", " ").split()
    refused = any(fnmatch.fnmatchcase(device.name, word[1:]) for word in words if word.startswith("!"))
    wanted = [word for word in words if not word.startswith("!")] or ["*"]
    return not refused and any(fnmatch.fnmatchcase(device.name, word) for word in wanted)


def parse_ini(text: str) -> dict[str, dict[str, str]]:
    """Return section → key → value, names in lower case, the last of a repeated key. What is no INI is left out."""
    parser = configparser.RawConfigParser(
        strict=False, allow_no_value=True, delimiters=("=",), comment_prefixes=("#", ";"), default_section=""
    )
    try:
        parser.read_string(text)
    except configparser.Error:
        return {}
    return {
        section.lower(): {key: (value or "").strip() for key, value in parser.items(section)}
        for section in parser.sections()
    }
