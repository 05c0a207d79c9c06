"""The blocking client."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Self, Unpack

from ansatz.client import core
from ansatz.client.connection import connection
from ansatz.client.connection.blocking import BlockingTransport
from ansatz.client.connection.credentials import Credentials
from ansatz.client.encode import jobs
from ansatz.client.encode.jobs import CurveProblemOptions, MotionProblemOptions, ProblemOptions
from ansatz.client.encode.tables import TableOptions
from ansatz.client.errors import AnsatzError
from ansatz.client.job_handle import JobHandle
from ansatz.client.results.comparison import Comparison
from ansatz.client.results.job import Job, JobEvent
from ansatz.client.results.proposal import Proposal
from ansatz.client.results.report import Evaluation, Report
from ansatz.client.results.server import ServerInfo
from ansatz.v1.discovery_service_pb2 import CreateJobRequest


class Client:
    """Talks to a server at `target`, "HOST:PORT" or "unix:PATH"; safe to share between threads.

        with Client("localhost:50051") as client:
            report = client.discover(X, y, names=["m", "v"], target_name="E")
            print(report.best.formula)

    `credentials` say who calls and encrypt the connection (default: those of the environment, see
    Credentials.from_environment). `timeout` limits each call, in seconds; waiting for a job is not limited by it. All
    methods raise AnsatzError.
    """

    def __init__(
        self,
        target: str,
        *,
        credentials: Credentials | None = None,
        timeout: float = connection.DEFAULT_TIMEOUT_SECONDS,
    ) -> None:
        self._transport = BlockingTransport(target, credentials or Credentials.from_environment(), timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the connection; jobs go on."""
        self._transport.close()

    def discover(
        self, X: Any, y: Any, *, on_event: Callable[[JobEvent], object] | None = None, **options: Unpack[ProblemOptions]
    ) -> Report:
        """Return ranked formulas for y in terms of X, once the search is done.

        X: rows of inputs, shape (n, d) or (n,), a mapping of names to columns, or a data frame; y: shape (n,), or the
        name of a column of X. Keywords:

        - names: of X's columns (default: their own, else x0, x1, …); target_name: of y (default: its own, else "y")
        - inputs: the columns of X that may explain y (default: all that have no other role; one that is called like the
          error of y, such as sigma or y_err, is left out, with a warning)
        - weights: of rows, 1/variance up to a common factor, shape (n,), or the name of a column of X
        - std_errors: standard errors of y, in its unit, in place of weights: chi_squared tells whether they agree with
          what the best formula leaves
        - input_errors: standard errors of inputs, {"x": …}, as std_errors are given: fits are by orthogonal distances
        - noise: "poisson" where y counts events, "binomial" where it holds successes, or their share, among trials
        - units: name -> text such as "m/s^2"; dimensional_constants: whether numbers of a formula may carry dimensions
        - group: which rows belong together: numbers or text, shape (n,), or the name of a column of X. One structure is
          found for all groups; per_group: the free constants of the ansatz that differ between them (default: found)
        - functions: the only ones allowed in formulas; max_complexity: the largest number of nodes of a formula that is
          searched for
        - engine: "auto", "pysr", "operon" or "none"; budget: seconds of search; seed: a whole number
        - ansatz: your own formula: it is fitted, and its residual searched for what it misses. Names in it that are no
          columns are free constants: start ({"a": 1.0}) and bounds ({"a": (0, None)}) say what is known of them.
          fixed_numbers: its numbers stay as they are where it has no free constants, too; free_numbers: they are fitted
          beside these; loss: "squared", "huber" or "log-huber", what its fit minimises.
          f, g and h, where the ansatz calls them, are unknown parts, to be found: "m*g*sin(q) + f(w)"
        - metric: the space in which the law is sought: "log", "log-log", "logit", "guess:0.25" or "auto"

        `on_event` hears of every JobEvent. Where it raises, or on Ctrl-C, the job is cancelled.
        """
        return self._followed(self.submit(X, y, **options), on_event)

    def submit(
        self,
        X: Any,
        y: Any,
        *,
        job_id: str | None = None,
        request_id: str | None = None,
        **options: Unpack[ProblemOptions],
    ) -> JobHandle:
        """Start a discovery (arguments as in `discover`), and return at once.

        `job_id`: the id you choose, 1 to 63 of a-z, 0-9 and "-", first a letter. The same `request_id` with the same
        problem gives the same job.
        """
        return self._created(jobs.create_job(X, y, job_id=job_id, request_id=request_id, **options))

    def discover_motion(
        self,
        data: Any,
        time: str,
        states: Sequence[str],
        *,
        on_event: Callable[[JobEvent], object] | None = None,
        **options: Unpack[MotionProblemOptions],
    ) -> Report:
        """Return ranked systems of differential equations behind observed motion, once the search is done.

        data: a mapping of names to columns, or a data frame, one row a sample; NaN marks a missing sample of a state.
        time and states name its columns. Keywords, beside those of a search in `discover`:

        - runs: the name of the column that tells runs apart, or one label a row; held_out: runs that are only foretold
        - order: 1 for a law of dx/dt, 2 for one of d²x/dt² where only positions were seen
        - inputs: columns of controls, or of parameters that are constant in a run
        - stochastic: noise drives the motion: only linear stochastic laws are sought (default: they are tried where
          deterministic laws leave what looks like it)
        - derivatives: columns of measured derivatives, one for each state
        - std_errors: columns of standard errors of the states, one for each: chi_squared tells whether they agree with
          what the best system leaves
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
        """Start a discovery on motion (arguments as in `discover_motion`), and return at once."""
        request = jobs.create_motion_job(data, time, states, job_id=job_id, request_id=request_id, **options)
        return self._created(request)

    def discover_curves(
        self,
        columns: Any,
        target: str,
        *,
        on_event: Callable[[JobEvent], object] | None = None,
        **options: Unpack[CurveProblemOptions],
    ) -> Report:
        """Return ranked laws for the values `target` of curves, once the search is done.

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
        """Start a discovery on curves (arguments as in `discover_curves`), and return at once."""
        return self._created(jobs.create_curves_job(columns, target, job_id=job_id, request_id=request_id, **options))

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
        """Take up a final job again, from the formulas it found, as a new job, and return at once.

        Options (keywords as in `discover`) that are not given are those of that job. Without X and y the data are too;
        with them they are all the rows, of the same inputs and target.
        """
        return self._created(jobs.continue_job(continued, X, y, job_id=job_id, request_id=request_id, **options))

    def job(self, job_id: str) -> JobHandle:
        """Return the handle of a job that exists, from its id alone."""
        return JobHandle(self._transport, job_id)

    def jobs(self, *, page_size: int = 50) -> Iterator[Job]:
        """Yield all jobs, newest first, without their reports; pages are fetched as needed."""
        found, token = self._transport.call(core.jobs(page_size, ""))
        yield from found
        while token:
            found, token = self._transport.call(core.jobs(page_size, token))
            yield from found

    def evaluate(
        self, formula: str, X: Any, y: Any, *, refit: bool = False, **options: Unpack[TableOptions]
    ) -> Evaluation:
        """Return scores of your own formula on your data (X, y, names, inputs, std_errors, … as in `discover`).

        With `refit`, its numbers that are no integers are fitted first.
        """
        return self._transport.call(core.evaluate(formula, X, y, refit, **options))

    def compare(
        self, a: str, b: str, *, box: Mapping[str, tuple[float, float]] | None = None, free_constants: bool = False
    ) -> Comparison:
        """Return whether two formulas are the same function of their inputs, and how that is shown.

        `box` maps each input to its (lower, upper) limits. Without one, every name is an input. Its range is then the
        widest of -10 to 10, 0.1 to 10, -1 to 1 and 0.01 to 1 on which both formulas are defined. With `free_constants`
        numbers that are neither integers nor exponents may differ, and names outside the box are constants too.
        """
        return self._transport.call(core.compare(a, b, box, free_constants))

    def propose(
        self, job_id: str, box: Mapping[str, tuple[float, float]] | None = None, n: int = 5, *, seed: int = 0
    ) -> Proposal:
        """Return the `n` points of a box at which the formulas of an ended job disagree most, for the noise seen.

        They are chosen one by one, each taking into account what those before it will tell. `box` maps each input to
        its (lower, upper) limits; one that is left out keeps to the range of the data.
        """
        return self._transport.call(core.propose(job_id, box, n, seed))

    def server_info(self) -> ServerInfo:
        """Return versions, engines and limits of the server."""
        return self._transport.call(core.server_info())

    def _created(self, request: CreateJobRequest) -> JobHandle:
        return self.job(self._transport.run(core.create(request)))

    @staticmethod
    def _followed(job: JobHandle, on_event: Callable[[JobEvent], object] | None) -> Report:
        """Return the report of a job; where `on_event` raises, or on an interruption, the job is cancelled."""
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
