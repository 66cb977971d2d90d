#!/bin/sh
# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The first process of a host that is made of namespaces: host.sh NAME ADDRESS FOLDER. It was started by unshare(1)
# with network, mount, PID, UTS and IPC namespaces of its own, makes all of the machine that it still sees read-only,
# says "ready", waits for its network device, and becomes the host's sshd.

set -eu
name=$1 address=$2 folder=$3

hostname "$name"

# Its own /run: keys, Ansible's files, and the names of namespaces that it makes for itself.
umount --recursive --lazy /run/netns 2>/dev/null || true
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -m 755 /run/sshd /run/ansible /run/rxpath /run/tmp
exec 2>/run/rxpath/sshd.log
cp "$folder/host_key" "$folder/user_key.pub" /run/rxpath/
cat >/run/rxpath/sshd_config <<EOF
ListenAddress $address
HostKey /run/rxpath/host_key
AuthorizedKeysFile /run/rxpath/user_key.pub
SetEnv TMPDIR=/run/tmp
PidFile none
UsePAM no
UseDNS no
StrictModes no
PermitRootLogin prohibit-password
PasswordAuthentication no
MaxStartups 100
Subsystem sftp internal-sftp
EOF

# Its own processes. Interrupts, SysRq and sysctls are the machine's; those below net belong to the namespace as far
# as the kernel made them so, and the rest of them the kernel itself refuses to write here.
mount -t proc proc /proc
for entry in irq sysrq-trigger sys; do
    [ -e "/proc/$entry" ] || continue
    mount --bind "/proc/$entry" "/proc/$entry"
    mount -o remount,bind,ro "/proc/$entry"
done
mount --bind /proc/sys/net /proc/sys/net
mount -o remount,bind,rw /proc/sys/net
mount -t sysfs -o ro sysfs /sys
# The file system is the machine's too; what is mounted below it, /dev and /run among it, keeps its own state.
mount -o remount,bind,ro /

echo ready
read -r _
batch="link set lo up
addr add $address/16 dev eth0
link set eth0 up"
echo "$batch" | ip -batch -
exec "$(command -v sshd || echo /usr/sbin/sshd)" -D -e -f /run/rxpath/sshd_config >&2
