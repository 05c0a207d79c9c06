"""What is written about containers: that it parses, that files agree, and that nothing runs with more than it needs."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansatz.service.settings import Settings

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "examples" / "deploy"
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
KUBERNETES: dict[str, Any] = {
    manifest["kind"]: manifest
    for manifest in yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text(encoding="utf-8"))
}
POD: dict[str, Any] = KUBERNETES["Deployment"]["spec"]["template"]["spec"]


def settings_named() -> set[str]:
    """Every variable ANSATZ_… of the three files."""
    names = {e["name"] for c in POD["containers"] for e in c["env"]} | set(COMPOSE["services"]["ansatz"]["environment"])
    return {name for name in names | set(re.findall(r"\bANSATZ_[A-Z_]+", DOCKERFILE)) if name.startswith("ANSATZ_")}


def test_every_variable_is_a_setting() -> None:
    known = {f"ANSATZ_{name.upper()}" for name in Settings.model_fields} | {"ANSATZ_SECRETS_DIR"}
    assert settings_named() <= known


def test_stages_that_are_copied_from_are_there() -> None:
    stages = re.findall(r"^FROM \S+ AS (\S+)$", DOCKERFILE, re.MULTILINE)
    assert {"lean", "full"} <= set(stages)
    assert set(re.findall(r"--from=(\S+)", DOCKERFILE)) <= set(stages)
    assert re.search(r"^USER 10001:10001$", DOCKERFILE, re.MULTILINE)
    assert re.search(r'^ENTRYPOINT \["ansatz"\]$', DOCKERFILE, re.MULTILINE)


def test_what_the_image_copies_is_not_ignored() -> None:
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] == "!"}
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    assert {name for names in copied for name in names.split()} == kept
    assert all((ROOT / name).exists() for name in kept)


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_services_of_the_compose_file_are_locked_down(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert set(service["secrets"]) <= set(COMPOSE["secrets"])
    assert {volume.split(":")[0] for volume in service["volumes"]} <= set(COMPOSE["volumes"])


def test_the_pod_is_locked_down() -> None:
    assert POD["securityContext"]["runAsNonRoot"]
    assert POD["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    (container,) = POD["containers"]
    context = container["securityContext"]
    assert context["readOnlyRootFilesystem"]
    assert not context["allowPrivilegeEscalation"]
    assert context["capabilities"] == {"drop": ["ALL"]}
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in POD["volumes"]}
    assert all(container[f"{probe}Probe"]["grpc"]["port"] == 50051 for probe in ("startup", "readiness", "liveness"))


def test_manifests_are_about_the_same_pods() -> None:
    labels = KUBERNETES["Deployment"]["spec"]["template"]["metadata"]["labels"]
    for selector in (
        KUBERNETES["Service"]["spec"]["selector"],
        *(KUBERNETES[kind]["spec"]["selector"]["matchLabels"] for kind in ("Deployment", "PodDisruptionBudget")),
    ):
        assert selector.items() <= labels.items()
    drain = Settings.model_fields["drain_seconds"].default
    assert POD["terminationGracePeriodSeconds"] >= drain + 5


@pytest.mark.parametrize("script", ["image_test.sh", "image_check.sh"])
def test_scripts_parse(script: str) -> None:
    subprocess.run(["bash", "-n", str(ROOT / "scripts" / script)], check=True)
