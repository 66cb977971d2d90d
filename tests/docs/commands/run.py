# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the commands that pages show, each page in a shell and a folder of its own; all pages, or those that are named.

A command that ends otherwise than its page allows fails its page: the rest of it is not run. Of an audit the reports
are looked at as well. What a page needs and this machine does not have (root, virtual machines) skips it, and is told.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import re
import signal
import subprocess
import sys
import tempfile
import time
import types
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, NamedTuple, Optional

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / ".venv/tree"), str(ROOT / "tests")]

from ansible_collections.rxpath.linux.tests.docs.commands import pages, scenes  # noqa: E402
from ansible_collections.rxpath.linux.tests.docs.commands.extract import SCENES, Command, PageError  # noqa: E402
from ansible_collections.rxpath.linux.tests.docs.commands.session import Session, TimeLimitError  # noqa: E402
from steps.artefact import check_reports  # noqa: E402
from steps.runner import StepError  # noqa: E402

_TAIL = 40
_AUDIT = re.compile(r"\brxpath\.linux\.audit\b|\baudit\.yml\b|^make audit\b")
# An audit that only tells what it would do, is asked for other reports than usual, or is written into a file.
_NO_REPORTS = re.compile(r"--list-|--syntax-check|--help|udp_audit_report_|^ansible-doc\b|^cat >")
_AUDIT_CODES = (0, 2)
_HOPS = re.compile(r"\brxpath\.linux\.hops\b")


class Failure(Exception):
    """A command did not do what its page says; the text tells all about it."""


class Part(NamedTuple):
    """The commands of one page in one scene."""

    page: Path
    scene: str
    commands: list[Command]

    def __str__(self) -> str:
        return f"{self.page} [{self.scene}]"


class Outcome(NamedTuple):
    """What became of a part: how many commands ran, in how many seconds, and what is wrong (empty: nothing)."""

    part: Part
    ran: int
    seconds: float
    fault: str = ""
    skipped: str = ""


class Reader:
    """Runs parts as a reader would."""

    def __init__(self, scratch: Path) -> None:
        """Take a folder for the scenes."""
        self._scratch = scratch
        self._sessions: set[Session] = set()
        self._stopped = False
        self._numbers = itertools.count(1)

    def stop(self) -> None:
        """End all that runs; nothing more is started."""
        self._stopped = True
        for session in list(self._sessions):
            session.end()

    def run(self, parts: Sequence[Part]) -> list[Outcome]:
        """Run parts, those of one scene after those of another, and return what became of each."""
        found: list[Outcome] = []
        with contextlib.ExitStack() as stack:
            opened: dict[str, scenes.Scene] = {}
            for name in SCENES:
                mine = [part for part in parts if part.scene == name]
                if not mine or self._stopped:
                    continue
                try:
                    scene = self._open(name, opened, stack)
                except scenes.UnavailableError as error:
                    found += [Outcome(part, 0, 0.0, skipped=str(error)) for part in mine]
                    continue
                with ThreadPoolExecutor(max_workers=scene.jobs) as pool:
                    found += pool.map(self._one(scene), mine)
        return found

    def _open(self, name: str, opened: dict[str, scenes.Scene], stack: contextlib.ExitStack) -> scenes.Scene:
        """Return a scene, opened if it is not yet."""
        if name in opened:
            return opened[name]
        folder = self._scratch / name
        folder.mkdir()
        if name == "clone":
            hosts = self._open("hosts", opened, stack)
            assert isinstance(hosts, scenes.HostsScene)
            scene: scenes.Scene = scenes.CloneScene(folder, hosts)
        else:
            kinds: dict[str, Callable[[Path], scenes.Scene]] = {
                "hosts": scenes.HostsScene,
                "machine": scenes.MachineScene,
                "tree": scenes.TreeScene,
            }
            scene = kinds[name](folder)
        stack.enter_context(scene.stack)
        scene.open()
        opened[name] = scene
        return scene

    def _one(self, scene: scenes.Scene) -> Callable[[Part], Outcome]:
        def run(part: Part) -> Outcome:
            began, ran, fault = time.monotonic(), 0, ""
            with tempfile.TemporaryFile(dir=self._scratch) as log:
                try:
                    with Session(*scene.enter(next(self._numbers)), log) as session:
                        self._sessions.add(session)
                        for command in part.commands:
                            if self._stopped:
                                raise Failure(f"{part}: interrupted")
                            _do(session, command, scene.seconds, log)
                            ran += 1
                        self._sessions.discard(session)
                    scene.leave()
                except Failure as failure:
                    fault = str(failure)
                except (scenes.SceneError, OSError, subprocess.SubprocessError) as error:
                    fault = f"{part.page}: {error}"
                log.seek(0)
                output = log.read().decode(errors="replace")
            seconds = time.monotonic() - began
            print(f"== {part}: {seconds:.0f} s\n{output}", end="", flush=True)
            return Outcome(part, ran, seconds, fault)

        return run


def _do(session: Session, command: Command, seconds: float, log: BinaryIO) -> None:
    """Run one command; Failure where it does not do what its page says."""
    log.seek(0, 2)
    log.write(f"{command.page}:{command.line} $ {command.text}\n".encode())
    log.flush()
    begin, began = log.tell(), time.time()
    is_audit = bool(_AUDIT.search(command.text))
    codes = command.codes or (_AUDIT_CODES if is_audit else (0,))
    try:
        code = session.run(command.text, seconds)
        if code in codes:
            if is_audit and command.codes is None and not _NO_REPORTS.search(command.text):
                look_at_reports(session.folder / "udp-audit", began)
            if _HOPS.search(command.text):
                look_at_hops(session.folder / "udp-audit/hops.json", began)
            return
        reason = f"exit code {code}, not {' or '.join(map(str, codes))}"
    except (TimeLimitError, StepError, OSError) as error:
        reason = str(error)
    log.seek(begin)
    tail = log.read().decode(errors="replace").splitlines()[-_TAIL:]
    shown = "\n".join(f"    {line}" for line in tail)
    raise Failure(f"{command.page}:{command.line}: {reason}\n  $ {command.text}\n{shown}")


def look_at_reports(folder: Path, began: float) -> None:
    check_reports(folder)
    if (folder / "report.json").stat().st_mtime < began - 1.0:
        raise StepError("the audit wrote no report: those that are there are older")


def look_at_hops(file: Path, began: float) -> None:
    """Fail unless the hosts of a path were measured: what was lost, and what was not measured, both end with 2."""
    report = json.loads(file.read_text(encoding="utf-8"))
    if file.stat().st_mtime < began - 1.0:
        raise StepError("hops wrote no report: the one that is there is older")
    if report["status"] == "error":
        raise StepError(f"the path was not measured: {'; '.join(report['verdicts'])}")


def chosen(names: Sequence[Path], wanted: Sequence[str]) -> list[Part]:
    """Return what there is to run: on pages and in scenes, without what other steps run."""
    found: dict[tuple[Path, str], list[Command]] = {}
    for page in names or pages.pages():
        for command in pages.read(page):
            if command.scene in wanted and pages.elsewhere(command) is None:
                found.setdefault((page, command.scene), []).append(command)
    return [Part(page, scene, commands) for (page, scene), commands in found.items()]


def tell(outcomes: Sequence[Outcome]) -> None:
    """Print the seconds of each page, what failed, and the count of all."""
    print()
    for one in sorted(outcomes, key=lambda one: -one.seconds):
        print(f"{one.seconds:6.1f} s  {one.ran:2} of {len(one.part.commands):2} commands  {one.part}")
    for one in outcomes:
        if one.skipped:
            print(f"skipped {one.part}: {one.skipped}")
        if one.fault:
            print(f"\nFAILED {one.fault}")
    failed = sum(bool(one.fault) for one in outcomes)
    skipped = sum(bool(one.skipped) for one in outcomes)
    pages_ = len({one.part.page for one in outcomes if one.ran})
    print(f"\n{sum(one.ran for one in outcomes)} commands of {pages_} pages, {failed} failed, {skipped} skipped")


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run what the command line asks for; 2 where nothing could be run here at all."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--scene", action="append", choices=SCENES, help="only what runs there; may be repeated")
    parser.add_argument("--list", action="store_true", help="print the commands and stop")
    parser.add_argument("pages", nargs="*", type=Path, metavar="PAGE", help="default: all")
    options = parser.parse_args(arguments)
    try:
        parts = chosen([path.resolve().relative_to(ROOT) for path in options.pages], options.scene or SCENES)
    except PageError as error:
        print(error)
        return 1
    if options.list:
        for command in itertools.chain.from_iterable(part.commands for part in parts):
            print(f"{command.page}:{command.line} [{command.scene}] {command.text}")
        return 0
    if not parts:
        print("no page has a command to run")
        return 1
    with tempfile.TemporaryDirectory(prefix="rxd-") as scratch:
        reader = Reader(Path(scratch))

        def interrupted(number: int, _frame: Optional[types.FrameType]) -> None:
            reader.stop()
            sys.exit(128 + number)

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, interrupted)
        outcomes = reader.run(parts)
    tell(outcomes)
    if any(one.fault for one in outcomes):
        return 1
    return 0 if any(one.ran for one in outcomes) else 2


if __name__ == "__main__":
    sys.exit(main())
