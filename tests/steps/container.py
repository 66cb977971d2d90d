# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The execution environment as a container: it audits this machine as a pod audits its node, and names a container.

The image is that of docs/examples/execution-environment, the pods are those of docs/examples/kubernetes. Only the base
image is another: one made of Debian's packages, since no registry may be within reach. Nothing on the machine is
changed: the pod that tunes is run with --check.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from steps import builder
from steps.runner import ROOT, Shell, StepError, StepSkippedError

MANIFESTS = ROOT / "docs/examples/kubernetes"
READER = ROOT / "tests/steps/slow_reader.py"
BASE = "localhost/rxpath-base"
IMAGE = "localhost/rxpath-ee"
NODE = "node1"
# A reader in a namespace of its own loses nine of ten; half a minute is enough for one window of ten seconds.
_WAIT = 90.0
# Where a container may not have more than its starter, podman's own defaults are refused.
_LIMITS = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=4096:4096"]
_RELEASE, _PYTHON = "bookworm", "3.11"
_PACKAGES = "python3,python3-venv,ca-certificates"
_WHEELS = (
    "ansible-core>=2.19,<2.22",
    "ansible-runner",
    "jmespath",
    "bindep",
    "pyyaml",
    "packaging",
    "dumb-init==1.2.5",
)


def run_container(shell: Shell) -> None:
    """Build the image, lose datagrams in a container, and have the pods of the examples look at it."""
    if os.geteuid() != 0:
        raise StepSkippedError("needs root")
    lacking = [name for name in ("podman", "mmdebstrap") if shutil.which(name) is None]
    if lacking:
        raise StepSkippedError(f"there is no {' and no '.join(lacking)}")
    with tempfile.TemporaryDirectory(prefix="rxpath-container-") as folder:
        scratch = Path(folder)
        with _store() as podman:
            # It may have no file system for the layers of an image, as in a container.
            if shell.run([*podman, "info"], allowed=range(256)):
                raise StepSkippedError(f"podman keeps no images here: {shell.text().strip().splitlines()[-1]}")
            _base(shell, podman, scratch)
            engine = _engine(shell, podman)
            _image(shell, podman, scratch)
            with _losing(shell, engine, scratch) as container:
                _audit_once(shell, engine, scratch, container)
                _audit_pod(shell, engine, scratch)
            _tuning_pod(shell, engine, scratch)
    shell.counted = "image built; a pod found the loss of a container, another told what it would tune"


@contextlib.contextmanager
def _store() -> Iterator[list[object]]:
    """Yield podman with images and containers of this run alone.

    A store holds where its run root was, and podman refuses it with any other run root: so a store that outlives its
    run is of no use to another clone. Neither path may have more than 50 characters. podman mounts the folder of the
    layers upon itself, and leaves that to whoever removes it.
    """
    store, run = Path(tempfile.mkdtemp(prefix="rxpath-images-")), Path(tempfile.mkdtemp(prefix="rxpath-", dir="/run"))
    try:
        yield ["podman", "--root", store, "--runroot", run]
    finally:
        for folder in (store / "overlay", run):
            subprocess.run(["umount", "--quiet", "--recursive", folder], check=False, stderr=subprocess.DEVNULL)
            shutil.rmtree(folder.parent if folder.parent == store else folder)


def _base(shell: Shell, podman: list[object], scratch: Path) -> None:
    """Make the base image: a Debian with a virtual environment, into which ansible-builder may install."""
    root = scratch / "root.tar"
    shell.run(
        [
            *("mmdebstrap", "--quiet", "--variant=minbase", '--aptopt=APT::Install-Recommends "false"'),
            *(f"--include={_PACKAGES}", '--customize-hook=chroot "$1" python3 -m venv /opt/python'),
            *(_RELEASE, root, "http://deb.debian.org/debian"),
        ]
    )
    path = "ENV PATH=/opt/python/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    shell.run([*podman, "import", "--change", path, root, BASE])
    root.unlink()


def _engine(shell: Shell, podman: list[object]) -> list[object]:
    """Return podman with a runtime that starts a container here."""
    for runtime in ((), ("--runtime", "runc")):
        engine = [*podman, *runtime]
        if shell.run([*engine, "run", "--rm", *_LIMITS, "--network", "none", BASE, "true"], allowed=range(256)) == 0:
            return engine
    raise StepSkippedError(f"podman starts no container here: {shell.text().strip().splitlines()[-1]}")


def _image(shell: Shell, podman: list[object], scratch: Path) -> None:
    """Build the execution environment, without a network: what pip installs in it is fetched before."""
    wheels = scratch / "wheels"
    pip = [builder.BIN / "python", "-m", "pip", "download", "-qq", "--only-binary=:all:", "--python-version", _PYTHON]
    shell.run([*pip, "-c", ROOT / "requirements/constraints.txt", "-d", wheels, *_WHEELS])
    context = builder.make_context(shell, scratch)
    arguments = {"EE_BASE_IMAGE": BASE, "PYCMD": "/opt/python/bin/python3", "PKGMGR": "/usr/bin/true"}
    shell.run(
        [
            *(
                *podman,
                "build",
                "-q",
                "--isolation=chroot",
                "--network=host",
                "-f",
                context / "Containerfile",
                "-t",
                IMAGE,
            ),
            *("-v", f"{wheels}:/wheels:ro", "--env", "PIP_NO_INDEX=1", "--env", "PIP_FIND_LINKS=/wheels"),
            *(word for name, value in arguments.items() for word in ("--build-arg", f"{name}={value}")),
            context,
        ]
    )


@contextlib.contextmanager
def _losing(shell: Shell, engine: list[object], scratch: Path) -> Iterator[str]:
    """Run a reader that is too slow in a container of its own, and yield its id."""
    ids = scratch / "losing"
    own = ["--network", "none", "--cidfile", ids, "-v", f"{READER}:/reader.py:ro"]
    shell.run([*engine, "run", "-d", "--rm", *_LIMITS, *own, BASE, "python3", "/reader.py"])
    try:
        yield ids.read_text(encoding="utf-8").strip()
    finally:
        shell.run([*engine, "rm", "-f", "-t", "0", "--cidfile", ids])


def _as_pod(engine: list[object], scratch: Path, manifest: str, *, detached: bool) -> tuple[list[object], list[str]]:
    """Return the command that starts a manifest's first container as the kubelet would, and its arguments."""
    documents = list(yaml.safe_load_all((MANIFESTS / manifest).read_text(encoding="utf-8")))
    programs = scratch / f"programs-{manifest}"
    programs.mkdir(exist_ok=True)
    for name, text in next(one["data"] for one in documents if one["kind"] == "ConfigMap").items():
        (programs / name).write_text(text, encoding="utf-8")
        (programs / name).chmod(0o755)
    spec: dict[str, Any] = next(one for one in documents if one["kind"] == "DaemonSet")["spec"]["template"]["spec"]
    container = [*spec.get("initContainers", []), *spec["containers"]][0]
    places = {"node": "/:{}:rslave", "programs": f"{programs}:{{}}:ro", "reports": f"{scratch / 'reports'}:{{}}"}
    mounts = [places[mount["name"]].format(mount["mountPath"]) for mount in container["volumeMounts"]]
    values = {row["name"]: row.get("value", NODE) for row in container["env"]}
    (scratch / "reports").mkdir(exist_ok=True)
    words: list[object] = [*engine, "run", "-d" if detached else "--rm", *_LIMITS, "--privileged", "--user", "0"]
    for member, option in (("hostNetwork", "--network"), ("hostPID", "--pid")):
        words += [option, "host"] if spec[member] else []
    for mount in mounts:
        words += ["-v", mount]
    for name, value in values.items():
        words += ["-e", f"{name}={value}"]
    return words, [str(word).replace("$(NODE_NAME)", NODE) for word in container["args"]]


def _audit_once(shell: Shell, engine: list[object], scratch: Path, container: str) -> None:
    """Audit as the pod does, with a report that tells more, and look for the container in it."""
    words, _arguments = _as_pod(engine, scratch, "audit.yml", detached=False)
    shell.run(
        [
            *(*words, IMAGE, "ansible-playbook", "-i", f"{NODE},", "-c", "local", "rxpath.linux.audit"),
            *("-e", "ansible_python_interpreter=/opt/rxpath/node-python", "-e", "udp_audit_window=3"),
            *("-e", "udp_audit_report_dir=/reports", "-e", "udp_audit_report_formats=json"),
        ],
        allowed=(2,),
    )
    report = json.loads((scratch / "reports/report.json").read_text(encoding="utf-8"))
    found = [
        (finding["finding"], (finding.get("namespace") or {}).get("container"))
        for finding in report["hosts"][NODE]["findings"]
    ]
    if ("socket.receive_buffer_overflow", f"podman:{container[:12]}") not in found:
        raise StepError(f"the audit does not name the container {container[:12]}: {found}")


def _audit_pod(shell: Shell, engine: list[object], scratch: Path) -> None:
    """Let the pod go through its first round and end it as the kubelet does."""
    words, arguments = _as_pod(engine, scratch, "audit.yml", detached=True)
    ids, metrics = scratch / "auditing", scratch / "reports/metrics.prom"
    metrics.unlink(missing_ok=True)
    shell.run([*words, "--cidfile", ids, IMAGE, *arguments])
    try:
        end = time.monotonic() + _WAIT
        while not metrics.exists():
            if time.monotonic() > end:
                shell.run([*engine, "logs", ids.read_text(encoding="utf-8").strip()])
                raise StepError("the pod that audits left no metrics")
            time.sleep(1.0)
        lost = f'rxpath_udp_audit_loss{{host="{NODE}",finding="socket.receive_buffer_overflow"'
        if lost not in metrics.read_text(encoding="utf-8"):
            raise StepError("the metrics tell of no loss")
        began = time.monotonic()
        shell.run([*engine, "stop", "-t", "20", "--cidfile", ids])
        if time.monotonic() - began > 15.0:
            raise StepError("the pod that audits does not end when it is told to")
    finally:
        shell.run([*engine, "rm", "-f", "-t", "0", "--cidfile", ids])


def _tuning_pod(shell: Shell, engine: list[object], scratch: Path) -> None:
    """Run the pod that tunes with --check: it must see the node and its files, not the container's."""
    words, arguments = _as_pod(engine, scratch, "tune.yml", detached=False)
    before = len(shell.text())
    shell.run([*words, IMAGE, *arguments, "--check", "--diff", "-v"])
    told = shell.text()[before:]
    if "failed=0" not in told or "net.core.rmem_max" not in told:
        raise StepError("the pod that tunes tells nothing of net.core.rmem_max")
    if '"scope": "both"' not in told:
        raise StepError("the pod that tunes takes the node for an image that is being built")
