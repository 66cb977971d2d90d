# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What of a page is a command: every one that a reader could copy, and nothing else."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from ansible_collections.rxpath.linux.tests.docs.commands.extract import Command, PageError, commands

RST, MARKDOWN = Path("page.rst"), Path("page.md")


def texts(page: Path, text: str) -> list[str]:
    return [command.text for command in commands(page, textwrap.dedent(text))]


def test_a_console_block_holds_commands_after_prompts_and_what_they_print() -> None:
    text = """\
        Text.

        .. code-block:: console

           $ make audit
           PASS web1: no loss
           $ ls \\
             -l   # a remark

        More text.
        """
    assert commands(RST, textwrap.dedent(text)) == [
        Command(RST, 5, "hosts", None, "make audit"),
        Command(RST, 7, "hosts", None, "ls \\\n  -l   # a remark"),
    ]


def test_a_shell_block_holds_commands_alone() -> None:
    assert texts(MARKDOWN, "```shell\n# a remark\nmake audit\n\nmake help\n```\n") == ["make audit", "make help"]


def test_a_block_may_have_options_and_stand_in_a_list() -> None:
    text = """\
        1. First:

           .. code-block:: console
              :caption: A caption
              :emphasize-lines: 1

              $ one

        2. Then:

           .. code-block:: shell

              two
        """
    assert texts(RST, text) == ["one", "two"]


def test_a_fence_may_be_indented_and_of_tildes() -> None:
    assert texts(MARKDOWN, "- x\n\n  ```console\n  $ one\n  ```\n\n~~~shell\ntwo\n~~~\n") == ["one", "two"]


def test_a_here_document_belongs_to_its_command() -> None:
    text = """\
        .. code-block:: shell

           cat >hosts.ini <<'EOF'
           [web]
           # a remark of the file

           web1
           EOF
           ls
        """
    assert texts(RST, text) == ["cat >hosts.ini <<'EOF'\n[web]\n# a remark of the file\n\nweb1\nEOF", "ls"]


def test_a_scene_lasts_until_the_next_and_exit_codes_for_one_block() -> None:
    text = """\
        .. code-block:: shell

           one

        .. scene: machine
        .. exit: 0, 2

        .. code-block:: console

           $ two
           $ three

        .. code-block:: shell

           four

        .. scene: clone

        .. code-block:: shell

           five
        """
    found = [(command.text, command.scene, command.codes) for command in commands(RST, textwrap.dedent(text))]
    assert found == [
        ("one", "hosts", None),
        ("two", "machine", (0, 2)),
        ("three", "machine", (0, 2)),
        ("four", "machine", None),
        ("five", "clone", None),
    ]


def test_markdown_has_the_same_comments() -> None:
    text = "<!-- scene: machine -->\n<!-- exit: 4 -->\n```shell\none\n```\n"
    assert commands(MARKDOWN, text) == [Command(MARKDOWN, 4, "machine", (4,), "one")]


def test_blocks_of_other_languages_hold_none() -> None:
    assert texts(RST, ".. code-block:: text\n\n   make audit\n\n.. code-block:: yaml\n\n   make: 1\n") == []


@pytest.mark.parametrize("language", ["bash", "sh", "shell-session", "sh-session", "bash-session", "zsh"])
@pytest.mark.parametrize("page", [RST, MARKDOWN])
def test_another_language_for_commands_is_refused(page: Path, language: str) -> None:
    text = f"```{language}\nls\n```\n" if page is MARKDOWN else f".. code-block:: {language}\n\n   ls\n"
    with pytest.raises(PageError, match=rf"^page\.\w+:\d: the language {language} is not run: use shell"):
        commands(page, text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (".. code-block:: text\n\n   $ ls\n", "page.rst:3: a command in a block that is not run"),
        (".. code-block::\n\n   $ ls\n", "page.rst:3: a command in a block that is not run"),
        (".. code-block:: console\n\n   ls\n", "page.rst:3: a console block without a command"),
        (".. code-block:: shell\n\n   # ls\n", "page.rst:3: a shell block without a command"),
        (".. code-block:: shell\n\n   ls \\\n", "page.rst:3: a backslash at the end"),
        (".. code-block:: shell\n\n   cat <<EOF\n   x\n", "page.rst:3: the here document has no end 'EOF'"),
        (".. literalinclude:: x.sh\n   :language: shell\n", "page.rst:2: commands of an included file are not run"),
        (".. scene: moon\n", "page.rst:1: no scene 'moon'; there are hosts, machine, clone, tree"),
        (".. exit: two\n", "page.rst:1: exit codes are numbers"),
        (".. exit: 2\n\nText.\n", "page.rst:1: these exit codes stand before no command"),
        (".. exit: 2\n\n.. code-block:: yaml\n\n   a: 1\n", "page.rst:1: these exit codes stand before no command"),
    ],
)
def test_what_cannot_be_run_is_an_error_with_its_line(text: str, message: str) -> None:
    with pytest.raises(PageError) as caught:
        commands(RST, text)
    assert str(caught.value).startswith(message)
