# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# An image whose receive path is set up at the first boot, for the hardware that is there then.
packer {
  required_plugins {
    qemu = {
      source  = "github.com/hashicorp/qemu"
      version = "~> 1"
    }
    ansible = {
      source  = "github.com/hashicorp/ansible"
      version = "~> 1"
    }
  }
}

variable "image_url" {
  type        = string
  description = "A cloud image to start from."
}

variable "image_checksum" {
  type        = string
  description = "Its checksum, as sha512:..."
}

source "qemu" "resolver" {
  iso_url          = var.image_url
  iso_checksum     = var.image_checksum
  disk_image       = true
  format           = "qcow2"
  ssh_username     = "debian"
  shutdown_command = "sudo systemctl poweroff"
}

build {
  sources = ["source.qemu.resolver"]

  provisioner "ansible" {
    playbook_file   = "./tune.yml"
    galaxy_file     = "./requirements.yml"
    user            = "debian"
    use_proxy       = false
    extra_arguments = ["--diff"]
  }
}
