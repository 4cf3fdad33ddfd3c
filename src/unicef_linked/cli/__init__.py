"""The command ``unicef-linked``: one module for each of its commands, on click.

A command reads its options, calls the layers below and returns an exit status. Nothing imports
this package but ``__main__`` and the entry point. A command's module is imported when the command
is run, so that help is quick.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING, Any, Final, cast

import click

from unicef_linked import __version__
from unicef_linked.cli.options import Command, Context
from unicef_linked.errors import LinkedDataError, NotConforming, ServiceEnded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from unicef_linked.validation.report import Report

COMMANDS: Final = {
    "validate": "check data against the shapes (SHACL)",
    "build": "validate, derive, and write an immutable release",
    "verify": "check a release against its digests, its counts and its signature",
    "diff": "show how two releases differ, by entity; as a patch or an update too",
    "why": "show who says so, where, as of when and how, for each statement about a thing",
    "serve": "answer over HTTP",
    "doctor": "check a deployment, and say what to do",
    "load": "put a release into an engine elsewhere, for serve --engine URL",
    "query": "ask the packaged dataset, a release or an endpoint",
    "export": "write the dataset in one format, or one of its tables and maps",
    "links": "ask each outgoing link over HTTP; report what has moved or died",
    "mcp": "offer the dataset as tools to a language model (Model Context Protocol)",
    "reconcile": "add identifiers to a table, by the names in one of its columns",
}
"""The commands, each the module of its name in this package, with its line in the help."""


class _Commands(click.Group):
    """The group of the commands; it maps errors to exit statuses."""

    context_class = Context

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(f"{__name__}.{cmd_name}").command
        assert isinstance(command, Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            ctx.fail(f"COMMAND: invalid choice: {args[0]!r} (choose from {', '.join(COMMANDS)})")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> int:
        """Run the command and return its exit status."""
        if not (ctx.args or ctx._protected_args):
            ctx.fail(f"a COMMAND is required: {', '.join(COMMANDS)}")
        try:
            status: int = super().invoke(ctx)
            sys.stdout.flush()
        except NotConforming as error:
            from unicef_linked.cli.validate import print_report

            print_report(cast("Report", error.report), "text", sys.stderr)
            print(f"unicef-linked: {error}; nothing was written", file=sys.stderr)
            return 1
        except ServiceEnded as error:
            print(f"unicef-linked: {error}", file=sys.stderr)
            return 1
        except LinkedDataError as error:
            print(f"unicef-linked: {error}", file=sys.stderr)
            return 2
        except BrokenPipeError:  # the reader of our output, such as head, has ended
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        except KeyboardInterrupt:
            return 130
        return status


@click.group(cls=_Commands, no_args_is_help=False, subcommand_metavar="COMMAND [ARGS]...")
@click.version_option(__version__, message="%(prog)s %(version)s")
def commands() -> None:
    """Publish a folder of RDF as linked data."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status.

    0: done; 1: the data does not conform, a link is wrong, or a service could not be kept running;
    2: unusable input.
    """
    try:
        status: Any = commands.main(arguments, prog_name="unicef-linked", standalone_mode=False)
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else "unicef-linked"
        message = " ".join(error.format_message().split()).removesuffix(".")
        print(f"{path}: {message}; see {path} --help", file=sys.stderr)
        return error.exit_code
    except click.Abort:
        return 130
    return int(status or 0)
