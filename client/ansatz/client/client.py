"""The blocking client."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack

import grpc
from google.protobuf.message import Message

from ansatz.client.connection import connection
from ansatz.client.connection.credentials import Credentials
from ansatz.client.connection.patience import Deadline, Outage
from ansatz.client.connection.tracing import CallSpan
from ansatz.client.core import final_report
from ansatz.client.decode.records import record
from ansatz.client.encode import jobs, requests, uploads, values
from ansatz.client.encode.jobs import CurveProblemOptions, MotionProblemOptions, ProblemOptions
from ansatz.client.encode.tables import TableOptions
from ansatz.client.errors import AnsatzError, Unavailable, from_rpc
from ansatz.client.results.comparison import Comparison
from ansatz.client.results.curves import CurveAnswers
from ansatz.client.results.job import Job, JobEvent
from ansatz.client.results.proposal import Proposal
from ansatz.client.results.report import Evaluation, Report
from ansatz.client.results.server import ServerInfo
from ansatz.v1 import discovery_service_pb2 as pb2
from ansatz.v1 import discovery_service_pb2_grpc

RequestT = TypeVar("RequestT", bound=Message)
ResponseT = TypeVar("ResponseT")


class Client:
    """Talks to a server at `target`, "HOST:PORT" or "unix:PATH"; safe to share between threads.

        with Client("localhost:50051") as client:
            report = client.discover(X, y, names=["m", "v"], target_name="E")
            print(report.best.formula)

    `credentials` say who calls and encrypt the connection (default: those of the environment, see
    Credentials.from_environment); `timeout` limits each call, in seconds; waiting for a job is not limited by it. All
    methods raise AnsatzError.
    """

    def __init__(
        self,
        target: str,
        *,
        credentials: Credentials | None = None,
        timeout: float = connection.DEFAULT_TIMEOUT_SECONDS,
    ) -> None:
        self._timeout = timeout
        credentials = credentials or Credentials.from_environment()
        self._metadata = credentials.metadata
        self._channel = connection.open_channel(target, credentials)
        self._stub = discovery_service_pb2_grpc.DiscoveryServiceStub(self._channel)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connection; jobs go on."""
        self._channel.close()

    def discover(
        self, X: Any, y: Any, *, on_event: Callable[[JobEvent], object] | None = None, **options: Unpack[ProblemOptions]
    ) -> Report:
        """Ranked formulas for y in terms of X; returns when the search is done.

        X: rows of inputs, shape (n, d) or (n,), a mapping of names to columns, or a data frame; y: shape (n,), or the
        name of a column of X. Keywords:

        - names: of X's columns (default: their own, else x0, x1, …); target_name: of y (default: its own, else "y")
        - weights: of rows, 1/variance up to a common factor, shape (n,), or the name of a column of X
        - units: name -> text such as "m/s^2"; dimensional_constants: whether numbers of a formula may carry dimensions
        - group: which rows belong together: numbers or text, shape (n,), or the name of a column of X. One structure is
          found for all groups; per_group: the free constants of the ansatz that differ between them (default: found)
        - functions: the only ones allowed in formulas; max_complexity: the largest number of nodes of a formula
        - engine: "auto", "pysr", "operon" or "none"; budget: seconds of search; seed: a whole number
        - ansatz: your own formula: it is fitted, and its residual searched for what it misses. Names in it that are no
          columns are free constants: start ({"a": 1.0}) and bounds ({"a": (0, None)}) say what is known of them.
          fixed_numbers: its numbers stay as they are; loss: "squared", "huber" or "log-huber", what its fit minimises.
          f, g and h, where the ansatz calls them, are unknown parts, to be found: "m*g*sin(q) + f(w)"
        - metric: the space in which the law is sought: "log", "log-log", "logit", "guess:0.25" or "auto"

        `on_event` hears of every JobEvent. Where it raises, or on Ctrl-C, the job is cancelled.
        """
        return self._followed(self.submit(X, y, **options), on_event)

    def discover_motion(
        self,
        data: Any,
        time: str,
        states: Sequence[str],
        *,
        on_event: Callable[[JobEvent], object] | None = None,
        **options: Unpack[MotionProblemOptions],
    ) -> Report:
        """Ranked systems of differential equations behind observed motion; returns when the search is done.

        data: a mapping of names to columns, or a data frame, one row a sample; NaN marks a missing sample of a state.
        time and states name its columns. Keywords, beside those of a search in `discover`:

        - runs: the name of the column that tells runs apart, or one label a row; held_out: runs that are only foretold
        - order: 1 for a law of dx/dt, 2 for one of d²x/dt² where only positions were seen
        - inputs: columns of controls, or of parameters that are constant in a run
        - stochastic: noise drives the motion: only linear stochastic laws are sought (default: they are tried where
          deterministic laws leave what looks like it)
        - derivatives: columns of measured derivatives, one for each state
        - ansatz: your own equations, "x: a*x - b*x*y; y: c*x*y - d*y", of some states or all: their free constants are
          fitted on the trajectories (from start, where given), and what they miss is joined to them
        - units: carried along
        """
        return self._followed(self.submit_motion(data, time, states, **options), on_event)

    def submit_motion(
        self,
        data: Any,
        time: str,
        states: Sequence[str],
        *,
        job_id: str | None = None,
        request_id: str | None = None,
        **options: Unpack[MotionProblemOptions],
    ) -> JobHandle:
        """Starts a discovery (arguments as in `discover_motion`) and returns at once."""
        request = jobs.create_motion_job(data, time, states, job_id=job_id, request_id=request_id, **options)
        return self._create(request)

    def submit(
        self,
        X: Any,
        y: Any,
        *,
        job_id: str | None = None,
        request_id: str | None = None,
        **options: Unpack[ProblemOptions],
    ) -> JobHandle:
        """Starts a discovery (arguments as in `discover`) and returns at once.

        `job_id`: the id you choose, 1 to 63 of a-z, 0-9 and "-", first a letter. The same `request_id` with the same
        problem gives the same job.
        """
        request = jobs.create_job(X, y, job_id=job_id, request_id=request_id, **options)
        return self._create(request)

    def discover_curves(
        self,
        columns: Any,
        target: str,
        *,
        on_event: Callable[[JobEvent], object] | None = None,
        **options: Unpack[CurveProblemOptions],
    ) -> Report:
        """Ranked laws for the values `target` of curves; returns when the search is done.

        columns: a mapping of names to columns, or a data frame, in long form: one row, one value. Keywords:

        - inputs: the columns that may explain the values, those that are the same all over a run (size, batch) and
          those that are not (step, tokens); default: all others
        - run: the column that names the run of each row, or the names; per_run: each run has constants of its own
        - roles: "N", "D", "C", "S", "B", "lr" -> column; default: by usual names
        - std_errors, trials: columns of standard errors, or of numbers of trials; scale: "auto", "log", "linear" or
          "share"
        - functions, budget, seed, max_complexity, ansatz, …: as in `discover`
        """
        return self._followed(self.submit_curves(columns, target, **options), on_event)

    def submit_curves(
        self,
        columns: Any,
        target: str,
        *,
        job_id: str | None = None,
        request_id: str | None = None,
        **options: Unpack[CurveProblemOptions],
    ) -> JobHandle:
        """Starts a discovery on curves (arguments as in `discover_curves`) and returns at once."""
        request = jobs.create_curves_job(columns, target, job_id=job_id, request_id=request_id, **options)
        return self._create(request)

    def continue_job(
        self,
        continued: str,
        X: Any = None,
        y: Any = None,
        *,
        job_id: str | None = None,
        request_id: str | None = None,
        **options: Unpack[ProblemOptions],
    ) -> JobHandle:
        """Takes up a final job again, from the formulas it found, as a new job; returns at once.

        Options (keywords as in `discover`) that are not given are those of that job. Without X and y the data are too;
        with them they are all the rows, of the same inputs and target.
        """
        request = jobs.continue_job(continued, X, y, job_id=job_id, request_id=request_id, **options)
        return self._create(request)

    def job(self, job_id: str) -> JobHandle:
        """The handle of a job that exists, from its id alone."""
        return JobHandle(self, job_id)

    def jobs(self, *, page_size: int = 50) -> Iterator[Job]:
        """All jobs, newest first, without their reports; pages are fetched as needed."""
        token = ""
        while True:
            request = pb2.ListJobsRequest(page_size=page_size, page_token=token)
            response: pb2.ListJobsResponse = self._call(self._stub.ListJobs, request)
            yield from (record(Job, job) for job in response.jobs)
            token = response.next_page_token
            if not token:
                return

    def evaluate(
        self, formula: str, X: Any, y: Any, *, refit: bool = False, **options: Unpack[TableOptions]
    ) -> Evaluation:
        """Scores of your own formula on your data (X, y, names, target_name, weights, units as in `discover`).

        With `refit`, its numbers that are no integers are fitted first.
        """
        request = requests.evaluate_formula(formula, X, y, refit=refit, **options)
        return record(Evaluation, self._call(self._stub.EvaluateFormula, request))

    def compare(
        self, a: str, b: str, *, box: Mapping[str, tuple[float, float]] | None = None, free_constants: bool = False
    ) -> Comparison:
        """Are two formulas the same function of their inputs, and how is that shown?

        `box` maps each input to its (lower, upper) limits; without one, every name is an input, and its range is the
        widest of -10 to 10, 0.1 to 10, -1 to 1 and 0.01 to 1 on which both formulas are defined. With `free_constants`
        numbers that are neither integers nor exponents may differ, and names outside the box are constants too.
        """
        request = requests.compare_formulas(a, b, box, free_constants)
        response: pb2.CompareFormulasResponse = self._call(self._stub.CompareFormulas, request)
        return record(Comparison, response.comparison)

    def propose(
        self, job_id: str, box: Mapping[str, tuple[float, float]] | None = None, n: int = 5, *, seed: int = 0
    ) -> Proposal:
        """The `n` points of a box of allowed inputs at which the formulas of an ended job disagree most, for the noise
        seen: greedy, each taking into account what those before it will tell.

        `box` maps each input to its (lower, upper) limits; one that is left out keeps to the range of the data.
        """
        request = requests.propose_experiments(job_id, box, n, seed)
        response: pb2.ProposeExperimentsResponse = self._call(self._stub.ProposeExperiments, request)
        return record(Proposal, response.proposal)

    def server_info(self) -> ServerInfo:
        """Versions, engines and limits of the server."""
        return record(ServerInfo, self._call(self._stub.GetServerInfo, pb2.GetServerInfoRequest()))

    def _create(self, request: pb2.CreateJobRequest) -> JobHandle:
        """Makes a job; observations that are too large for a message are uploaded before."""
        extra = 0.0
        if uploads.may_be_large(request):
            info = self._call(self._stub.GetServerInfo, pb2.GetServerInfoRequest())
            if upload := uploads.needed(request, info.limits):
                extra = upload.seconds
                request = uploads.with_upload(request, self._upload(upload))
        response: pb2.CreateJobResponse = self._call(self._stub.CreateJob, request, extra)
        return self.job(record(Job, response.job).id)

    def _upload(self, upload: uploads.Upload) -> str:
        """The name of an upload; tries again where the connection breaks."""
        outage = Outage()
        while True:
            try:
                with CallSpan(pb2.UploadObservationsRequest) as span:
                    uploaded: pb2.UploadObservationsResponse = self._stub.UploadObservations(
                        upload.pieces(),
                        timeout=self._timeout + upload.seconds,
                        metadata=self._metadata + span.metadata,
                    )
            except grpc.RpcError as error:
                time.sleep(outage.pause(from_rpc(error)))
            else:
                return uploaded.name

    def _followed(self, job: JobHandle, on_event: Callable[[JobEvent], object] | None) -> Report:
        """The report of a job; where `on_event` raises, or on an interruption, the job is cancelled."""
        try:
            if on_event:
                for event in job.watch():
                    on_event(event)
            return job.result()
        except AnsatzError:
            raise
        except BaseException:
            with suppress(AnsatzError):
                job.cancel()
            raise

    def _call(
        self, method: grpc.UnaryUnaryMultiCallable[RequestT, ResponseT], request: RequestT, extra: float = 0.0
    ) -> ResponseT:
        """One call; the server may take `extra` seconds by request."""
        try:
            with CallSpan(type(request)) as span:
                return method(request, timeout=self._timeout + extra, metadata=self._metadata + span.metadata)
        except grpc.RpcError as error:
            raise from_rpc(error) from None


class JobHandle:
    """A job on the server; it goes on whether or not a handle exists."""

    def __init__(self, client: Client, job_id: str) -> None:
        self._client = client
        self._name = values.job_name(job_id)

    @property
    def id(self) -> str:
        return self._name.removeprefix("jobs/")

    def describe(self) -> Job:
        """The job as it is now, with its best front so far."""
        response: pb2.GetJobResponse = self._client._call(self._client._stub.GetJob, pb2.GetJobRequest(name=self._name))
        return record(Job, response.job)

    def watch(self, after: int = 0) -> Iterator[JobEvent]:
        """Events with a sequence larger than `after`, as they happen, until the job is final.

        Re-attaches without gap or repeat where the connection breaks.
        """
        outage = Outage()
        while True:
            request = pb2.WatchJobRequest(name=self._name, after_sequence=after)
            try:
                with CallSpan(type(request)) as span:
                    call = self._client._stub.WatchJob(request, metadata=self._client._metadata + span.metadata)
                    try:
                        if connection.is_attached(call.initial_metadata()):
                            outage.over()
                        for response in call:
                            outage.over()
                            after = response.event.sequence
                            yield record(JobEvent, response.event)
                        return
                    finally:
                        call.cancel()
            except grpc.RpcError as error:
                pause = outage.pause(from_rpc(error))
            time.sleep(pause)

    def result(self, timeout: float | None = None) -> Report:
        """Waits until the job is final, at most `timeout` seconds.

        A cancelled job gives what it found until then (`Report.state` says so). Raises JobFailed, DeadlineExceeded.
        """
        deadline, outage = Deadline(timeout), Outage()
        while True:
            try:
                job = self._wait(deadline.next_wait(), outage)
            except Unavailable as error:
                time.sleep(outage.pause(error))
                continue
            if job.state.is_final:
                return final_report(job)
            deadline.check(job)

    def _wait(self, seconds: float, outage: Outage) -> Job:
        """The job after one wait; the outage is over as soon as the server says that it waits."""
        client = self._client
        request = pb2.WaitJobRequest(name=self._name, timeout=values.duration(seconds, "timeout"))
        try:
            with CallSpan(type(request)) as span:
                call = client._stub.WaitJob.future(
                    request, timeout=client._timeout + seconds, metadata=client._metadata + span.metadata
                )
                try:
                    if connection.is_attached(call.initial_metadata()):
                        outage.over()
                    response = call.result()
                finally:
                    call.cancel()
        except grpc.RpcError as error:
            raise from_rpc(error) from None
        outage.over()
        return record(Job, response.job)

    def predict(
        self,
        points: Iterable[Mapping[str, float]] = (),
        *,
        budgets: Iterable[float] = (),
        targets: Iterable[float] = (),
        rank: int = 1,
        probability: float = 0.8,
    ) -> CurveAnswers:
        """What a law that this job found on curves says of other scales.

        points: values of the law's inputs, one mapping for each prediction. budgets: floating-point operations, 6 N D,
        for the best size and data. targets: values to reach along tokens or steps, with the other inputs as in the
        first point, or as large as in the data. `probability` is that of the intervals.
        """
        request = requests.predict_curves(
            self._name, points=points, budgets=budgets, targets=targets, rank=rank, probability=probability
        )
        return record(CurveAnswers, self._client._call(self._client._stub.PredictCurves, request))

    def plot(self, rank: int = 1, *, format: str = "svg") -> bytes:
        """A picture of a candidate beside the data, as the bytes of an SVG or PNG file."""
        request = requests.render_plot(self._name, rank, format)
        response: pb2.RenderPlotResponse = self._client._call(self._client._stub.RenderPlot, request)
        return response.image

    def cancel(self) -> Job:
        """Asks the search to stop; it keeps what it found. A final job stays as it is."""
        request = pb2.CancelJobRequest(name=self._name)
        response: pb2.CancelJobResponse = self._client._call(self._client._stub.CancelJob, request)
        return record(Job, response.job)

    def delete(self) -> None:
        """Cancels the job if it is not final, and removes it."""
        self._client._call(self._client._stub.DeleteJob, pb2.DeleteJobRequest(name=self._name))
