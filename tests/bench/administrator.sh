#!/bin/sh
# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# What an administrator would write: every counter of every namespace once, with the usual programs.
read_all() {
  nstat -asz
  ss -uamn
  ethtool -S eth0
  cat /proc/net/snmp /proc/net/snmp6 /proc/net/netstat /proc/net/softnet_stat /proc/net/stat/nf_conntrack
}
if [ "$1" = one ]; then
  read_all
else
  read_all
  for path in /run/netns/*; do
    ip netns exec "${path##*/}" "$0" one
  done
fi >/dev/null 2>&1
