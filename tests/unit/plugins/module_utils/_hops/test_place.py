# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said of a place reads as a sentence ends."""

from __future__ import annotations

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.findings import LOSS, PLACES, REFUSED
from ansible_collections.rxpath.linux.plugins.module_utils._hops.place import Place


@pytest.mark.parametrize("finding", sorted(place.finding for place in PLACES if place.kind in (LOSS, REFUSED)))
def test_every_loss_has_a_place_that_ends_in_a_word(finding: str) -> None:
    said = Place(finding, "b", 3).says()
    assert said.startswith("lost at b's ")
    assert said[-1].isalnum(), said
