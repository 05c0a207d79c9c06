"""ansatz predict"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Final

import typer

from ansatz.client.cli.arguments import options, panels
from ansatz.client.cli.arguments.curves import Curves
from ansatz.client.cli.arguments.help import examples
from ansatz.client.cli.arguments.records import flattened, given_flags
from ansatz.client.cli.arguments.refusing import refuse
from ansatz.client.cli.arguments.texts import parse_point
from ansatz.client.cli.commands.curve_columns import curve_columns
from ansatz.client.cli.printing import failures
from ansatz.client.cli.printing.output import Format, Output
from ansatz.client.cli.running import following
from ansatz.client.cli.servers.private_server import server_address
from ansatz.client.cli.views.curves import answers_object, answers_view
from ansatz.client.client import Client
from ansatz.client.errors import InvalidRequest, Violation
from ansatz.client.job_handle import JobHandle
from ansatz.client.results.curves import CurveAnswers

_option = partial(typer.Option, rich_help_panel=panels.QUESTIONS)

EXAMPLES: Final = examples(
    "# the loss of a larger model",
    "ansatz predict examples/scaling/redpajama.csv --target loss --at params=7e10,tokens=1.4e12",
    "# the best size for a budget, and the data to a loss of 2.2",
    "ansatz predict examples/scaling/redpajama.csv --target loss --compute 5.76e23 --reach 2.2",
)


@dataclass(frozen=True, kw_only=True)
class Fit:
    """Curves to find a law for, where no job has done so."""

    target: Annotated[
        str | None,
        typer.Option("--target", metavar="COL", help="The column of values.", rich_help_panel=panels.DATA),
    ] = None
    inputs: options.INPUTS = None
    group: options.GROUP = None
    std_errors: options.STD_ERRORS = None
    trials: options.TRIALS = None
    curves: Curves
    budget: options.BUDGET = None
    seed: options.SEED = None


@dataclass(frozen=True)
class Questions:
    """What to ask of the law."""

    at: Annotated[
        list[str] | None,
        _option("--at", metavar="N=7e10,D=1.4e12", help="A point: the value there. May be given again."),
    ] = None
    compute: Annotated[
        list[float] | None,
        _option("--compute", metavar="FLOPS", help="A budget of 6*N*D operations: the best size and data for it."),
    ] = None
    reach: Annotated[
        list[float] | None,
        _option("--reach", metavar="VALUE", help="A value: the tokens or steps at which the law reaches it."),
    ] = None
    probability: Annotated[float, _option("--probability", help="How likely intervals hold the value.")] = 0.8
    rank: Annotated[int, _option("--rank", help="The rank of the law to ask.")] = 1

    def check(self) -> None:
        """Raise InvalidRequest where nothing is asked."""
        if not (self.at or self.compute or self.reach):
            raise InvalidRequest.of("--at", "is not given, nor --compute, nor --reach; give one of them")

    def points(self) -> list[dict[str, float]]:
        """Return the points asked for, in order. Raises InvalidRequest."""
        return [parse_point(f"--at[{i}]", text) for i, text in enumerate(self.at or ())]

    def put_to(self, job: JobHandle) -> CurveAnswers:
        """Return the answers of a job."""
        return job.predict(
            self.points(),
            budgets=self.compute or (),
            targets=self.reach or (),
            rank=self.rank,
            probability=self.probability,
        )


@flattened
def predict(
    *,
    questions: Questions,
    data: Annotated[
        str | None,
        typer.Argument(metavar="DATA", help="A file of curves, as of `ansatz discover`; or give --job."),
    ] = None,
    fit: Fit,
    job: Annotated[
        str | None,
        typer.Option(
            "--job",
            metavar="JOB",
            help="In place of DATA: a job on curves that has ended, of --server.",
            rich_help_panel=panels.DATA,
        ),
    ] = None,
    server: options.SERVER = None,
    format: options.FORMAT = Format.TABLE,
    output: options.OUTPUT = None,
) -> None:
    """Say what a law of curves means for other scales.

    The law of DATA is found first, unless a job has done so. It answers with values and their intervals (--at), the
    best size for a budget (--compute), and the tokens or steps to a value (--reach).
    """
    with failures.reported(Output(format, output)) as written:
        points = questions.points()
        answers = _of_job(job, server, data, fit, questions) if job else _of_data(data, fit, server, questions)
        written.result(answers_object(answers), answers_view(answers, points))


def _of_job(job: str, server: str | None, data: str | None, fit: Fit, questions: Questions) -> CurveAnswers:
    """The answers of a job that has ended. Raises InvalidRequest."""
    if data or not server:
        raise InvalidRequest.of("--job", "is a job of a server: give --server, and no DATA")
    questions.check()
    refuse(Violation(flag, "goes with DATA; leave it or --job out") for flag in given_flags(fit))
    with Client(server) as client:
        return questions.put_to(client.job(job))


def _of_data(data: str | None, fit: Fit, server: str | None, questions: Questions) -> CurveAnswers:
    """The answers of the best law of a file. Raises InvalidRequest."""
    if not data or not fit.target:
        raise InvalidRequest.of("data", "is not given; give DATA and --target, or --job and --server")
    questions.check()
    columns = curve_columns(
        data, fit.target, fit.inputs, fit.group, fit.curves, std_errors=fit.std_errors, trials=fit.trials
    )
    with server_address(server) as address, Client(address) as client:
        job = client.submit_curves(**columns, budget=fit.budget, seed=fit.seed)
        following.follow(job)
        return questions.put_to(job)
