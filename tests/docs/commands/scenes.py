# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where commands run: hosts made of namespaces, a virtual machine, a fresh copy of the repository, or the tree itself.

Each page has a folder, a HOME and a shell of its own in each scene that it uses. Where Ansible runs, the collection is
the built one, installed into that HOME, with nothing left of it but what it needs to run; the working tree that .venv
links is out of its sight. Hosts are reached by their bare names, web1 and web2: the ``ssh`` of a scene knows them.
"""

from __future__ import annotations

import contextlib
import difflib
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from ansible_collections.rxpath.linux.tests.hosts.machines import MachineError, MachinesUnavailableError, machines
from ansible_collections.rxpath.linux.tests.hosts.namespaces import SSHD, SshHosts, ssh_hosts
from ansible_collections.rxpath.linux.tests.hosts.traffic import TRAFFIC
from ansible_collections.rxpath.linux.tests.matrix.tools import command as program

from .pages import ROOT

BIN = ROOT / ".venv/bin"
HOSTS = ("web1", "web2")
GUEST = "bookworm"
# What is left of the installed collection; with the last two ansible-galaxy tells its version.
_NEEDED = {"meta", "playbooks", "plugins", "roles", "MANIFEST.json", "FILES.json"}
# .venv links the working tree into its site-packages; only what is installed may be found.
_HIDDEN = {"ANSIBLE_COLLECTIONS_SCAN_SYS_PATH": "false"}
_STATE = ROOT / "extensions/molecule/shared/state.sh"
# Everything runs as root already. Options and assignments before the command are read as sudo(8) has them.
_SUDO = r"""#!/bin/sh
while [ $# -gt 0 ]; do
    case $1 in
        -u | -p | -g) shift 2 ;;
        --) shift; break ;;
        -*) shift ;;
        *=*) export "$1"; shift ;;
        *) break ;;
    esac
done
exec "$@"
"""


class SceneError(Exception):
    """A page left its scene otherwise than it found it."""


class UnavailableError(Exception):
    """This machine cannot make the scene; the text says why."""


class Stand(NamedTuple):
    """Where a page's shell stands, and its environment."""

    folder: Path
    environment: dict[str, str]


class Scene:
    """What all scenes have: a scratch folder, a time limit for one command, and how many pages may run at once."""

    seconds = 300.0
    jobs = 1

    def __init__(self, scratch: Path) -> None:
        """Take a folder for all that the scene makes."""
        self.scratch = scratch
        self.stack = contextlib.ExitStack()

    def open(self) -> None:
        """Start what the scene needs; UnavailableError where that is not to be had."""

    def enter(self, number: int) -> Stand:
        """Return where the page of this number stands."""
        raise NotImplementedError

    def leave(self) -> None:
        """Look at what a page has left; SceneError says what is wrong with it."""


class _Reached(Scene):
    """A scene with hosts that Ansible reaches, and with the installed collection."""

    become = "su"

    def __init__(self, scratch: Path) -> None:
        super().__init__(scratch)
        self.names: tuple[str, ...] = HOSTS
        # Hosts made of namespaces have this machine's file system, read-only, with whatever Pythons; their /run is
        # their own.
        self.remote_tmp = Path("/run") / f"ansible-{scratch.parent.name}"
        self.on_hosts = {
            "ANSIBLE_REMOTE_TMP": str(self.remote_tmp),
            "ANSIBLE_PYTHON_INTERPRETER": "/usr/bin/python3",
        }

    def ssh_config(self) -> str:
        """Return what ssh must know to reach the hosts."""
        raise NotImplementedError

    def open(self) -> None:
        """Build and install the collection, and put the programs of the scene into a folder."""
        if os.geteuid() != 0:
            raise UnavailableError("needs root")
        config = self.scratch / "ssh_config"
        config.write_text(self.ssh_config(), encoding="utf-8")
        bin_ = self.scratch / "bin"
        bin_.mkdir()
        for name in ("ssh", "scp", "sftp"):
            real = shutil.which(name)
            if real is None:
                raise UnavailableError(f"there is no {name}")
            _script(bin_ / name, f'#!/bin/sh\nexec {real} -F {config} "$@"\n')
        if shutil.which("sudo") is None:
            _script(bin_ / "sudo", _SUDO)

    def environment(self, home: Path, *first: Path) -> dict[str, str]:
        """Return the environment of a shell with a HOME of its own, some folders before the rest of the PATH."""
        left_out = ("ANSIBLE_", "MOLECULE_", "PYTEST_", "VIRTUAL_ENV", "PYTHONPATH", "MAKE", "MFLAGS")
        kept = {key: value for key, value in os.environ.items() if not key.startswith(left_out)}
        path = [entry for entry in os.get_exec_path() if not entry.startswith(str(ROOT))]
        return {
            **kept,
            "HOME": str(home),
            "PATH": ":".join([str(self.scratch / "bin"), *map(str, first), *path, "/usr/sbin", "/sbin"]),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_FORCE_COLOR": "0",
            "ANSIBLE_BECOME_METHOD": self.become,
            # What pip has fetched once need not come again for every copy.
            "PIP_CACHE_DIR": str(ROOT / ".cache/pip"),
        }

    def inventory(self) -> str:
        """Return hosts.ini as a reader writes it."""
        return "\n".join(["[web]", *self.names]) + "\n"


class _Installed(_Reached):
    """A scene in which the collection is installed."""

    def open(self) -> None:
        super().open()
        self.collections = self.scratch / "collections"
        environment = {**self.environment(self.scratch, BIN), **_HIDDEN}
        for command in (
            ["ansible-galaxy", "collection", "build", str(ROOT), "--output-path", str(self.scratch / "built")],
            ["ansible-galaxy", "collection", "install", "{}", "-p", str(self.collections)],
        ):
            built = next(iter((self.scratch / "built").glob("*.tar.gz")), None)
            words = [str(built) if word == "{}" else word for word in command]
            done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
            if done.returncode:
                raise SceneError(f"{shlex.join(words)}: {done.stderr}")
        for entry in (self.collections / "ansible_collections/rxpath/linux").iterdir():
            if entry.name in _NEEDED:
                continue
            if entry.is_dir():
                shutil.rmtree(entry)
            else:
                entry.unlink()

    def enter(self, number: int) -> Stand:
        home, folder = self.scratch / f"home{number}", self.scratch / f"page{number}"
        shutil.copytree(self.collections, home / ".ansible/collections")
        folder.mkdir()
        (folder / "hosts.ini").write_text(self.inventory(), encoding="utf-8")
        return Stand(folder, {**self.environment(home, BIN), **_HIDDEN})


class HostsScene(_Installed):
    """Two hosts made of namespaces, with a little traffic that both of them cope with."""

    jobs = 2

    def ssh_config(self) -> str:
        """Start the hosts: the way to them leads through the network namespace of their bridge."""
        if SSHD is None:
            raise UnavailableError("there is no sshd")
        folder = self.scratch / "lan"
        folder.mkdir()
        # Where a page audits this machine itself, Ansible makes it here too.
        self.stack.callback(shutil.rmtree, self.remote_tmp, ignore_errors=True)
        self.lan = self.stack.enter_context(ssh_hosts(HOSTS, folder))
        reader, sender = TRAFFIC["healthy"]
        for name in HOSTS:
            self.lan.start([*program("drain"), *reader], name)
            self.lan.start([*program("flood"), "-a", self.lan.address(name), "-n", "1000000", *sender]).go()
        return way_to(self.lan)

    def inventory(self) -> str:
        """Return hosts.ini with the addresses that hosts have for each other: SSH alone knows their names."""
        return (
            "\n".join(["[web]", *(f"{name} udp_hops_address={self.lan.address(name)}" for name in self.names)]) + "\n"
        )

    def enter(self, number: int) -> Stand:
        stand = super().enter(number)
        return Stand(stand.folder, {**stand.environment, **self.on_hosts})


class CloneScene(_Reached):
    """A copy of the repository as git knows it, without .venv, for each page; the same hosts."""

    seconds = 900.0
    jobs = 2

    def __init__(self, scratch: Path, hosts: HostsScene) -> None:
        """Take the scene whose hosts are used."""
        super().__init__(scratch)
        self.hosts = hosts

    def ssh_config(self) -> str:
        """Reach the hosts of the other scene."""
        return way_to(self.hosts.lan)

    def enter(self, number: int) -> Stand:
        home, clone = self.scratch / f"home{number}", self.scratch / f"copy{number}/rxpath.linux"
        home.mkdir()
        _copy(clone)
        (clone / "hosts.ini").write_text(self.inventory(), encoding="utf-8")
        return Stand(clone, {**self.environment(home, clone / ".venv/bin"), **self.on_hosts})


class MachineScene(_Installed):
    """One virtual machine, web1, which each page leaves as it found it."""

    seconds = 900.0
    # The guest has sudo, and is not root's own.
    become = "sudo"

    def ssh_config(self) -> str:
        """Start the guest."""
        folder = self.scratch / "bed"
        try:
            self.bed = self.stack.enter_context(machines([GUEST], folder))
        except MachinesUnavailableError as error:
            raise UnavailableError(f"no virtual machines: {error}") from None
        self.names = HOSTS[:1]
        self.before = ""
        return self.bed.write_ssh_config().read_text(encoding="utf-8").replace(f"Host {GUEST}", f"Host {HOSTS[0]}")

    def enter(self, number: int) -> Stand:
        stand = super().enter(number)
        if self.before:
            self.bed[GUEST].reset()
        self.before = self._state()
        # Where there is no KVM each program that starts in the guest takes a while.
        return Stand(stand.folder, {**stand.environment, "ANSIBLE_PIPELINING": "true"})

    def leave(self) -> None:
        """Compare what the system's own tools say of the guest with what they said before the page."""
        before, after = self.before.splitlines(), self._state().splitlines()
        changed = list(difflib.unified_diff(before, after, "before the page", "after it", n=0, lineterm=""))
        if changed:
            raise SceneError("\n".join(["the page leaves the machine changed:", *changed]))

    def _state(self) -> str:
        try:
            done = self.bed[GUEST].run("sh -s", timeout=180.0, stdin=_STATE.read_text(encoding="utf-8"))
        except (MachineError, subprocess.TimeoutExpired) as error:
            raise SceneError(f"the machine is not reached: {error}") from None
        if "== units" not in done.stdout:
            raise SceneError(f"the machine does not tell its state: {done.stderr}")
        return done.stdout


class TreeScene(Scene):
    """The repository itself with its .venv, as those who work on it have it."""

    seconds = 900.0

    def open(self) -> None:
        """Make sure that a command may do what it is shown for."""
        if os.geteuid() != 0:
            raise UnavailableError("needs root")

    def enter(self, number: int) -> Stand:
        # Beds that a page starts end with this process at the latest.
        return Stand(ROOT, {**os.environ, "RXPATH_BED_OWNER": str(os.getpid())})


def way_to(hosts: SshHosts) -> str:
    """Return the configuration with which ssh reaches hosts made of namespaces by their bare names."""
    assert hosts.bridge is not None
    connect = [sys.executable, str(ROOT / "tests/hosts/connect.py"), str(hosts.bridge.pid)]
    options = {
        "User": "root",
        "IdentityFile": hosts.folder / "user_key",
        "StrictHostKeyChecking": "no",
        "UserKnownHostsFile": "/dev/null",
        "LogLevel": "ERROR",
        "ProxyUseFdpass": "yes",
        "ProxyCommand": f"{shlex.join(connect)} %h %p",
    }
    lines = [f"Host {name}\n    HostName {hosts.address(name)}" for name in hosts.names]
    return "\n".join([*lines, "Host *", *(f"    {key} {value}" for key, value in options.items())]) + "\n"


def _script(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


def _copy(clone: Path) -> None:
    """Copy what is committed or would be, as a clone holds it, and make a repository of it."""
    listing = _git("ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=ROOT)
    for name in filter(None, listing.split("\0")):
        source, target = ROOT / name, clone / name
        if source.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)
    author = ["-c", "user.name=rxpath.linux contributors", "-c", "user.email=nobody@example.com"]
    for words in (["init", "-q"], ["add", "-A"], [*author, "commit", "-q", "--no-verify", "-m", "Copy"]):
        _git(*words, cwd=clone)
    (clone / ".git/info/exclude").write_text("hosts.ini\n", encoding="utf-8")


def _git(*words: str, cwd: Path) -> str:
    return subprocess.run(["git", *words], cwd=cwd, capture_output=True, check=True, text=True).stdout
