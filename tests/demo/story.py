# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The acts of the demo. ``keeper.py`` starts it in namespaces of its own and puts the machine back behind it.

``story.py FOLDER`` runs in process and mount namespaces of its own; FOLDER holds what it writes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / ".venv/tree"))

from ansible_collections.rxpath.linux.tests.demo.pod import NAME, Pod  # noqa: E402

KEY = "net.core.rmem_default"
OVERFLOW = "socket.receive_buffer_overflow"
INVENTORY = "node1 ansible_connection=local ansible_python_interpreter={{ansible_playbook_python}}\n"
# The story is about what tasks say and change, not about which tasks there are.
CONFIGURATION = "[defaults]\ndisplay_ok_hosts = false\ndisplay_skipped_hosts = false\n"
AUDIT = "ansible-playbook -i hosts.ini rxpath.linux.audit -e udp_audit_window=5"
APPLY = f"{AUDIT} -e udp_audit_namespaces={NAME} -e udp_audit_apply=true"
ROLLBACK = "ansible-playbook -i hosts.ini rxpath.linux.rollback"
SHOW = f"sysctl {KEY}"
_BOLD, _CYAN, _GREEN, _PLAIN = ("\033[1m", "\033[36m", "\033[32m", "\033[0m") if sys.stdout.isatty() else ("",) * 4


class StoryError(Exception):
    """Something did not go as the story has it."""


class Stage:
    """Where the commands run, and what they are told with."""

    def __init__(self, folder: Path) -> None:
        """Take the folder in which the inventory and the reports lie."""
        self.folder = folder
        (folder / "hosts.ini").write_text(INVENTORY, encoding="utf-8")
        (folder / "ansible.cfg").write_text(CONFIGURATION, encoding="utf-8")
        (folder / "home").mkdir()
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")},
            "HOME": str(folder / "home"),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        }

    def run(self, command: str, pod: Pod | None = None) -> int:
        """Show a command and run it; with a pod, start its server anew when the value has changed."""
        say(f"{_GREEN}${_PLAIN} {_BOLD}{command}{_PLAIN}")
        before = value()
        process = subprocess.Popen(command.split(), cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL)
        while process.poll() is None:
            if pod is not None and value() != before:
                pod.restart()
                pod = None
            time.sleep(0.05)
        return process.returncode

    def entry(self) -> dict[str, Any]:
        """Return what the last report says of the one host."""
        text = (self.folder / "udp-audit/report.json").read_text(encoding="utf-8")
        (found,) = json.loads(text)["hosts"].values()
        return dict(found)


def say(text: str = "") -> None:
    print(text, flush=True)


def act(number: int, text: str) -> None:
    """Announce an act by one line."""
    say(f"\n{_CYAN}{_BOLD}{number}. {text}{_PLAIN}")


def value() -> str:
    """Return the running value of what is changed."""
    return Path("/proc/sys", *KEY.split(".")).read_text(encoding="utf-8").strip()


def expect(condition: bool, what: str) -> None:
    """End the story where it is not true to life."""
    if not condition:
        raise StoryError(what)


def losses(entry: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what is lost in the pod."""
    found = [finding for finding in entry["findings"] if finding["class"] == "loss" and not finding.get("pending")]
    return [finding for finding in found if finding["namespace"]["name"] == NAME]


def play(folder: Path) -> None:
    """Play all acts."""
    stage, before = Stage(folder), value()
    pod = Pod()
    with pod:
        program = pod.serve()
        pod.ask(folder / "clients")
        time.sleep(3)
        act(1, f"A pod with {program} in it: its clients ask 2,000 questions at once, twice a second.")
        clients(pod, (0, 0))

        act(2, "Where does this machine lose datagrams, and why?")
        code = stage.run(AUDIT)
        found = losses(stage.entry())
        expect(code == 2 and [finding["finding"] for finding in found] == [OVERFLOW], "the audit found no loss")

        act(3, "Change what helps and measure again. The server is restarted between: an open socket keeps its buffer.")
        code = stage.run(APPLY, pod)
        seen = pod.counted()
        (change,) = stage.entry()["changes"]
        expect(code == 0 and change["what"] == KEY and change["kept"], "the change did not help")
        time.sleep(2)
        clients(pod, seen)
        stage.run(SHOW)

        act(4, "Put everything back as it was before the first change.")
        expect(stage.run(ROLLBACK) == 0 and value() == before, "the rollback failed")
        stage.run(SHOW)


def clients(pod: Pod, since: tuple[int, int]) -> None:
    """Say what the clients got since then."""
    asked, answered = (now - then for now, then in zip(pod.counted(), since, strict=True))
    say(f"   The clients asked {asked:,} and got {answered:,} answers.")


if __name__ == "__main__":
    try:
        play(Path(sys.argv[1]))
    except StoryError as error:
        print(f"The story did not go as it should: {error}. The report above has it.", file=sys.stderr)
        sys.exit(1)
