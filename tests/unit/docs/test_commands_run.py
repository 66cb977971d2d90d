# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run of a page's commands takes for a failure, and what it says of it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from ansible_collections.rxpath.linux.tests.docs.commands import pages, run, scenes
from ansible_collections.rxpath.linux.tests.docs.commands.extract import Command, commands

PAGE = Path("page.rst")
AUDIT = """audit() {
mkdir -p udp-audit; cd udp-audit
for name in report.html junit.xml metrics.prom; do echo >$name; done
echo '{"hosts": {"web1": {"status": "'$1'"}}}' >report.json; cd ..
}"""


class Here(scenes.Scene):
    """Stands in a folder of this machine; a page that leaves a file "left" there has changed it."""

    def enter(self, number: int) -> scenes.Stand:
        self.folder = self.scratch / str(number)
        self.folder.mkdir(parents=True)
        return scenes.Stand(self.folder, {"PATH": os.environ["PATH"]})

    def leave(self) -> None:
        if (self.folder / "left").exists():
            raise scenes.SceneError("left behind: left")


class Nowhere(scenes.Scene):
    """Cannot be made here."""

    def open(self) -> None:
        raise scenes.UnavailableError("there is no moon")


def outcomes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *texts: str) -> list[run.Outcome]:
    """Run pages with these texts."""
    monkeypatch.setattr(scenes, "HostsScene", Here)
    monkeypatch.setattr(scenes, "MachineScene", Nowhere)
    found = []
    for number, text in enumerate(texts):
        page = Path(f"page{number}.rst")
        listed = commands(page, text)
        found += [
            run.Part(page, scene, [one for one in listed if one.scene == scene])
            for scene in sorted({one.scene for one in listed})
        ]
    return run.Reader(tmp_path).run(found)


def shell(*lines: str) -> str:
    return ".. code-block:: shell\n\n" + "".join(f"   {line}\n" for line in lines)


def test_a_failing_command_ends_its_page_and_tells_where_it_stands(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = outcomes(monkeypatch, tmp_path, shell("echo one", "seq 100; false", "echo never"), shell("true"))
    assert (first.ran, second.ran, second.fault) == (1, 1, "")
    lines = first.fault.splitlines()
    assert lines[:2] == ["page0.rst:4: exit code 1, not 0", "  $ seq 100; false"]
    assert lines[2:] == [f"    {number}" for number in range(61, 101)]
    printed = capsys.readouterr().out
    assert "page0.rst:3 $ echo one\none\n" in printed
    assert "never" not in printed
    run.tell([first, second])
    assert capsys.readouterr().out.splitlines()[-1] == "2 commands of 2 pages, 1 failed, 0 skipped"


def test_the_codes_that_a_page_allows_are_the_only_ones(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text = ".. exit: 4\n\n" + shell("(exit 4)", "true")
    assert outcomes(monkeypatch, tmp_path, text)[0].fault.startswith("page0.rst:6: exit code 0, not 4")


def test_what_a_page_leaves_fails_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    outcome = outcomes(monkeypatch, tmp_path, shell("touch left"))[0]
    assert (outcome.ran, outcome.fault) == (1, "page0.rst: left behind: left")


def test_a_scene_that_cannot_be_made_skips_its_part(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = outcomes(monkeypatch, tmp_path, shell("true") + "\n.. scene: machine\n\n" + shell("false"))
    assert [(one.part.scene, one.ran, one.skipped) for one in found] == [
        ("hosts", 1, ""),
        ("machine", 0, "there is no moon"),
    ]
    run.tell(found)
    assert "skipped page0.rst [machine]: there is no moon\n" in capsys.readouterr().out


@pytest.mark.parametrize(("status", "code"), [("pass", 0), ("fail", 2)])
def test_an_audit_may_end_with_a_failing_host(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, status: str, code: int
) -> None:
    text = ".. code-block:: shell\n\n   cat >audit.sh <<'EOF'\n" + AUDIT.replace("\n", "\n   ").join(
        ["   ", "\n   EOF\n"]
    )
    text += f"   . ./audit.sh\n   audit {status} && (exit {code})   # rxpath.linux.audit\n"
    assert outcomes(monkeypatch, tmp_path, text)[0].fault == ""


@pytest.mark.parametrize(
    ("command", "fault"),
    [
        ("true   # rxpath.linux.audit", "the audit wrote no report.json"),
        ("(exit 4)   # rxpath.linux.audit", "exit code 4, not 0 or 2"),
        ("(exit 2)   # rxpath.linux.tune", "exit code 2, not 0"),
    ],
)
def test_an_audit_without_a_report_fails(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str, fault: str
) -> None:
    assert outcomes(monkeypatch, tmp_path, shell(command))[0].fault.startswith(f"page0.rst:3: {fault}")


def test_reports_of_an_earlier_audit_and_errors_do_not_do(tmp_path: Path) -> None:
    folder = tmp_path / "udp-audit"
    folder.mkdir()
    for name in ("report.html", "junit.xml", "metrics.prom"):
        (folder / name).write_text("x")
    report = folder / "report.json"
    report.write_text(json.dumps({"hosts": {"web1": {"status": "pass"}}}))
    run.look_at_reports(folder, report.stat().st_mtime)
    with pytest.raises(Exception, match="older"):
        run.look_at_reports(folder, report.stat().st_mtime + 60)
    report.write_text(json.dumps({"hosts": {"web1": {"status": "error"}}}))
    with pytest.raises(Exception, match="no verdict"):
        run.look_at_reports(folder, report.stat().st_mtime)


def test_a_path_that_was_not_measured_fails_its_page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Its exit code is that of a path that loses."""
    write = """echo '{"status": "'$1'", "verdicts": ["no such name"]}' >udp-audit/hops.json; exit 2"""
    begun = ["mkdir udp-audit", f"hops() {{ ({write}); }}"]
    texts = [
        shell(*begun) + "\n.. exit: 2\n\n" + shell(f"hops {status}  # rxpath.linux.hops")
        for status in ("fail", "error")
    ]
    lost, unmeasured = outcomes(monkeypatch, tmp_path, *texts)
    assert lost.fault == ""
    assert "the path was not measured: no such name" in unmeasured.fault


def test_what_other_steps_run_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "ROOT", tmp_path)
    (tmp_path / "page.md").write_text("```shell\nmake check  # a remark\nmake help\n```\n", encoding="utf-8")
    found = run.chosen([Path("page.md")], ["hosts"])
    assert found == [run.Part(Path("page.md"), "hosts", [Command(Path("page.md"), 3, "hosts", None, "make help")])]
    assert not run.chosen([Path("page.md")], ["machine"])
