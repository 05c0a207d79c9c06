"""What the blocking and the asyncio client share: every call with how its answer is read, and every decision on the
way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Unpack

from ansatz.client.connection.call import Call, Flow
from ansatz.client.connection.patience import Deadline, Outage
from ansatz.client.decode.records import record
from ansatz.client.encode import requests, uploads, values
from ansatz.client.encode.tables import TableOptions
from ansatz.client.errors import AnsatzError, JobFailed, ServerError, Unavailable
from ansatz.client.results.comparison import Comparison
from ansatz.client.results.curves import CurveAnswers
from ansatz.client.results.job import Job
from ansatz.client.results.proposal import Proposal
from ansatz.client.results.report import Evaluation, Report
from ansatz.client.results.server import ServerInfo
from ansatz.client.results.state import JobState
from ansatz.v1 import discovery_service_pb2 as pb2

Box = Mapping[str, tuple[float, float]]


def create(request: pb2.CreateJobRequest) -> Flow[str]:
    """Make a job, and return its id; observations that are too large for a message are uploaded before."""
    extra = 0.0
    if uploads.may_be_large(request):
        limits = yield Call("GetServerInfo", pb2.GetServerInfoRequest(), lambda answer: answer.limits)
        if upload := uploads.needed(request, limits):
            extra = upload.seconds
            request = uploads.with_upload(request, (yield from _upload(upload)))
    job: Job = yield Call("CreateJob", request, lambda answer: record(Job, answer.job), extra)
    return job.id


def _upload(upload: uploads.Upload) -> Flow[str]:
    """Send an upload, and return its name; it is sent anew where the connection breaks."""
    outage = Outage()
    while True:
        try:
            name: str = yield Call("UploadObservations", upload.pieces(), lambda answer: answer.name, upload.seconds)
        except AnsatzError as error:
            yield outage.pause(error)
        else:
            return name


def result(name: str, timeout: float | None) -> Flow[Report]:
    """Wait until a job is final, at most `timeout` seconds, and return its report."""
    deadline, outage = Deadline(timeout), Outage()
    while True:
        seconds = deadline.next_wait()
        request = pb2.WaitJobRequest(name=name, timeout=values.duration(seconds, "timeout"))
        try:
            job: Job = yield Call("WaitJob", request, lambda answer: record(Job, answer.job), seconds, outage.over)
        except Unavailable as error:
            yield outage.pause(error)
            continue
        outage.over()
        if job.state.is_final:
            return _final_report(job)
        deadline.check(job)


def _final_report(job: Job) -> Report:
    if job.state is JobState.FAILED:
        raise JobFailed(job)
    if job.report is None:
        raise ServerError(f"job {job.id} is {job.state} but the server sent no report", reason="NO_REPORT")
    return job.report


def jobs(page_size: int, token: str) -> Call[tuple[list[Job], str]]:
    """Ask for a page of jobs, and for the token of the next page, which is empty after the last."""
    request = pb2.ListJobsRequest(page_size=page_size, page_token=token)
    return Call("ListJobs", request, lambda page: ([record(Job, job) for job in page.jobs], page.next_page_token))


def evaluate(formula: str, X: Any, y: Any, refit: bool, **options: Unpack[TableOptions]) -> Call[Evaluation]:
    """Ask for the scores of a formula."""
    request = requests.evaluate_formula(formula, X, y, refit=refit, **options)
    return Call("EvaluateFormula", request, lambda answer: record(Evaluation, answer))


def compare(a: str, b: str, box: Box | None, free_constants: bool) -> Call[Comparison]:
    """Ask how two formulas compare."""
    request = requests.compare_formulas(a, b, box, free_constants)
    return Call("CompareFormulas", request, lambda answer: record(Comparison, answer.comparison))


def propose(job_id: str, box: Box | None, n: int, seed: int) -> Call[Proposal]:
    """Ask for experiments."""
    request = requests.propose_experiments(job_id, box, n, seed)
    return Call("ProposeExperiments", request, lambda answer: record(Proposal, answer.proposal))


def server_info() -> Call[ServerInfo]:
    """Ask what the server is."""
    return Call("GetServerInfo", pb2.GetServerInfoRequest(), lambda answer: record(ServerInfo, answer))


def describe(name: str) -> Call[Job]:
    """Ask for a job."""
    return Call("GetJob", pb2.GetJobRequest(name=name), lambda answer: record(Job, answer.job))


def predict(
    name: str,
    points: Iterable[Mapping[str, float]],
    *,
    budgets: Iterable[float],
    targets: Iterable[float],
    rank: int,
    probability: float,
) -> Call[CurveAnswers]:
    """Ask what a law of curves says of other scales."""
    request = requests.predict_curves(
        name, points, budgets=budgets, targets=targets, rank=rank, probability=probability
    )
    return Call("PredictCurves", request, lambda answer: record(CurveAnswers, answer))


def plot(name: str, rank: int, format: str) -> Call[bytes]:
    """Ask for a picture."""
    return Call("RenderPlot", requests.render_plot(name, rank, format), lambda answer: answer.image)


def cancel(name: str) -> Call[Job]:
    """Ask a search to stop."""
    return Call("CancelJob", pb2.CancelJobRequest(name=name), lambda answer: record(Job, answer.job))


def delete(name: str) -> Call[None]:
    """Ask for a job's removal."""
    return Call("DeleteJob", pb2.DeleteJobRequest(name=name), lambda answer: None)
