# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The commands of a page, in reStructuredText or Markdown.

A block of the language ``console`` holds commands as lines that begin with ``$ ``, and shows what they print between
them; one of the language ``shell`` holds commands alone. A backslash at its end continues a line, ``<<WORD`` begins a
here document. A comment before a block says where it and all after it run (``scene``), or with which exit codes the
commands of this one block may end (``exit``):

    .. scene: machine            <!-- scene: machine -->
    .. exit: 2                   <!-- exit: 2 -->
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Optional

SCENES = ("hosts", "machine", "clone", "tree")
PROMPT = "$ "
_REFUSED = {"bash", "sh", "zsh", "shell-session", "sh-session", "bash-session"}
_DIRECTIVE = re.compile(r"^(?P<indent>\s*)\.\. (?:code-block|code|sourcecode)::[ \t]*(?P<language>\S*)\s*$")
_FENCE = re.compile(r"^(?P<indent>\s*)(?P<fence>```+|~~~+)[ \t]*(?P<language>[^\s`]*).*$")
_OPTION = re.compile(r"^\s*:[a-z-]+:")
_INCLUDED = re.compile(r"^\s*:language:\s*(console|shell)\s*$")
_MARK = re.compile(r"^\s*(?:\.\.|<!--)[ \t]*(?P<key>scene|exit):[ \t]*(?P<value>.*?)[ \t]*(?:-->)?$")
_HERE = re.compile(r"<<-?[ \t]*(['\"]?)(\w+)\1")


class PageError(Exception):
    """What a page shows cannot be run as it stands; the text begins with the page and the line."""


class Command(NamedTuple):
    """A command: its page and line, the scene it runs in, the exit codes allowed (None: the usual), and its text."""

    page: Path
    line: int
    scene: str
    codes: Optional[tuple[int, ...]]
    text: str


class Block(NamedTuple):
    """A block of code: the line of its first line, its language, and its lines without their indentation."""

    line: int
    language: str
    lines: list[str]


class Mark(NamedTuple):
    """A comment that is meant for this program."""

    line: int
    key: str
    value: str


def parts(page: Path, text: str) -> Iterator[Block | Mark]:
    """Yield the blocks of code of a page and the comments for us, in their order."""
    lines = text.splitlines()
    read = _fenced if page.suffix == ".md" else _indented
    number = 0
    while number < len(lines):
        mark = _MARK.match(lines[number])
        if mark is not None:
            yield Mark(number + 1, mark["key"], mark["value"])
        block, following = read(lines, number)
        if block is not None:
            yield block
        number = following


def _indented(lines: list[str], number: int) -> tuple[Optional[Block], int]:
    """Read a code-block directive: all that follows it and is further in."""
    found = _DIRECTIVE.match(lines[number])
    if found is None:
        return None, number + 1
    outer, end = len(found["indent"].expandtabs()), number + 1
    while end < len(lines) and (not lines[end].strip() or _depth(lines[end]) > outer):
        end += 1
    begin = number + 1
    while begin < end and _OPTION.match(lines[begin]):
        begin += 1
    return _block(lines, begin, end, found["language"]), end


def _fenced(lines: list[str], number: int) -> tuple[Optional[Block], int]:
    """Read a fenced block, up to the fence that closes it."""
    found = _FENCE.match(lines[number])
    if found is None:
        return None, number + 1
    end = number + 1
    while end < len(lines) and not re.match(rf"^\s*{re.escape(found['fence'])}\s*$", lines[end]):
        end += 1
    return _block(lines, number + 1, end, found["language"]), end + 1


def _block(lines: list[str], begin: int, end: int, language: str) -> Block:
    while begin < end and not lines[begin].strip():
        begin += 1
    body = lines[begin:end]
    margin = min((_depth(line) for line in body if line.strip()), default=0)
    return Block(begin + 1, language, [line.expandtabs()[margin:].rstrip() for line in body])


def _depth(line: str) -> int:
    expanded = line.expandtabs()
    return len(expanded) - len(expanded.lstrip())


def commands(page: Path, text: str) -> list[Command]:
    """Return the commands of a page in their order; PageError where something in it can be no command of ours."""
    found: list[Command] = []
    scene, codes, pending = SCENES[0], None, 0
    for number, written in enumerate(text.splitlines(), 1):
        if _INCLUDED.match(written):
            raise PageError(f"{page}:{number}: commands of an included file are not run: show them on the page itself")
    for part in parts(page, text):
        if isinstance(part, Mark):
            if part.key == "scene":
                scene = _scene(page, part)
            else:
                codes, pending = _codes(page, part), part.line
            continue
        for line, words in _of_block(page, part):
            found.append(Command(page, line, scene, codes, words))
            pending = 0
        if pending:
            raise PageError(f"{page}:{pending}: these exit codes stand before no command")
        codes = None
    if pending:
        raise PageError(f"{page}:{pending}: these exit codes stand before no command")
    return found


def _scene(page: Path, mark: Mark) -> str:
    if mark.value not in SCENES:
        raise PageError(f"{page}:{mark.line}: no scene {mark.value!r}; there are {', '.join(SCENES)}")
    return mark.value


def _codes(page: Path, mark: Mark) -> tuple[int, ...]:
    if not re.fullmatch(r"\d+(\s*,\s*\d+)*", mark.value):
        raise PageError(f"{page}:{mark.line}: exit codes are numbers with commas between, not {mark.value!r}")
    return tuple(int(code) for code in mark.value.split(","))


def _of_block(page: Path, block: Block) -> Iterator[tuple[int, str]]:
    """Yield the commands of a block with their lines."""
    if block.language in _REFUSED:
        raise PageError(
            f"{page}:{block.line}: the language {block.language} is not run: use shell for commands alone, "
            "console for commands after a prompt and what they print"
        )
    if block.language not in ("console", "shell"):
        for number, line in enumerate(block.lines, block.line):
            if line.startswith(PROMPT):
                raise PageError(f"{page}:{number}: a command in a block that is not run: its language must be console")
        return
    count = 0
    position = 0
    while position < len(block.lines):
        first = position
        typed = _without_prompt(block, first)
        position += 1
        if typed is None:
            continue
        line = typed
        while line.endswith("\\"):
            if position == len(block.lines):
                raise PageError(f"{page}:{block.line + first}: a backslash at the end of the block")
            line = f"{line}\n{_continued(block.lines[position])}"
            position += 1
        here = _HERE.search(line)
        if here is not None:
            end = next((at for at in range(position, len(block.lines)) if block.lines[at].strip() == here[2]), None)
            if end is None:
                raise PageError(f"{page}:{block.line + first}: the here document has no end {here[2]!r}")
            line = "\n".join([line, *block.lines[position : end + 1]])
            position = end + 1
        count += 1
        yield block.line + first, line
    if not count:
        raise PageError(f"{page}:{block.line}: a {block.language} block without a command")


def _without_prompt(block: Block, position: int) -> Optional[str]:
    line = block.lines[position]
    if block.language == "console":
        return line[len(PROMPT) :] if line.startswith(PROMPT) else None
    return line if line and not line.startswith("#") else None


def _continued(line: str) -> str:
    """Return a line after a backslash without the prompt that some shells show there."""
    return line[2:] if line.startswith("> ") else line
