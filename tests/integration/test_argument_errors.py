# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a user is told who gets a variable wrong: its name, the value, what is allowed, and no traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.needs_root

PLAYBOOK = str(Path(sys.executable).with_name("ansible-playbook"))
HERE = ("-i", "localhost,", "-c", "local", "-e", f"ansible_python_interpreter={sys.executable}")


def told(tmp_path: Path, playbook: str, *words: str) -> tuple[int, str]:
    """Return the exit code of a run in check mode, and what it printed as one line."""
    done = subprocess.run(
        [PLAYBOOK, *HERE, "--check", f"rxpath.linux.{playbook}", *words],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stdout
    assert "this is probably a bug" not in done.stdout
    return done.returncode, " ".join(done.stdout.split())


@pytest.mark.parametrize(
    ("playbook", "words", "message"),
    [
        ("audit", "udp_audit_wave=abc", "udp_audit_wave: must be a number of hosts, a percentage such as 10%"),
        ("audit", "udp_audit_window=30s", "udp_audit_window: must be a number more than 0 and at most 600, not '30s'"),
        ("audit", '{"udp_audit_fail_on": "conntrack.table_ful"}', "(did you mean conntrack.table_full?)"),
        ("tune", "udp_tuning_profile=dnss", "udp_tuning_profile: must be one of buffers, full, dns"),
        ("tune", "udp_tuning_interfaces=nosuch0", "udp_tuning_interfaces: no such network interface: nosuch0"),
        ("rollback", "udp_rollback_force=perhaps", "udp_rollback_force"),
        ("rollback", "target=nosuch", "target 'nosuch' matches no host of the inventory"),
        ("hops", "path=nosuch,neither", "'nosuch,neither' matches no host of the inventory"),
        ("hops", "path=localhost,nosuch", "udp_hops_path: 'nosuch' is no group or host of the inventory"),
        ("hops", "path=localhost", "udp_hops_path: name two or more groups or hosts"),
        ("hops", "path=localhost,localhost", "udp_hops_path: localhost would be in two places of the path"),
        ("watch", "udp_watch_stat=absent", "no such variable: udp_watch_stat; there are: udp_watch_directory,"),
        ("hops", '{"path": ["localhost", "nosuch"]}', "udp_hops_path: 'nosuch' is no group or host"),
    ],
)
def test_an_error_names_the_variable_and_what_is_allowed(
    tmp_path: Path, playbook: str, words: str, message: str
) -> None:
    code, output = told(tmp_path, playbook, "-e", words)
    assert code != 0
    assert message in output


@pytest.mark.parametrize(
    ("playbook", "variable", "meant"),
    [
        ("tune", "udp_tuning_rign_rx", "udp_tuning_ring_rx"),
        ("rollback", "udp_rollback_forse", "udp_rollback_force"),
    ],
)
def test_a_misspelt_variable_is_warned_of(tmp_path: Path, playbook: str, variable: str, meant: str) -> None:
    code, output = told(tmp_path, playbook, "-e", f"{variable}=max")
    assert code == 0, output
    assert f"{variable} (did you mean {meant}?)" in output


def test_an_audit_names_a_misspelt_variable_beside_its_verdict(tmp_path: Path) -> None:
    """The warning at the beginning of a long run is not seen any more at its end."""
    words = ("-e", "udp_audit_windw=30", "-e", "udp_audit_window=1", "-e", f"udp_audit_report_dir={tmp_path}/audit")
    _code, output = told(tmp_path, "audit", *words)
    assert "udp_audit_windw (did you mean udp_audit_window?)" in output[output.index(" reports: ") :]
