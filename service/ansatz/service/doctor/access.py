"""Are certificates and tokens as they must be?"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from ansatz.service.access.token_file import read as read_tokens
from ansatz.service.doctor.check import Check, failed, ok, warning
from ansatz.service.settings import Settings

_SOON: Final = timedelta(days=30)
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def checks(settings: Settings) -> Iterator[Check]:
    if settings.tls_cert is not None and settings.tls_key is not None:
        yield from _certificate("certificate", settings.tls_cert, settings.tls_key)
        yield _private("key", settings.tls_key)
    if settings.tls_client_ca is not None:
        yield from _certificate("callers' authority", settings.tls_client_ca)
    if settings.tokens is not None:
        yield _private("tokens", settings.tokens)
        callers = {entry.caller for entry in read_tokens(settings.tokens)}
        if not callers:
            yield warning(
                "callers", "no token is in the file", f"make one: ansatz tokens new NAME --file {settings.tokens}"
            )
        else:
            yield ok("callers", f"{len(callers)} with tokens")


def _certificate(name: str, path: Path, key: Path | None = None) -> Iterator[Check]:
    try:
        certificates = x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError) as error:
        yield failed(name, f"{path} cannot be read: {error}", "give a file of certificates in PEM form")
        return
    yield _validity(name, path, min(c.not_valid_after_utc for c in certificates), certificates[0].not_valid_before_utc)
    if key is not None:
        yield _pair(path, key, certificates[0])


def _validity(name: str, path: Path, until: datetime, since: datetime) -> Check:
    now = datetime.now(UTC)
    if since > now:
        return failed(name, f"{path} is valid only from {since:%Y-%m-%d %H:%M} UTC", "check this machine's clock")
    if until <= now:
        return failed(name, f"{path} expired on {until:%Y-%m-%d}", "renew it, and restart the server")
    if until - now < _SOON:
        return warning(name, f"{path} expires on {until:%Y-%m-%d}, within 30 days", "renew it, and restart the server")
    return ok(name, f"{path} is valid until {until:%Y-%m-%d}")


def _pair(path: Path, key: Path, certificate: x509.Certificate) -> Check:
    try:
        public = load_pem_private_key(key.read_bytes(), password=None).public_key()
    except (OSError, TypeError, ValueError) as error:
        return failed("key", f"{key} cannot be read: {error}", "give the key in PEM form, without a password")
    if public != certificate.public_key():
        return failed("key", f"{key} is not the key of {path}", "give the key with which the certificate was made")
    return ok("key", f"{key} is that of the certificate")


def _private(name: str, path: Path) -> Check:
    """May only its owner read it?"""
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & _OTHERS:
        return warning(f"{name} file", f"others may use {path} (mode {mode:o})", f"chmod 600 {path}")
    return ok(f"{name} file", f"{path} is its owner's alone")
