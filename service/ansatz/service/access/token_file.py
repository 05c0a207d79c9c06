"""The file of tokens: who has one, what it allows, and its SHA-256. The tokens themselves are stored nowhere.

One line a token: ``CALLER ROLE SHA256``, in which ROLE is read, write or admin; # begins a comment. Tokens are 256
random bits, so that a plain hash of them tells nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

ROLES: Final = ("read", "write", "admin")
_CALLER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,62}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_PREFIX: Final = "ansatz_"
_log = structlog.get_logger()


@dataclass(frozen=True)
class Entry:
    """A line of the file. Raises ValueError where a part of it is not right."""

    caller: str
    role: str
    sha256: str

    def __post_init__(self) -> None:
        if not _CALLER.fullmatch(self.caller):
            raise ValueError(f"{self.caller[:80]!r} is no caller; give 1 to 63 letters, digits, '.', '_', '@' and '-'")
        if self.role not in ROLES:
            raise ValueError(f"{self.role[:80]!r} is no role; give {', '.join(ROLES)}")
        if not _SHA256.fullmatch(self.sha256):
            raise ValueError(f"{self.sha256[:80]!r} is no SHA-256 in hexadecimal")

    @property
    def line(self) -> str:
        return f"{self.caller} {self.role} {self.sha256}\n"


def new_token(caller: str, role: str) -> tuple[str, Entry]:
    """A fresh token and its line."""
    token = _PREFIX + secrets.token_urlsafe(32)
    return token, Entry(caller, role, _digest(token))


class TokenFile:
    """The tokens of a file, read again whenever it changes, so that tokens come and go without a restart."""

    def __init__(self, path: Path) -> None:
        """Raises ValueError where the file cannot be read or a line is not right."""
        self._path = path
        self._stamp = _stamp(path)
        self._entries = read(path)

    def find(self, token: str) -> Entry | None:
        """The entry of a token; all are looked at, so that the time taken tells nothing."""
        self._refresh()
        digest, found = _digest(token), None
        for entry in self._entries:
            if hmac.compare_digest(entry.sha256, digest):
                found = entry
        return found

    def _refresh(self) -> None:
        try:
            stamp = _stamp(self._path)
            if stamp == self._stamp:
                return
            self._entries, self._stamp = read(self._path), stamp
        except (ValueError, OSError) as error:
            # A file that is being written, or was spoilt: the tokens of before hold until it is right again.
            _log.error("token file not read; the tokens of before hold", reason=str(error))


def read(path: Path) -> tuple[Entry, ...]:
    """Entries of the file. Raises ValueError, with the line, where it is not right."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} cannot be read: {error}") from None
    entries: list[Entry] = []
    for number, line in enumerate(lines, start=1):
        parts = line.partition("#")[0].split()
        if not parts:
            continue
        try:
            if len(parts) != 3:
                raise ValueError("give 'CALLER ROLE SHA256'")
            entries.append(Entry(*parts))
        except ValueError as error:
            raise ValueError(f"{path}, line {number}: {error}") from None
    return tuple(entries)


def append(path: Path, entry: Entry) -> None:
    """Adds an entry to the file, which only its owner can read where it is new."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "a", encoding="utf-8") as file:
        file.write(entry.line)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        status = path.stat()
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error}") from None
    return status.st_mtime_ns, status.st_size, status.st_ino
