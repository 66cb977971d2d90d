# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Prints how the receive path of a host is set up, by the system's own tools: before a scenario, and after its rollback.
# Interrupts are left out where irqbalance moves them, statistics everywhere.
echo "== sysctls"
sysctl net.core net.ipv4 net.ipv6 2>/dev/null |
    grep -E '^net\.core\.|udp' | grep -Ev 'random|busy|flow_limit_cpu|rps_default_mask|netdev_rss_key'
for path in /sys/class/net/*/device; do
    device=$(basename "$(dirname "$path")")
    for option in -g -l -c -x; do
        echo "== ethtool $option $device"
        # Without the hash key, which the kernel draws anew at each boot (net.core.netdev_rss_key as well).
        ethtool "$option" "$device" 2>&1 | grep -Ev '^$|^([0-9a-f]{2}:)+[0-9a-f]{2}$'
    done
    echo "== udp4 of $device"
    ethtool -n "$device" rx-flow-hash udp4 2>&1 | grep -v '^$'
    echo "== steering of $device"
    cd "/sys/class/net/$device/queues" &&
        grep -H . rx-*/rps_cpus rx-*/rps_flow_cnt tx-*/xps_cpus 2>/dev/null | sort
done
echo "== files"
find /etc/sysctl.d /etc/systemd /etc/udev /etc/modules-load.d /etc/default -type f -exec sha256sum {} + | sort -k 2
ls -d /etc/rxpath-linux /var/lib/rxpath-linux /run/rxpath-linux/guard 2>/dev/null
# What is enabled is a link; systemctl would have to read every unit, which takes a minute under emulation.
echo "== units"
find /etc/systemd -type l -printf '%p -> %l\n' | sort
