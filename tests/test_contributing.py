"""What CONTRIBUTING.md tells people to type and to touch is there, and what is checked before a commit."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from scripts.check_changed import ALWAYS, concerned
from tests.conftest import QUICK

ROOT = Path(__file__).parents[1]


def test_examples_that_select_tests_select_some() -> None:
    texts = "".join((ROOT / name).read_text(encoding="utf-8") for name in ("CONTRIBUTING.md", "README.md", "Makefile"))
    examples = re.findall(r"""make test ARGS=(?:"|')(\S+)(?: -k (\w+))?(?:"|')""", texts)
    assert len(examples) == texts.count("make test ARGS=") > 5
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--collect-only",
        "-q",
        "-m",
        "not slow",
        *(path for path, _ in examples),
    ]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    selected = {
        example: [test for test in listed if test.startswith(example[0]) and example[1] in test] for example in examples
    }
    assert not [example for example, tests in selected.items() if not tests]


def test_the_files_that_are_told_where_new_things_go_are_there() -> None:
    told = re.findall(r"`([\w./-]+/[\w./-]+)`", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    missing = [path for path in told if "NAME" not in path and not (ROOT / path).exists()]
    assert len(told) > 20
    assert not missing


def test_the_files_of_quick_tests_are_there() -> None:
    assert not [name for name in QUICK if not (ROOT / "tests" / name).exists()]


def test_hooks_before_a_commit_call_what_is_there() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"][0]["hooks"]
    commands = [hook["entry"].split() for hook in hooks]
    assert {command[0] for command in commands} == {".venv/bin/ruff", ".venv/bin/mypy", ".venv/bin/python"}
    assert all((ROOT / part).exists() for command in commands for part in command if part.startswith("scripts/"))


@pytest.mark.parametrize(
    ("changed", "tests"),
    [
        ("discovery/ansatz/discovery/budget.py", ["tests/discovery"]),
        ("client/ansatz/client/core.py", ["tests/client"]),
        ("proto/ansatz/v1/job.proto", ["tests/client", "tests/service"]),
        ("tests/client/test_units.py", ["tests/client/test_units.py"]),
        ("tests/client/conftest.py", ["tests/client"]),
        ("README.md", []),
    ],
)
def test_what_a_change_concerns_is_tested_before_its_commit(changed: str, tests: list[str]) -> None:
    assert concerned([changed]) == [ALWAYS, *tests]
