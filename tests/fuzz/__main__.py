"""``python -m tests.fuzz``: every target by coverage-guided inputs, and every method of a real server.

Stops at the first input that breaks a target, and says where it lies. Corpora are kept in build/fuzz and grown further
by the next run.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import time
from pathlib import Path

from tests.fuzz.rpcs import fuzz_server
from tests.fuzz.targets import TARGETS, Target

_HANG_SECONDS = 30
_MEMORY_MIB = 4096
_MAX_BYTES = 4096
_RPCS = "rpcs"
_RPC_SHARE = 0.03
_FOLDER = Path("build") / "fuzz"


def main() -> None:
    parser = argparse.ArgumentParser("python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=100_000, help="in all (default %(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    names = [*(t.name for t in TARGETS), _RPCS]
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="TARGET", help=", ".join(names))
    options = parser.parse_args()
    targets = [t for t in TARGETS if t.name in options.only]
    calls = round(options.inputs * (_RPC_SHARE if targets else 1)) if _RPCS in options.only else 0
    weights = sum(t.weight for t in targets)
    print("| target | inputs | seconds |\n| --- | --- | --- |", flush=True)
    total = 0
    for target in targets:
        total += _guided(target, -(-(options.inputs - calls) * target.weight // weights), options.seed)
    if calls:
        started = time.monotonic()
        done = fuzz_server(calls, options.seed)
        _row(_RPCS, done, time.monotonic() - started)
        total += done
    print(f"\n{total} inputs, no crash, no hang, no undocumented status")


def _guided(target: Target, inputs: int, seed: int) -> int:
    corpus, broken = _FOLDER / target.name, _FOLDER / "broken"
    for folder in (corpus, broken):
        folder.mkdir(parents=True, exist_ok=True)
    for i, data in enumerate(target.seeds):
        (corpus / f"seed-{i}").write_bytes(data)
    command = [sys.executable, "-m", "tests.fuzz.guided", target.name, str(corpus), f"-runs={inputs}", f"-seed={seed}"]
    command += [f"-timeout={_HANG_SECONDS}", f"-rss_limit_mb={_MEMORY_MIB}", f"-max_len={_MAX_BYTES}"]
    command += [f"-artifact_prefix={broken}/{target.name}-", "-print_final_stats=1"]
    if target.words:
        words = _FOLDER / f"{target.name}.words"
        words.write_text("".join(f'"{_escaped(word)}"\n' for word in target.words), encoding="ascii")
        command.append(f"-dict={words}")
    started = time.monotonic()
    run = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    found = re.search(r"stat::number_of_executed_units: *([0-9]+)", run.stderr)
    if run.returncode or not found:
        sys.exit(f"{run.stdout[-4000:]}\n{run.stderr[-6000:]}\nthe target {target.name} broke: see {broken}")
    _row(target.name, int(found[1]), time.monotonic() - started)
    return int(found[1])


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)


def _row(name: str, inputs: int, seconds: float) -> None:
    print(f"| {name} | {inputs} | {seconds:.0f} |", flush=True)


if __name__ == "__main__":
    main()
