# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Agents that set up network devices themselves, known by what they leave in the file system."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._facts.agents import find_agents
from ansible_collections.rxpath.linux.plugins.module_utils._facts.reader import Reader


def names(root: Path) -> list[str]:
    return [agent["name"] for agent in find_agents(Reader(str(root)))]


def google(root: Path, settings: str | None = None) -> None:
    for folder in ("usr/bin", "sys/class/dmi/id", "etc/default"):
        (root / folder).mkdir(parents=True)
    (root / "usr/bin/google_set_multiqueue").touch()
    (root / "sys/class/dmi/id/product_name").write_text("Google Compute Engine\n")
    if settings is not None:
        (root / "etc/default/instance_configs.cfg").write_text(settings)


def test_none(tmp_path: Path) -> None:
    assert names(tmp_path) == []


@pytest.mark.parametrize("sign", ["sys/class/net/cilium_host", "sys/class/net/cilium_net", "sys/fs/bpf/cilium"])
def test_cilium(sign: str, tmp_path: Path) -> None:
    (tmp_path / sign).mkdir(parents=True)
    (agent,) = find_agents(Reader(str(tmp_path)))
    assert (agent["name"], agent["sign"]) == ("Cilium", "/" + sign)
    assert {"nic_channels", "net.core.netdev_max_backlog"} <= set(agent["owns"])


def test_google_sets_queues_up_unless_switched_off(tmp_path: Path) -> None:
    google(tmp_path, "[InstanceSetup]\nset_multiqueue = true\n")
    (agent,) = find_agents(Reader(str(tmp_path)))
    assert agent["drivers"] == ["virtio_net", "gve"]
    assert "nic_ring" not in agent["owns"]


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        (None, True),
        ("[InstanceSetup]\nset_multiqueue = false\n", False),
        ("[InstanceSetup]\nset_multiqueue = perhaps\n", True),
        ("no ini file", True),
    ],
)
def test_googles_settings(settings: str | None, found: bool, tmp_path: Path) -> None:
    google(tmp_path, settings)
    assert bool(names(tmp_path)) is found


def test_googles_script_elsewhere_is_only_a_file(tmp_path: Path) -> None:
    google(tmp_path)
    (tmp_path / "sys/class/dmi/id/product_name").write_text("KVM\n")
    assert names(tmp_path) == []
