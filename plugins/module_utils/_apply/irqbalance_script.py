# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The policy script that irqbalance asks about each interrupt.

What is known of the caller, from irqbalance's classify.c (1.4 to 1.9.5) and the units of 1.9.2 (Debian 12) and 1.9.4
(Debian 13, RHEL 9): ``exec SCRIPT PATH IRQ`` through the shell, PATH being /sys/bus/pci/devices/ADDRESS, or /sys for an
interrupt of no PCI device; lines "key=value" are read, and thrown away where the exit code is not 0. The unit may show
the whole file system read-only and give it a network namespace of its own, in which no NIC is to be seen: so the
script writes nothing, and goes by the address, not by the name of an interface.

irqbalance knows one script, and of several options the last holds. Where the administrator has one (or a directory of
them, since 1.8) it still is on the daemon's command line, so ours finds it there and asks it about all other devices.
"""

from __future__ import annotations

import hashlib

from ansible_collections.rxpath.linux.plugins.module_utils._facts.irqbalance_ban import DEVICES_PATH

SCRIPT = rf"""#!/bin/sh
# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Policy script of irqbalance: DEVICE IRQ. Bans the interrupts of the devices whose PCI addresses are listed, and
# passes every other question on to the policy script that irqbalance would have used without this one.
# Written by rxpath.linux; tuning_rollback removes it.

while read -r address _; do
    if [ "$address" = "${{1##*/}}" ]; then
        echo ban=true
        exit 0
    fi
done <{DEVICES_PATH}

# Asked by ourselves: a script that calls this one must not be called by it.
[ -z "$RXPATH_ASKING" ] || exit 1
export RXPATH_ASKING=1

# Whether the daemon has another script, without starting a program for each interrupt: read drops the zero bytes.
read -r words <"/proc/$PPID/cmdline"
case ${{words%--policyscript="$0"}} in
*--pol* | *-l*) ;;
*) exit 0 ;;
esac

# The last script on the daemon's command line that is not this one.
other=$(tr '\0' '\n' <"/proc/$PPID/cmdline" 2>/dev/null | {{
    found=
    next=
    while IFS= read -r word; do
        if [ -n "$next" ]; then
            value=$word
            next=
        else
            case $word in
            --pol*=*) value=${{word#*=}} ;;
            --pol* | -l) next=1 && continue ;;
            -l?*) value=${{word#-l}} ;;
            *) continue ;;
            esac
        fi
        [ "$value" = "$0" ] || found=$value
    done
    printf %s "$found"
}})

if [ -d "$other" ]; then
    # As irqbalance does: the first that does not answer 1 ("not mine") or fails decides.
    for script in "$other"/*; do
        [ -f "$script" ] && [ -x "$script" ] || continue
        if answer=$("$script" "$@"); then
            printf '%s\n' "$answer"
            exit 0
        fi
    done
elif [ -e "$other" ]; then
    exec "$other" "$@"
fi
exit 0
"""
VERSION = hashlib.sha256(SCRIPT.encode()).hexdigest()[:12]
