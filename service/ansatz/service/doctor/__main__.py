"""``python -m ansatz.service.doctor``: checks this machine for the server that the flags of ``ansatz serve`` describe,
and prints them as JSON, one list of objects."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict

from pydantic import ValidationError

from ansatz.service.doctor import access, engines, machine, store
from ansatz.service.doctor.check import Check, failed, ok
from ansatz.service.settings import Settings


def checks(arguments: list[str]) -> Iterator[Check]:
    """Every check; where the settings are wrong, the rest is not looked at but for the engines."""
    yield from engines.checks()
    try:
        settings = Settings(_cli_parse_args=arguments)  # type: ignore[call-arg]
    except ValidationError as error:
        for e in error.errors():
            found = ": ".join([*map(str, e["loc"]), e["msg"].removeprefix("Value error, ")])
            yield failed("settings", found, "mend this flag or environment variable; `ansatz serve --help` lists them")
        return
    yield ok("settings", "can be used")
    yield from store.checks(settings)
    yield from machine.checks(settings)
    yield from access.checks(settings)


if __name__ == "__main__":
    print(json.dumps([asdict(check) for check in checks(sys.argv[1:])]))
