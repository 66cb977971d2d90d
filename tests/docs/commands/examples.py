# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What pages and plugins show to be pasted into playbooks, and whether the modules and roles accept it.

A template stands for a value that nobody knows before a run, so it is taken for one that the option accepts.
"""

from __future__ import annotations

import functools
import importlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Optional
from unittest import mock

import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.errors import UnsupportedError

from .extract import Block, parts
from .pages import ROOT, pages

COLLECTION = "ansible_collections.rxpath.linux.plugins.modules"
ROLES = ("udp_audit", "udp_hops", "udp_tuning", "udp_rollback")
# Variables of the playbooks, which no role takes: a play reads them before its roles.
_OF_PLAYBOOKS = {"udp_audit_wave": {"type": "raw"}, "udp_hops_address": {"type": "str"}}
_NESTED = ("tasks", "pre_tasks", "post_tasks", "handlers", "block", "rescue", "always")
_CONSTRAINTS = ("mutually_exclusive", "required_together", "required_one_of", "required_if", "required_by")
_SAMPLES: dict[str, Any] = {"int": 1, "float": 1.0, "bool": True, "list": [], "dict": {}}
_EXAMPLES = re.compile(r'^EXAMPLES = r?"""\n(.*?)^"""', re.MULTILINE | re.DOTALL)
_SCRIPT = ("ansible.builtin.command", "ansible.builtin.shell", "ansible.builtin.script", "ansible.builtin.raw")


class Example(NamedTuple):
    """A document of YAML and where it stands."""

    where: str
    content: Any


class Spec(NamedTuple):
    """What a module or a role accepts: the options by name, and what holds between them."""

    options: Mapping[str, Any]
    constraints: Mapping[str, Any]


class _AskedError(Exception):
    """The module has told its arguments."""


def of_plugins() -> Iterator[Example]:
    """Yield the EXAMPLES of every module, action, lookup and filter."""
    for kind in ("modules", "lookup", "filter"):
        for path in sorted((ROOT / "plugins" / kind).glob("[a-z]*.py")):
            found = _EXAMPLES.search(path.read_text(encoding="utf-8"))
            if found is None:
                raise AssertionError(f"{path.relative_to(ROOT)} has no EXAMPLES")
            yield from _documents(str(path.relative_to(ROOT)), found[1])


def of_pages() -> Iterator[Example]:
    """Yield every block of YAML that a page shows."""
    for page in pages():
        for block in parts(page, (ROOT / page).read_text(encoding="utf-8")):
            if isinstance(block, Block) and block.language in ("yaml", "yaml+jinja", "yml"):
                yield from _documents(f"{page}:{block.line}", "\n".join(block.lines))


def of_files() -> Iterator[Example]:
    """Yield every example that is a file of YAML."""
    for path in sorted((ROOT / "docs/examples").rglob("*.y*ml")):
        yield from _documents(str(path.relative_to(ROOT)), path.read_text(encoding="utf-8"))


def _documents(where: str, text: str) -> Iterator[Example]:
    for number, content in enumerate(yaml.load_all(text, Loader=_Loader)):  # a SafeLoader
        yield Example(where if number == 0 else f"{where} ({number + 1})", content)


class _Loader(yaml.SafeLoader):
    """Reads tags of other programs (GitLab's !reference) as what they stand on."""


_Loader.add_multi_constructor("!", lambda loader, _suffix, node: None)


def is_for_ansible(content: Any) -> bool:
    """Say whether a document is plays or tasks: a list of mappings, of which one has hosts or an action in full."""
    entries = content if isinstance(content, list) else []
    return all(isinstance(one, dict) for one in entries) and any(
        _is_play(one) or "block" in one or action(one) is not None for one in entries
    )


def _is_play(entry: Mapping[str, Any]) -> bool:
    return "hosts" in entry or any(str(key).endswith("import_playbook") for key in entry)


def action(task: Mapping[str, Any]) -> Optional[str]:
    """Return the key of a task that names its module: the one with two dots."""
    return next((key for key in task if isinstance(key, str) and re.fullmatch(r"\w+\.\w+\.\w+", key)), None)


def tasks(content: Any) -> Iterator[Mapping[str, Any]]:
    """Yield every task of a document, those in plays and blocks too."""
    for entry in content if isinstance(content, list) else []:
        nested = [key for key in _NESTED if key in entry]
        for key in nested:
            yield from tasks(entry[key])
        if not nested and not _is_play(entry):
            yield entry


def faults(example: Example) -> Iterator[str]:
    """Yield what modules and roles do not accept of an example."""
    if is_for_ansible(example.content):
        for task in tasks(example.content):
            yield from (f"{example.where}: {fault}" for fault in _of_task(task))
    for role, given in _variables(example.content):
        yield from (f"{example.where}: {role}: {fault}" for fault in refused(role_spec(role), given))


def _of_task(task: Mapping[str, Any]) -> Iterator[str]:
    name = action(task)
    if name is None:
        yield f"no action in full: {', '.join(map(str, task))}"
        return
    given = task[name]
    if isinstance(given, str) and name in _SCRIPT:
        return
    if given is not None and not isinstance(given, dict):
        yield f"{name}: its arguments are no mapping"
        return
    spec = module_spec(name)
    if spec is None:
        yield f"{name}: there is no such module here"
        return
    yield from (f"{name}: {fault}" for fault in refused(spec, given or {}))


def _variables(content: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the variables of our roles in every mapping of a document, each with its role."""
    if isinstance(content, dict):
        for role in ROLES:
            given = {key: value for key, value in content.items() if str(key).startswith(f"{role}_")}
            if given:
                yield role, given
    children = content.values() if isinstance(content, dict) else content if isinstance(content, list) else ()
    for child in children:
        yield from _variables(child)


def refused(spec: Spec, given: Mapping[str, Any]) -> list[str]:
    """Return what Ansible says of arguments that it does not accept."""
    filled = {key: _filled(value, spec.options.get(key, {})) for key, value in given.items()}
    validator = ArgumentSpecValidator(dict(spec.options), **spec.constraints)
    found = validator.validate(filled).errors.errors
    return [f"unsupported: {error.msg}" if isinstance(error, UnsupportedError) else error.msg for error in found]


def _filled(value: Any, option: Mapping[str, Any]) -> Any:
    """Return a value with what the option accepts in place of each template."""
    if isinstance(value, str) and "{{" in value:
        return option["choices"][0] if option.get("choices") else _SAMPLES.get(str(option.get("type")), "sample")
    inner = option.get("options") or {}
    if isinstance(value, dict):
        return {key: _filled(one, inner.get(key, {})) for key, one in value.items()}
    if isinstance(value, list):
        element = {"type": option.get("elements"), "choices": option.get("choices"), "options": inner}
        return [_filled(one, element) for one in value]
    return value


@functools.cache
def role_spec(role: str) -> Spec:
    """Return the variables of a role, with those of its playbook."""
    path = ROOT / "roles" / role / "meta/argument_specs.yml"
    entries = yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"]
    options = {key: value for entry in entries.values() for key, value in entry.get("options", {}).items()}
    return Spec({**_options(options), **_OF_PLAYBOOKS}, {})


@functools.cache
def module_spec(name: str) -> Optional[Spec]:
    """Return what a module of this collection or of ansible-core accepts; None for any other."""
    collection, _, bare = name.rpartition(".")
    packages = {"rxpath.linux": COLLECTION, "ansible.builtin": "ansible.modules"}
    if collection not in packages:
        return None
    try:
        module = importlib.import_module(f"{packages[collection]}.{bare}")
    except ModuleNotFoundError:
        return None
    if collection == "rxpath.linux" and hasattr(module, "main"):
        return _told(module)
    # What runs on the controller has no arguments of its own but those that are documented.
    return Spec(_options(yaml.safe_load(module.DOCUMENTATION).get("options") or {}), {})


def _told(module: Any) -> Spec:
    """Have a module make its AnsibleModule, and return what it asked for."""
    with mock.patch.object(module, "AnsibleModule", side_effect=_AskedError) as asked:
        try:
            module.main()
        except _AskedError:
            pass
        else:
            raise AssertionError(f"{module.__name__} makes no AnsibleModule")
    told = asked.call_args.kwargs
    return Spec(told["argument_spec"], {key: told[key] for key in _CONSTRAINTS if key in told})


def _options(documented: Mapping[str, Any]) -> dict[str, Any]:
    """Return documented options as an argument spec."""
    kept = ("type", "elements", "choices", "required", "aliases")
    found: dict[str, Any] = {}
    for name, option in documented.items():
        found[name] = {key: option[key] for key in kept if option.get(key) is not None}
        inner = option.get("options") or option.get("suboptions")
        if inner:
            found[name]["options"] = _options(inner)
    return found


def playbook(example: Example, place: Path) -> None:
    """Write plays as they are, and tasks as a play of them."""
    content = example.content
    if not any(_is_play(entry) for entry in content):
        content = [{"name": "Tasks", "hosts": "all", "gather_facts": False, "tasks": content}]
    place.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
