"""The JSON that scripts rely on: one object a command, non-finite numbers null, the same keys in every state."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ansatz.client.cli.views.flags import flag_of, in_flags, shown
from ansatz.client.errors import AnsatzError, InvalidRequest, JobFailed, Violation
from ansatz.client.results.candidate import Candidate
from ansatz.client.results.job import Job
from ansatz.client.results.report import ChiSquared, ConstantLaw, Evaluation, Report
from ansatz.client.results.server import ServerInfo


def to_text(json_object: Mapping[str, Any]) -> str:
    """Return one object on one line."""
    return json.dumps(_finite(json_object), ensure_ascii=False, allow_nan=False, default=str) + "\n"


def report_object(report: Report, job_id: str | None) -> dict[str, Any]:
    """Return a discovery, whatever its state."""
    return {
        **_empty(report.state, job_id),
        "elapsed_seconds": report.elapsed_seconds,
        "first_candidate_seconds": report.first_candidate_seconds,
        "candidates": [candidate_object(c) for c in report.candidates],
        "columns": dict(report.columns),
        "metric": report.metric,
        "refinement": [asdict(step) for step in report.refinement],
        "constant_laws": [_law_object(law) for law in report.constant_laws],
        "residual": asdict(report.residual) if report.residual else None,
        "chi_squared": _chi_squared(report.chi_squared),
        "noise": asdict(report.noise),
        "warnings": [asdict(warning) for warning in report.warnings],
        "receipt": asdict(report.receipt) if report.receipt else None,
        "curves": asdict(report.curves) if report.curves else None,
        "drift": asdict(report.drift) if report.drift else None,
        "jumps": [asdict(jump) for jump in report.jumps],
        "jump_laws": [asdict(law) for law in report.jump_laws],
    }


def evaluation_object(evaluation: Evaluation) -> dict[str, Any]:
    """Return the evaluation of a formula: a discovery's object with that one candidate, unranked."""
    return {
        **_empty("SUCCEEDED", None),
        "candidates": [candidate_object(evaluation.candidate)],
        "columns": dict(evaluation.columns),
        "residual": asdict(evaluation.residual) if evaluation.residual else None,
        "chi_squared": _chi_squared(evaluation.chi_squared),
        "warnings": [asdict(warning) for warning in evaluation.warnings],
    }


def interrupted_object() -> dict[str, Any]:
    """Return what an interruption leaves where there is no job yet."""
    return _empty("CANCELLED", None)


def failure_object(error: AnsatzError, invalid: bool) -> dict[str, Any]:
    """Return why there is no result: state INVALID with violations, or FAILED; `error` has reason and message."""
    found = _empty("INVALID" if invalid else "FAILED", None)
    if isinstance(error, JobFailed):
        job = error.job
        found = report_object(job.report, job.id) if job.report else _empty("FAILED", job.id)
    found["error"] = {"reason": error.reason, "message": in_flags(error.message)}
    if isinstance(error, InvalidRequest) and error.violations:
        found["error"]["message"] = "; ".join(map(shown, error.violations))
        found["violations"] = [_violation_object(violation) for violation in error.violations]
    return found


def job_object(job: Job) -> dict[str, Any]:
    """Return a job, without its report."""
    return {
        "job": job.id,
        "state": job.state,
        "create_time": job.create_time.isoformat(),
        "start_time": job.start_time.isoformat() if job.start_time else None,
        "end_time": job.end_time.isoformat() if job.end_time else None,
        "data": asdict(job.data),
        "options": asdict(job.options),
        "attempts": job.attempts,
        "error": asdict(job.error) if job.error else None,
    }


def described_object(job: Job) -> dict[str, Any]:
    """Return a job with its report so far: a discovery's object and what is known of the job."""
    report = report_object(job.report, job.id) if job.report else _empty(job.state, job.id)
    return {**report, **job_object(job)}


def server_info_object(info: ServerInfo) -> dict[str, Any]:
    """Return what is known of a server."""
    return asdict(info)


def candidate_object(candidate: Candidate) -> dict[str, Any]:
    """Return a candidate; the name of a constant is called `named`."""
    found = asdict(candidate)
    for constant in found["constants"]:
        constant["named"] = constant.pop("name")
    return found


def _violation_object(violation: Violation) -> dict[str, Any]:
    """A violation: the field of the request, the flag that it comes from, and what is wrong and what to do."""
    return {
        "field": violation.field,
        "flag": flag_of(violation.field),
        "description": in_flags(violation.description),
    }


def _chi_squared(found: ChiSquared | None) -> dict[str, Any] | None:
    return {**asdict(found), "per_degree": found.per_degree} if found else None


def _law_object(law: ConstantLaw) -> dict[str, Any]:
    return {**asdict(law), "candidates": [candidate_object(c) for c in law.candidates]}


def _empty(state: str, job_id: str | None) -> dict[str, Any]:
    return {
        "state": str(state),
        "job": job_id,
        "elapsed_seconds": None,
        "first_candidate_seconds": None,
        "candidates": [],
        "columns": {},
        "metric": "",
        "refinement": [],
        "constant_laws": [],
        "residual": None,
        "chi_squared": None,
        "noise": {"relative_std": None},
        "warnings": [],
        "receipt": None,
        "curves": None,
        "drift": None,
        "jumps": [],
        "jump_laws": [],
        "error": None,
        "violations": [],
    }


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
