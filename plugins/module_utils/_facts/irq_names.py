# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which queue an interrupt serves, by the name that its driver gave it.

The names are those of the drivers of Linux 6.12 (request_irq calls). A name keeps the interface's name of the
moment when the interrupt was asked for, so that the pattern looks at the end of the name only.
"""

from __future__ import annotations

import re

_BOTH = ("rx", "tx")
# eth0-TxRx-3 (ixgbe, igb, igc, bnxt, and with a driver's prefix i40e, ice, idpf, hns3) · eth0-Tx-Rx-3 (ena) ·
# eth0-rxtx-3 (vmxnet3) · eth0-txrx-3 (tg3) · eth0-rx-3, eth0-tx-3 (igb, igc, vmxnet3, e1000e) · eth0-fp-3 (qede,
# bnx2x) · mlx5_comp3, mlx5_comp3@pci:0000:01:00.0 · mana_q3@pci:… · virtio2-input.3, virtio2-output.3
_PATTERNS = (
    (re.compile(r"-(?:txrx|tx-rx|rxtx|rx-tx|fp)-(\d{1,5})$", re.IGNORECASE), _BOTH),
    (re.compile(r"-rx-?(\d{1,5})$", re.IGNORECASE), ("rx",)),
    (re.compile(r"-tx-?(\d{1,5})$", re.IGNORECASE), ("tx",)),
    (re.compile(r"^mlx5_comp(\d{1,5})(?:@|$)"), _BOTH),
    (re.compile(r"^mana_q(\d{1,5})(?:@|$)"), _BOTH),
    (re.compile(r"^virtio\d+-input\.(\d{1,5})$"), ("rx",)),
    (re.compile(r"^virtio\d+-output\.(\d{1,5})$"), ("tx",)),
)
# gve numbers its blocks through: those of the transmit queues first.
_GVE = re.compile(r"^gve-ntfy-blk(\d{1,5})(?:@|$)")


def serves(name: str, interface: str, tx_queues: int, alone: bool) -> list[str] | None:
    """Return the queues that an interrupt serves (["rx-3", "tx-3"]), None where its name does not tell.

    ``tx_queues`` is the number of transmit queues in use. An interrupt with the bare name of the interface serves
    queue 0 where it is the device's only one (``alone``); beside others it tells of link changes (igb, ixgbe, e1000e).
    """
    if name == interface and alone:
        return ["rx-0", "tx-0"]
    for pattern, kinds in _PATTERNS:
        match = pattern.search(name)
        if match:
            return [f"{kind}-{int(match.group(1))}" for kind in kinds]
    match = _GVE.match(name)
    if match:
        block = int(match.group(1))
        return [f"tx-{block}" if block < tx_queues else f"rx-{block - tx_queues}"]
    return None
