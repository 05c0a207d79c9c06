"""The commands, put together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import typer

from ansatz import distribution
from ansatz.client.cli.arguments.help import WIDTH, Command
from ansatz.client.cli.commands import compare, doctor, engines, evaluate, jobs, predict, propose, serve
from ansatz.client.cli.commands.discover.command import EXAMPLES, discover
from ansatz.client.cli.printing import failures
from ansatz.client.cli.running import interruption
from ansatz.client.connection import tracing
from ansatz.client.errors import InvalidRequest

app = typer.Typer(
    name="ansatz",
    help="Discover laws in data: observations in, ranked formulas out, with the evidence for each.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"max_content_width": WIDTH},
)
app.command("discover", cls=Command, epilog=EXAMPLES)(discover)
app.command("predict", cls=Command, epilog=predict.EXAMPLES)(predict.predict)
app.command("evaluate", cls=Command, epilog=evaluate.EXAMPLES)(evaluate.evaluate)
app.command("compare", cls=Command, epilog=compare.EXAMPLES, context_settings=compare.CONTEXT)(compare.compare)
app.command("propose", cls=Command, epilog=propose.EXAMPLES)(propose.propose)
app.add_typer(jobs.app, name="jobs")
app.command("serve", context_settings=serve.CONTEXT, add_help_option=False)(serve.serve)
app.command("tokens", context_settings=serve.CONTEXT, add_help_option=False)(serve.tokens)
app.add_typer(engines.app, name="engines")
app.command("doctor", cls=Command, epilog=doctor.EXAMPLES, context_settings=doctor.CONTEXT)(doctor.doctor)

# Older versions of typer have this class from click, newer ones bring their own copy.
_UsageError: type[Any] = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return the exit status."""
    interruption.heed()
    if not tracing.configure():
        failures.say(f"no traces are sent: install the extra, {distribution.install('tracing')}")
    command = next((a for a in arguments if not a.startswith("-")), "")
    try:
        with tracing.program(f"ansatz {command}".strip()):
            return int(app(list(arguments), prog_name="ansatz", standalone_mode=False) or 0)
    except _UsageError as error:
        return _unusable(error, arguments)
    except (KeyboardInterrupt, typer.Abort):
        return failures.INTERRUPTED


def _unusable(error: Any, arguments: Sequence[str]) -> int:
    """Say what is wrong with the command line; return the exit status."""
    if type(error).__name__ == "NoArgsIsHelpError":  # nothing is wrong, nothing was asked: the message is the help
        failures.say(error.format_message())
        return failures.BAD_INPUT
    command = error.ctx.command_path if getattr(error, "ctx", None) else "ansatz"
    text = f"{error.format_message().rstrip('.')}; see {command} --help"
    return failures.report_unusable(InvalidRequest.of("command line", text), arguments)
