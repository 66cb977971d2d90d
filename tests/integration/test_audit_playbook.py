# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The audit as its users run it: ansible-playbook, over SSH, against hosts with real traffic."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from ansible_collections.rxpath.linux.tests.hosts.namespaces import SSHD, SshHosts, ssh_hosts
from ansible_collections.rxpath.linux.tests.hosts.traffic import TRAFFIC, begin

pytestmark = [pytest.mark.needs_root, pytest.mark.skipif(not SSHD, reason="no sshd on this machine")]

ROOT = Path(__file__).resolve().parents[2]
PLAYBOOK = str(Path(sys.executable).with_name("ansible-playbook"))
OVERFLOW = "socket.receive_buffer_overflow"
REPORTS = {"report.json", "report.html", "junit.xml", "metrics.prom"}


class Done(NamedTuple):
    """A run of ansible-playbook: its exit code, what it printed, and the report, where there is one."""

    code: int
    output: str
    hosts: dict[str, Any]
    directory: Path


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshHosts]:
    """Three hosts with their traffic under way."""
    with ssh_hosts([*TRAFFIC, "silent"], tmp_path_factory.mktemp("hosts")) as made:
        begin(made)
        yield made


@pytest.fixture(scope="module")
def inventory(hosts: SshHosts) -> Path:
    """All hosts, one where nothing listens, one whose Python does not exist, one under two names, one misconfigured."""
    alias = {**hosts.variables("healthy")}
    nobody = {**hosts.variables("silent"), "ansible_port": 9}
    return hosts.write_inventory(
        {
            **{name: {} for name in TRAFFIC},
            "twin": alias,
            "gone": nobody,
            "broken": {**hosts.variables("silent"), "ansible_python_interpreter": "/nonexistent"},
            "misconfigured": {**hosts.variables("silent"), "udp_audit_interval": "often"},
        }
    )


def finish(done: subprocess.CompletedProcess[str], directory: Path) -> Done:
    report = directory / "udp-audit/report.json"
    found = json.loads(report.read_text(encoding="utf-8"))["hosts"] if report.exists() else {}
    return Done(done.returncode, done.stdout, found, directory)


def audit(hosts: SshHosts, inventory: Path, directory: Path, *options: str) -> Done:
    """Run the audit from an empty directory, with a window of two seconds in the host's own namespace."""
    words = [PLAYBOOK, "-i", str(inventory), "rxpath.linux.audit"]
    words += [
        "-e",
        "udp_audit_window=2",
        "-e",
        "udp_audit_namespaces=host",
        "-e",
        "udp_audit_max_extension=3",
        *options,
    ]
    return finish(hosts.run(*words, cwd=directory), directory)


def audit_here(directory: Path, *options: str, env: Mapping[str, str] | None = None) -> Done:
    """Run the audit beside the hosts, for what ends before any host is reached, or is about this machine."""
    done = subprocess.run(
        [PLAYBOOK, *options],
        cwd=directory,
        env={**os.environ, **(env or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    return finish(done, directory)


@pytest.fixture(scope="module")
def everything(hosts: SshHosts, inventory: Path, tmp_path_factory: pytest.TempPathFactory) -> Done:
    """One run over all hosts."""
    return audit(hosts, inventory, tmp_path_factory.mktemp("everything"))


def test_every_host_is_in_the_report_and_an_unreachable_one_decides_the_exit_code(everything: Done) -> None:
    statuses = {name: entry["status"] for name, entry in everything.hosts.items()}
    assert statuses == {
        "healthy": "pass",
        "twin": "pass",
        "bursting": "fail",
        "slow": "fail",
        "gone": "unreachable",
        "broken": "error",
        "misconfigured": "error",
    }, everything.output
    assert everything.code == 4
    assert {path.name for path in (everything.directory / "udp-audit").iterdir()} == REPORTS


@pytest.mark.parametrize(
    ("host", "cause", "helps"), [("bursting", "arrival_burst", True), ("slow", "slow_consumer", False)]
)
def test_cause_and_cure(everything: Done, host: str, cause: str, helps: bool) -> None:
    entry = everything.hosts[host]
    assert entry["main_loss"] == OVERFLOW
    finding = next(one for one in entry["findings"] if one["finding"] == OVERFLOW)
    assert finding["causes"] == [cause]
    (socket,) = finding["sockets"]
    assert socket["local"].endswith(":5300")
    # The traffic goes on while the window ends: socket and protocol counters are read a moment, some datagrams, apart.
    # Equality to the datagram is what the fault matrix asks for, where all traffic lies inside the window.
    assert finding["delta"] > 0
    assert socket["drops"] == pytest.approx(finding["delta"], rel=0.02)
    words = ("receive_buffer", "rmem_default", "rmem_max")
    buffers = [one for one in finding["advice"] if any(word in one["action"] for word in words)]
    assert buffers
    assert any(one["helps"] for one in buffers) is helps


def test_reasons(everything: Done) -> None:
    assert "/nonexistent" in everything.hosts["broken"]["reason"]
    assert "onnect" in everything.hosts["gone"]["reason"]
    assert everything.hosts["misconfigured"]["reason"].startswith("udp_audit_interval: must be a number")


def test_output(everything: Done) -> None:
    assert "sampling 4 hosts (3 failing), 0 of 2 s" in everything.output
    told = " ".join(everything.output.split())
    assert "udp-audit/report.html, and beside it junit.xml, metrics.prom, report.json" in told
    assert "Traceback" not in everything.output
    # A host is failed or unreachable in the verdict only, never before the report is written.
    before, _, after = everything.output.partition("Give the verdict]")
    assert "fatal:" not in before
    assert after.count("FAILED!") == 4
    assert after.count("UNREACHABLE!") == 1


def test_limit_to_a_healthy_host(hosts: SshHosts, inventory: Path, tmp_path: Path) -> None:
    done = audit(hosts, inventory, tmp_path, "--limit", "healthy")
    assert (done.code, {name: entry["status"] for name, entry in done.hosts.items()}) == (0, {"healthy": "pass"})


def test_check_mode_measures_and_reports(hosts: SshHosts, inventory: Path, tmp_path: Path) -> None:
    done = audit(hosts, inventory, tmp_path, "--check", "--diff", "-e", "target=bursting:healthy", "--forks", "1")
    assert {name: entry["status"] for name, entry in done.hosts.items()} == {"healthy": "pass", "bursting": "fail"}
    assert done.code == 2, done.output
    assert "changed=0" in done.output
    assert {path.name for path in (tmp_path / "udp-audit").iterdir()} == REPORTS


def test_rules_and_reports_of_a_site(hosts: SshHosts, inventory: Path, tmp_path: Path) -> None:
    rules = [
        {"name": "seen", "expression": "windows[0].seconds > `1`", "severity": "fail", "message": "it was measured"},
        {"name": "lost", "expression": "first_loss", "severity": "warn"},
    ]
    more = {"udp_audit_rules": rules, "udp_audit_report_formats": ["json"], "udp_audit_report_dir": "udp-audit"}
    done = audit(hosts, inventory, tmp_path, "-l", "healthy", "-e", json.dumps(more))
    entry = done.hosts["healthy"]
    assert (done.code, entry["status"], entry["reason"]) == (2, "fail", "rule seen: it was measured")
    assert [(rule["name"], rule["matched"]) for rule in entry["rules"]] == [("seen", True), ("lost", False)]
    assert [path.name for path in (tmp_path / "udp-audit").iterdir()] == ["report.json"]


def test_rule_that_fails_on_a_host_makes_it_an_error(hosts: SshHosts, inventory: Path, tmp_path: Path) -> None:
    rules = [{"name": "odd", "expression": "length(first_loss)"}]
    done = audit(hosts, inventory, tmp_path, "-l", "healthy", "-e", json.dumps({"udp_audit_rules": rules}))
    assert (done.code, done.hosts["healthy"]["status"]) == (2, "error")
    assert "rule 'odd'" in done.hosts["healthy"]["reason"]


def test_only_unreachable_hosts_end_with_a_report(hosts: SshHosts, inventory: Path, tmp_path: Path) -> None:
    done = audit(hosts, inventory, tmp_path, "-l", "gone")
    assert (done.code, done.hosts["gone"]["status"]) == (4, "unreachable")


def test_this_machine_without_an_inventory(tmp_path: Path) -> None:
    """The root playbook, from another directory; the machine may lose what it likes meanwhile."""
    settings = ("udp_audit_window=1", "udp_audit_max_extension=0", "udp_audit_drop_reasons=true")
    done = audit_here(tmp_path, str(ROOT / "audit.yml"), *(word for one in settings for word in ("-e", one)))
    assert list(done.hosts) == ["localhost"], done.output
    assert done.hosts["localhost"]["status"] in ("pass", "warn", "fail", "inconclusive"), done.output
    assert done.code == (2 if done.hosts["localhost"]["status"] == "fail" else 0)
    # Either this machine's kernel tells its drop reasons, or the report tells why not.
    untold = [text for text in done.hosts["localhost"]["unknowns"] if text.startswith("drop reasons of the kernel: ")]
    assert ("drop_reasons" in done.hosts["localhost"]["windows"][0]) == (not untold)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param(["-i", "empty.ini"], "the inventory has no hosts", id="empty inventory"),
        pytest.param(["-i", "missing.ini"], "missing.ini", id="missing inventory"),
        pytest.param(["-i", "some.ini", "-e", "target=db"], "target 'db' matches no host", id="unmatched target"),
        pytest.param(["-e", "target=db"], "target 'db' matches no host", id="target without inventory"),
        pytest.param(["-i", "some.ini", "-e", "target=web", "-l", "mail"], "within --limit mail", id="limit"),
        pytest.param(["-l", "mail"], "within --limit mail", id="limit without inventory"),
        pytest.param(
            ["-e", "udp_audit_window=-1"], "udp_audit_window: must be a number more than 0", id="bad variable"
        ),
        pytest.param(["-e", "udp_audit_fail_on=x"], "udp_audit_fail_on: unknown value 'x'", id="unknown finding"),
        pytest.param(["-e", "udp_audit_apply=perhaps"], "udp_audit_apply: must be true or false", id="apply"),
        pytest.param(
            ["-e", json.dumps({"udp_audit_rules": [{"name": "mine", "expression": "a[?"}]})],
            "rule 'mine': bad expression",
            id="bad rule",
        ),
    ],
)
def test_error_before_any_host_is_reached(options: list[str], said: str, tmp_path: Path) -> None:
    (tmp_path / "empty.ini").touch()
    (tmp_path / "some.ini").write_text("[web]\nweb1 ansible_host=192.0.2.1\n[mail]\nmail1 ansible_host=192.0.2.2\n")
    done = audit_here(tmp_path, "rxpath.linux.audit", *options)
    assert done.code != 0
    assert said in " ".join(done.output.split()), done.output
    assert "Start the window" not in done.output
    assert not (tmp_path / "udp-audit").exists()


def test_inventory_of_the_environment_counts_as_given(tmp_path: Path) -> None:
    (tmp_path / "empty.ini").touch()
    done = audit_here(tmp_path, "rxpath.linux.audit", env={"ANSIBLE_INVENTORY": "empty.ini"})
    assert done.code != 0
    assert "the inventory has no hosts" in done.output


def test_waves_follow_one_another_and_end_in_one_report(hosts: SshHosts, tmp_path: Path) -> None:
    names = [*TRAFFIC, "silent"]
    inventory = hosts.write_inventory({name: {} for name in names}, "waves.yml")
    done = audit(hosts, inventory, tmp_path, "-e", "udp_audit_wave=3", "-e", "udp_audit_max_extension=0")
    assert set(done.hosts) == set(names)
    assert all(entry["windows"] for entry in done.hosts.values())
    # The plays of two waves, and one of the report on both.
    assert done.output.count("PLAY [Measure where UDP datagrams are lost]") == 2
    assert done.output.count("PLAY [Report on all hosts") == 1
    assert "sampling 3 hosts, 0 of 2 s" in done.output
    assert "sampling 1 host, 0 of 2 s" in done.output
