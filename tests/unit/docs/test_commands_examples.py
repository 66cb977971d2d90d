# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What pages, plugins and example files show to be pasted is accepted by Ansible, our modules and our roles."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from ansible_collections.rxpath.linux.tests.docs.commands import examples
from ansible_collections.rxpath.linux.tests.docs.commands.examples import Example
from ansible_collections.rxpath.linux.tests.docs.commands.pages import ROOT

ALL = list(itertools.chain(examples.of_plugins(), examples.of_pages(), examples.of_files()))


def faults(text: str) -> list[str]:
    return list(examples.faults(Example("here", yaml.safe_load(text))))


@pytest.mark.parametrize("example", ALL, ids=lambda example: str(example.where))
def test_modules_and_roles_accept_it(example: Example) -> None:
    assert not list(examples.faults(example))


def test_ansible_accepts_the_plays_and_tasks(tmp_path: Path) -> None:
    books = []
    for example in ALL:
        if examples.is_for_ansible(example.content):
            path = tmp_path / f"{example.where.replace('/', '-').replace(':', '-')}.yml"
            examples.playbook(example, path)
            books.append(str(path))
    assert len(books) > len(list((ROOT / "plugins/modules").glob("[a-z]*.py")))
    # The groups that they are for: a playbook of ours refuses to start where nothing matches its target.
    patterns = re.findall(r"\b(?:hosts|target): ([a-z_:]+)$", "\n".join(map(text_of, books)), re.MULTILINE)
    words = set(":".join(patterns).split(":"))
    inventory = tmp_path / "hosts.ini"
    inventory.write_text("".join(f"[{word}]\nweb1\n" for word in words - {"all", "localhost"}), encoding="utf-8")
    done = syntax("-i", str(inventory), *books)
    assert done.returncode == 0, done.stdout


def text_of(path: str) -> str:
    return Path(path).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "play",
    [
        "- {name: Tasks, hosts: all, tasks: [{name: One, rxpath.linux.nic_rings: {}}]}",
        "- {name: Tasks, hosts: all, tasks: [{name: One, ansible.builtin.import_role: {name: rxpath.linux.tuning}}]}",
    ],
)
def test_ansible_refuses_what_is_not_there(tmp_path: Path, play: str) -> None:
    path = tmp_path / "play.yml"
    path.write_text(play, encoding="utf-8")
    assert syntax("-i", "localhost,", str(path)).returncode != 0


def syntax(*books: str) -> subprocess.CompletedProcess[str]:
    # Of this collection as these tests see it, whoever runs them.
    places = os.pathsep.join(str(place) for place in (ROOT / ".venv/tree", ROOT.parent.parent.parent))
    return subprocess.run(
        [sys.executable, "-m", "ansible.cli.playbook", "--syntax-check", *books],
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": places, "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- rxpath.linux.nic_ring: {interface: eth0, rxs: 5}", "nic_ring: unsupported: rxs"),
        ("- rxpath.linux.nic_ring: {rx: max}", "missing required arguments: interface"),
        ("- rxpath.linux.nic_ring: {interface: eth0, rx: max, scope: ever}", "value of scope must be one of"),
        ("- rxpath.linux.receive_path_info: {seconds: soon}", "seconds"),
        ("- rxpath.linux.udp_audit_wait: {started: a, begun: x}", "unsupported: begun"),
        ("- ansible.builtin.copy: {src: a, dest: b, to: c}", "copy: unsupported: to"),
        ("- block: [{rxpath.linux.nic_rings: {interface: eth0}}]", "there is no such module"),
        ("- {hosts: all, tasks: [{debug: {msg: x}}]}", "no action in full"),
        ("- rxpath.linux.nic_ring: interface=eth0", "its arguments are no mapping"),
        ("udp_audit_widow: 5", "udp_audit: .*udp_audit_widow"),
        ("{all: {hosts: {web1: {udp_tuning_profile: fast}}}}", "udp_tuning: value of udp_tuning_profile"),
        ("- {import_playbook: rxpath.linux.audit, vars: {udp_audit_window: soon}}", "udp_audit: .*udp_audit_window"),
    ],
)
def test_a_fault_is_found(text: str, message: str) -> None:
    found = faults(text)
    assert len(found) == 1
    assert found[0].startswith("here: ")
    assert re.search(message, found[0]), found


@pytest.mark.parametrize(
    "text",
    [
        "- rxpath.linux.nic_ring: {interface: '{{ item }}', rx: '{{ rx }}', scope: '{{ scope }}'}",
        "- ansible.builtin.command: uptime",
        "- {import_playbook: rxpath.linux.audit, vars: {udp_audit_wave: 10%, udp_audit_window: 5}}",
        "{on: push, jobs: {audit: {steps: [{uses: x}]}}}",
        "udp_audit_ignore: {ports: [514]}",
    ],
)
def test_nothing_is_found_where_nothing_is_wrong(text: str) -> None:
    assert not faults(text)
