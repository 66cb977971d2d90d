#!/bin/sh
# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Makes a fresh Debian root a guest: runs inside it, once, when the image is built. NAME is the host's name; the
# keys lie in /tmp already. What is masked costs seconds at each emulated boot and nothing here needs it;
# systemd-logind stays, since a reboot waits for it when it is masked.
set -eu

echo "$NAME" > /etc/hostname
printf '127.0.0.1 localhost %s\n::1 localhost\n' "$NAME" > /etc/hosts
: > /etc/fstab
: > /etc/resolv.conf
systemd-machine-id-setup > /dev/null 2>&1
rm -f /etc/localtime
ln -s /usr/share/zoneinfo/UTC /etc/localtime

# The interface for SSH keeps its name; the others have the kernel's predictable ones.
cat > /etc/systemd/network/10-management.link << 'END'
[Match]
MACAddress=52:54:00:77:00:01

[Link]
Name=mgmt0
END

# Addresses by MAC address, whatever the interface is called, also when it is plugged in again.
cat > /etc/udev/rules.d/90-bed-address.rules << 'END'
ACTION=="add", SUBSYSTEM=="net", SUBSYSTEMS=="pci", ATTR{address}=="52:54:00:77:*", RUN+="/usr/local/sbin/bed-address $name"
END
cat > /usr/local/sbin/bed-address << 'END'
#!/bin/sh
# 52:54:00:77:NN:HH is 10.77.NN.HH; network 0 is QEMU's user network.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
IFS=: read -r _ _ _ _ network host < "/sys/class/net/$1/address"
ip link set "$1" up
if [ "$network" = 00 ]; then
    ip addr add 10.0.2.15/24 dev "$1"
    ip route add default via 10.0.2.2
else
    ip addr add "10.77.$((0x$network)).$((0x$host))/24" dev "$1"
fi
END
chmod 755 /usr/local/sbin/bed-address

rm -f /etc/ssh/ssh_host_*
install -m 600 /tmp/host_key /etc/ssh/ssh_host_ed25519_key
install -m 700 -d /root/.ssh
install -m 600 /tmp/user_key.pub /root/.ssh/authorized_keys
rm -f /tmp/host_key /tmp/user_key.pub
cat > /etc/ssh/sshd_config << 'END'
HostKey /etc/ssh/ssh_host_ed25519_key
KexAlgorithms curve25519-sha256
PermitRootLogin prohibit-password
PasswordAuthentication no
UsePAM no
UseDNS no
MaxStartups 100
MaxSessions 100
Subsystem sftp internal-sftp
END

# Newer ones shut out for a while who connects and does not log in, which is what waiting for them looks like.
mkdir -p /run/sshd
if /usr/sbin/sshd -t -o PerSourcePenalties=no 2> /dev/null; then
    echo 'PerSourcePenalties no' >> /etc/ssh/sshd_config
fi

mkdir -p /etc/systemd/journald.conf.d
printf '[Journal]\nStorage=volatile\nRuntimeMaxUse=16M\n' > /etc/systemd/journald.conf.d/bed.conf
for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service \
    fstrim.timer man-db.timer systemd-tmpfiles-clean.timer getty@tty1.service getty.target \
    serial-getty@ttyS0.service console-getty.service ldconfig.service systemd-hwdb-update.service \
    systemd-journal-catalog-update.service systemd-journal-flush.service systemd-update-done.service \
    systemd-update-utmp.service systemd-update-utmp-runlevel.service systemd-firstboot.service \
    systemd-random-seed.service systemd-pstore.service systemd-boot-random-seed.service \
    systemd-networkd-wait-online.service systemd-pcrphase.service systemd-pcrphase-sysinit.service \
    systemd-tpm2-setup.service systemd-tpm2-setup-early.service networkd-dispatcher.service \
    dev-hugepages.mount dev-mqueue.mount sys-fs-fuse-connections.mount sys-kernel-config.mount \
    systemd-binfmt.service proc-sys-fs-binfmt_misc.automount modprobe@configfs.service modprobe@dm_mod.service \
    modprobe@drm.service modprobe@efi_pstore.service modprobe@fuse.service modprobe@loop.service; do
    ln -sf /dev/null "/etc/systemd/system/$unit"
done
# Drivers of what the machine has and nobody uses, loaded just when the network interfaces' are.
for module in ahci button ccp cdrom cirrus evdev i2c_i801 iTCO_wdt intel_rapl_msr joydev kvm kvm_amd kvm_intel \
    libata lpc_ich parport_pc pcspkr psmouse qemu_fw_cfg serio_raw sr_mod virtio_rng \
    aesni_intel crc32_pclmul crct10dif_pclmul ghash_clmulni_intel polyval_clmulni \
    sha1_ssse3 sha256_ssse3 sha512_ssse3; do
    echo "blacklist $module"
done > /etc/modprobe.d/bed.conf
rm -rf /usr/share/doc /usr/share/locale /usr/share/man /var/cache/apt /var/lib/apt/lists /usr/share/info
mkdir -p /var/lib/apt/lists /var/cache/apt
