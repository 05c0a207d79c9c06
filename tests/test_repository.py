"""The repository's own rules: what may stand where, what may import what, and that documents and code agree."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import tomllib
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from ansatz import distribution

ROOT = Path(__file__).parents[1]
ROOTS = ("proto", "client", "discovery", "service")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
THIN = {"grpcio", "grpcio-status", "protobuf", "googleapis-common-protos"}


def modules(root: str) -> list[Path]:
    return sorted((ROOT / root).rglob("*.py"))


def imported(file: Path) -> Iterator[str]:
    """Every module that the file names in an import, and every name taken from it, wherever the import stands."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative imports hide which package is meant"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def within(name: str, package: str) -> bool:
    return f"{name}.".startswith(f"{package}.")


@pytest.mark.parametrize("root", ROOTS)
def test_the_namespace_has_no_init_file(root: str) -> None:
    assert (ROOT / root / "ansatz").is_dir()
    for folder in (ROOT / root, ROOT / root / "ansatz"):
        assert not (folder / "__init__.py").exists(), f"{folder} is part of a namespace over four roots"


@pytest.mark.parametrize(
    ("root", "forbidden"),
    [
        ("discovery", ("ansatz.client", "ansatz.service", "ansatz.v1", "grpc", "google", "sqlalchemy")),
        ("client", ("ansatz.discovery", "ansatz.service")),
        ("proto", ("ansatz.client", "ansatz.discovery", "ansatz.service")),
        ("service", ("ansatz.client",)),
    ],
)
def test_dependencies_run_one_way(root: str, forbidden: tuple[str, ...]) -> None:
    broken = [
        f"{file.relative_to(ROOT)} imports {name}"
        for file in modules(root)
        for name in imported(file)
        if any(within(name, package) for package in forbidden)
    ]
    assert not broken


def arrows(root: str) -> dict[str, set[str]]:
    """For each module and package directly below a root, those of its neighbours that it imports."""
    folder, top = ROOT / root / "ansatz" / root, f"ansatz.{root}."
    found: dict[str, set[str]] = {}
    for file in folder.rglob("*.py"):
        own = file.relative_to(folder).parts[0].removesuffix(".py")
        used = {name.removeprefix(top).split(".")[0] for name in imported(file) if name.startswith(top)}
        if own != "__init__":
            found.setdefault(own, set()).update(used - {own})
    return found


@pytest.mark.parametrize("root", ["client", "discovery", "service"])
def test_packages_import_each_other_in_no_circle(root: str) -> None:
    graph = arrows(root)
    assert len(graph) > 5
    TopologicalSorter(graph).prepare()  # raises CycleError, with the circle


def test_imports_of_the_library_run_down_its_layers() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    block = text.split("a test holds them to it:\n\n    discover ")[1].split("\n\n")[0]
    layers = [re.split(r"\s{2,}", line.strip())[0].split(", ") for line in f"discover {block}".splitlines()]
    depth = {package: i for i, layer in enumerate(layers) for package in layer}
    graph = arrows("discovery")
    assert sorted(name for layer in layers for name in layer) == sorted(graph)
    assert not [f"{name} imports {used}" for name in graph for used in graph[name] if depth[used] < depth[name]]


def test_the_base_install_is_the_thin_client() -> None:
    names = {re.split(r"[<>=!~\[; ]", requirement)[0] for requirement in PROJECT["dependencies"]}
    assert names == THIN


def test_all_texts_call_the_distribution_by_its_name() -> None:
    assert PROJECT["name"] == distribution.NAME
    others = re.compile(r"""pip\s+install\b[^\n]*?['"\s]ansatz(?=['"\s\[]|$)|\bansatz\[[a-z]""", re.MULTILINE)
    extras = re.compile(re.escape(distribution.NAME) + r"\[([a-z,]+)\]")
    known = set(PROJECT["optional-dependencies"])
    found = []
    for file in tracked_files():
        if file == Path(__file__) or file.suffix in (".png", ".parquet", ".db"):
            continue
        text = file.read_text(encoding="utf-8")
        found += [f"{file.relative_to(ROOT)}: {match.group()}" for match in others.finditer(text)]
        named = {extra for match in extras.finditer(text) for extra in match.group(1).split(",")}
        found += [f"{file.relative_to(ROOT)}: there is no extra {extra}" for extra in named - known]
    assert not found


def test_every_declared_method_is_served() -> None:
    from ansatz.service.calls.servicer import Servicer
    from ansatz.v1 import discovery_service_pb2

    declared = discovery_service_pb2.DESCRIPTOR.services_by_name["DiscoveryService"].methods_by_name
    missing = [name for name in declared if name not in vars(Servicer)]
    assert declared
    assert not missing
    methods = [getattr(Servicer, name) for name in declared]
    assert all(inspect.iscoroutinefunction(m) or inspect.isasyncgenfunction(m) for m in methods)


def codes_given_to(calls: set[str], *roots: str) -> set[str]:
    """Codes, as CODE_OF_WORDS, that stand as an argument of a call of one of these names."""
    found: set[str] = set()
    for file in (f for root in roots for f in modules(root)):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in calls:
                values = [*node.args, *(keyword.value for keyword in node.keywords)]
                texts = (v.value for v in values if isinstance(v, ast.Constant) and isinstance(v.value, str))
                found.update(text for text in texts if re.fullmatch(r"[A-Z]+(_[A-Z]+)*", text))
    return found


@pytest.mark.parametrize(
    ("section", "calls", "roots"),
    [
        ("Warnings", {"Warning", "add"}, ("discovery", "service")),
        ("Why a job failed", {"JobError", "_fail", "_failed"}, ("service",)),
        (
            "Why a request was refused",
            {"ServiceError", "already_exists", "exhausted", "_unauthenticated"},
            ("service",),
        ),
    ],
)
def test_every_code_is_documented_and_no_other(section: str, calls: set[str], roots: tuple[str, ...]) -> None:
    document = (ROOT / "docs" / "warnings.md").read_text(encoding="utf-8")
    text = document.split(f"## {section}")[1].split("\n## ")[0]
    documented = re.findall(r"^\| `([A-Z_]+)`", text, re.MULTILINE)
    assert set(documented) == codes_given_to(calls, *roots)
    assert len(documented) == len(set(documented))


def tracked_files() -> list[Path]:
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


def test_no_file_needs_what_lies_outside_the_repository() -> None:
    # Folders of somebody's machine; system paths such as /proc are another matter.
    outside = re.compile(r"(?<![\w.:/~$}\])-])/(?:work|home|root|Users|mnt|opt)/[\w.-]|\.\./shared")
    found = []
    for file in tracked_files():
        if file == Path(__file__) or file.suffix in (".png", ".parquet", ".db"):
            continue
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
            if outside.search(line):
                found.append(f"{file.relative_to(ROOT)}:{number}: {line.strip()}")
    assert not found


def test_links_between_documents_lead_somewhere() -> None:
    broken = []
    for file in tracked_files():
        if file.suffix == ".md":
            for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", file.read_text(encoding="utf-8")):
                if "://" not in target and not (file.parent / target).exists():
                    broken.append(f"{file.relative_to(ROOT)}: {target}")
    assert not broken
