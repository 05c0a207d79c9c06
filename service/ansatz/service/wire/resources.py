"""Names of resources and page tokens: the one place that builds and reads them."""

from __future__ import annotations

import base64
import binascii
import re
import secrets

from ansatz.discovery.errors import InvalidInputError, Violation

_JOB_ID = re.compile(r"[a-z][a-z0-9-]{0,62}")
_JOB_NAME = re.compile(rf"jobs/({_JOB_ID.pattern})")
_UPLOAD_NAME = re.compile(r"uploads/([0-9a-f]{32}-[0-9a-f]{16})")
JOB_ID_RULE = "1 to 63 of a-z, 0-9 and '-', first a letter"


def new_job_id() -> str:
    """Return an id that nobody can guess or has used."""
    return f"j{secrets.token_hex(8)}"


def is_job_id(text: str) -> bool:
    return _JOB_ID.fullmatch(text) is not None


def job_name(job_id: str) -> str:
    """Return ``jobs/{id}``."""
    return f"jobs/{job_id}"


def job_id_of(name: str, field: str = "name") -> str:
    """Return the id in ``jobs/{id}``. Raises InvalidInputError where `name` is none."""
    match = _JOB_NAME.fullmatch(name)
    if match is None:
        raise InvalidInputError([Violation(field, f"{name[:80]!r} is no job; give 'jobs/{{id}}', id of {JOB_ID_RULE}")])
    return match[1]


def upload_name(upload_id: str) -> str:
    """Return ``uploads/{id}``."""
    return f"uploads/{upload_id}"


def upload_id_of(name: str, field: str) -> str:
    """Return the id in ``uploads/{id}``. Raises InvalidInputError where `name` is none."""
    match = _UPLOAD_NAME.fullmatch(name)
    if match is None:
        raise InvalidInputError(
            [Violation(field, f"{name[:80]!r} is no upload; give the name that an upload was given")]
        )
    return match[1]


def page_token(number: int) -> str:
    """Return the token of the page that begins below a job's number."""
    return base64.urlsafe_b64encode(b"before:%d" % number).decode()


def page_start(token: str) -> int | None:
    """Return the number of a token, None for the first page. Raises InvalidInputError for one not made here."""
    if not token:
        return None
    try:
        text = base64.b64decode(token.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError):
        text = ""
    match = re.fullmatch(r"before:([0-9]{1,18})", text)
    if match is None:
        raise InvalidInputError([Violation("page_token", "is no token; give the next_page_token of the page before")])
    return int(match[1])
