# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which families of knobs --tags and --skip-tags leave of a tuning."""

from __future__ import annotations

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._plan.order import FAMILY_ORDER
from ansible_collections.rxpath.linux.plugins.plugin_utils.run_tags import FAMILIES, chosen_tags, left_out

EVERY = list(FAMILIES)
OF_THE_ROLE = ("always",)
OF_A_PLAY = ("always", "network")


def test_there_is_a_tag_for_each_family_in_the_order_of_the_work() -> None:
    assert tuple(FAMILIES.values()) == FAMILY_ORDER


@pytest.mark.parametrize(
    ("run", "skip", "own", "chosen"),
    [
        # What Ansible hands over where nothing was asked, and where it hands nothing over.
        (("all",), (), OF_THE_ROLE, EVERY),
        ((), (), OF_THE_ROLE, EVERY),
        (("tagged",), (), OF_THE_ROLE, EVERY),
        (("udp_tuning",), (), OF_THE_ROLE, EVERY),
        (("sysctl",), (), OF_THE_ROLE, ["sysctl"]),
        (("ring", "channels"), (), OF_THE_ROLE, ["channels", "ring"]),
        (("all",), ("irq", "steering"), OF_THE_ROLE, ["sysctl", "channels", "ring", "coalesce", "rss"]),
        (("ring", "sysctl"), ("ring",), OF_THE_ROLE, ["sysctl"]),
        # A tag that the play gave the role asks for all of it, and one of another role for nothing.
        (("network",), (), OF_A_PLAY, EVERY),
        (("network", "sysctl"), (), OF_A_PLAY, EVERY),
        (("sysctl",), (), OF_A_PLAY, ["sysctl"]),
        (("nginx",), (), OF_A_PLAY, []),
        (("always",), (), OF_THE_ROLE, []),
        (("untagged",), (), OF_THE_ROLE, []),
        (("all",), ("udp_tuning",), OF_THE_ROLE, []),
    ],
)
def test_what_a_run_is_about(
    run: tuple[str, ...], skip: tuple[str, ...], own: tuple[str, ...], chosen: list[str]
) -> None:
    assert chosen_tags(run, skip, own) == chosen
    assert left_out(chosen) == [tag for tag in EVERY if tag not in chosen]
