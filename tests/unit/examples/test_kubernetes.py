# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The manifests below docs/examples: what Kubernetes' own schemas say of them, and what a schema cannot know."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import kubernetes_validate as validator
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
MANIFESTS = sorted((ROOT / "docs/examples/kubernetes").glob("*.yml"))
# Oldest and newest release that the validator holds and clusters of today run.
RELEASES = ("1.29", "1.37")
# In a network namespace of its own since before 5.15: net/ipv4/ip_fragment.c, net/ipv4/sysctl_net_ipv4.c.
PER_NAMESPACE = {
    "net.ipv4.ipfrag_high_thresh",
    "net.ipv4.ipfrag_low_thresh",
    "net.ipv4.ipfrag_time",
    "net.ipv4.udp_rmem_min",
    "net.ipv4.udp_early_demux",
}


def documents(path: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


def pod_specs(path: Path) -> list[dict[str, Any]]:
    found = []
    for document in documents(path):
        if document["kind"] == "Pod":
            found.append(document["spec"])
        elif "template" in document.get("spec", {}):
            found.append(document["spec"]["template"]["spec"])
    return found


def faults(spec: dict[str, Any], config_maps: dict[str, dict[str, str]]) -> list[str]:
    """Return what a cluster would take and what would then not work."""
    found = []
    context = spec.get("securityContext", {})
    names = {row["name"] for row in context.get("sysctls", [])}
    if spec.get("hostNetwork") and any(name.startswith("net.") for name in names):
        found.append("the kubelet refuses net.* with hostNetwork")
    found += [f"{name} is not a pod's own" for name in sorted(names - PER_NAMESPACE)]
    volumes = {volume["name"]: volume for volume in spec.get("volumes", [])}
    for container in [*spec.get("initContainers", []), *spec["containers"]]:
        mounts = {mount["mountPath"]: mount["name"] for mount in container.get("volumeMounts", [])}
        found += [f"no volume {name}" for name in mounts.values() if name not in volumes]
        text = " ".join(container.get("args", []))
        for path, name in mounts.items():
            stored = config_maps.get(volumes.get(name, {}).get("configMap", {}).get("name", ""), {})
            wanted = {word.split("=")[-1] for word in text.split() if f"{path}/" in word}
            found += [f"no {word} in the ConfigMap" for word in wanted if stored and Path(word).name not in stored]
        privileged = container.get("securityContext", {}).get("privileged")
        if "/host" in mounts and not (privileged and spec.get("hostPID") and spec.get("hostNetwork")):
            found.append("chroot into the node without the node's processes and network")
    return found


def maps(path: Path) -> dict[str, dict[str, str]]:
    return {one["metadata"]["name"]: one["data"] for one in documents(path) if one["kind"] == "ConfigMap"}


def test_there_are_manifests() -> None:
    assert len(MANIFESTS) >= 3


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_manifest_is_valid(path: Path, release: str) -> None:
    for document in documents(path):
        validator.validate(document, release, strict=True)


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_a_misspelt_member_is_refused(path: Path) -> None:
    document = copy.deepcopy(documents(path)[-1])
    spec = document["spec"].get("template", document)["spec"]
    spec["hostPid"] = True
    with pytest.raises(validator.ValidationError):
        validator.validate(document, RELEASES[-1], strict=True)


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_what_a_pod_asks_for_works(path: Path) -> None:
    for spec in pod_specs(path):
        assert not faults(spec, maps(path))


def test_faults_are_found() -> None:
    folder = ROOT / "docs/examples/kubernetes"
    spec = pod_specs(folder / "pod.yml")[0]
    spec["securityContext"]["sysctls"][0]["name"] = "net.core.rmem_max"
    assert faults(spec, {}) == ["net.core.rmem_max is not a pod's own"]
    spec = pod_specs(folder / "tune.yml")[0]
    spec["hostPID"] = False
    assert faults(spec, maps(folder / "tune.yml")) == ["chroot into the node without the node's processes and network"]
    spec = pod_specs(folder / "audit.yml")[0]
    assert faults(spec, {"udp-audit": {"node-python": ""}}) == ["no /opt/rxpath/loop in the ConfigMap"]


@pytest.mark.parametrize("name", ["audit.yml", "tune.yml"])
def test_pods_of_a_namespace_may_be_privileged(name: str) -> None:
    found = documents(ROOT / "docs/examples/kubernetes" / name)
    namespace = next(one["metadata"] for one in found if one["kind"] == "Namespace")
    assert namespace["labels"]["pod-security.kubernetes.io/enforce"] == "privileged"
    others = [one["metadata"].get("namespace") for one in found if one["kind"] != "Namespace"]
    assert others == [namespace["name"]] * len(others)
