"""The error boundary: every command ends with one line and a code, never with a traceback.

Two rings hold it. `Command.invoke` knows the subcommand and turns what the library raises into
a `CommandError`; `run` prints it, and handles what happens while arguments are parsed and modules
imported. Only this module prints errors.
"""

from __future__ import annotations

import os
import re
import signal
import sys
from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING, Any, NoReturn

import click

from seqnet.commands._console import RENAMED, console, tables_on_terminal
from seqnet.commands.options.groups import write_options
from seqnet.errors import TERMINATED, SeqnetError, Terminated, brief, describe, failed_import, lacks_memory
from seqnet.reporting import warn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from click.shell_completion import CompletionItem

INTERRUPTED, CLOSED_PIPE = 130, 141
_FILES = {
    "BED", "BIGWIG", "DIR", "FASTA", "FILE", "FOLDER", "HTML", "JSON", "MODEL", "MOTIF", "MOTIFS", "NPZ",
    "NARROWPEAK", "PREFIX", "SPEC", "SVG", "TABLE", "TOML", "TSV",
}  # fmt: skip
"""Metavars of inputs and outputs."""
_SCRATCH = {"cache_dir", "tmpdir", "work_dir"}
"""Options of folders that are neither."""
_PLACE = re.compile(r"[^A-Z]+")


class CommandError(Exception):
    """What a command reports before it exits."""

    def __init__(self, command: str, message: str, code: int) -> None:
        super().__init__(message)
        self.command = command
        self.code = code


class FileName(click.types.StringParamType):
    """The type of options and arguments that name a file: shells complete it."""

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return the item that leaves completion to the shell, which knows the files."""
        from click.shell_completion import CompletionItem  # which a command itself does not need

        del ctx, param
        return [CompletionItem(incomplete, type="file")]


class _ShortHelp(click.Command):
    """A command or group that shows its help for ``-h`` too."""

    def get_help_option_names(self, ctx: click.Context) -> list[str]:
        """Return the options that show help."""
        del ctx
        return ["-h", "--help"]


class Command(_ShortHelp):
    """A command inside the error boundary.

    Parameters
    ----------
    in_place
        Whether an output may replace an input, as that of a command that edits a file.
    table
        Whether the output is a table to look at, which is aligned on a terminal.
    """

    def __init__(
        self, name: str, *, example: str, in_place: bool = False, table: bool = False, **options: Any
    ) -> None:
        self.in_place, self.table = in_place, table
        lines = "\n".join(f"  {line}" for line in example.splitlines())
        super().__init__(name, epilog=f"\b\nExample:\n{lines}", **options)
        for param in self.params:
            if param.type is click.STRING and (isinstance(param, click.Argument) or names_file(param)):
                param.type = FileName()

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, in groups where there are many."""
        write_options(self.get_params(ctx), ctx, formatter)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the options; a single value given twice is an error or a warning."""
        try:
            repeated = [] if ctx.resilient_parsing else self._repeated(ctx, list(args))
        except click.UsageError as error:  # the parser's own do not all name the command
            error.ctx = error.ctx or ctx
            raise
        for option in repeated:
            if names_file(option):
                raise click.UsageError(f"{option.opts[-1]} is given more than once; give it once", ctx)
        rest = super().parse_args(ctx, args)
        warnings = [
            f"{option.opts[-1]} is given more than once; the last value is used" for option in repeated
        ]
        warnings += ctx.meta.get(RENAMED, [])
        if warnings:
            with console(ctx):
                for text in warnings:
                    warn(text)
        return rest

    def _repeated(self, ctx: click.Context, args: list[str]) -> list[click.Option]:
        """Return the options of one value that have several, in the order of the command."""
        values, _, given = self.make_parser(ctx).parse_args(args=args)
        self._refuse_options_as_values(ctx, values)
        single = [p for p in self.params if isinstance(p, click.Option) and not (p.is_flag or p.multiple)]
        return [option for option in single if given.count(option) > 1]

    def _refuse_options_as_values(self, ctx: click.Context, values: Mapping[str, Any]) -> None:
        """Refuse an option without its value, which has taken the next option for it."""
        names = {name for param in self.params for name in (*param.opts, *param.secondary_opts)}
        for param in self.params:
            if not isinstance(param, click.Option) or param.is_flag or param.name not in values:
                continue
            raw = values[param.name]
            for text in raw if isinstance(raw, list | tuple) else [raw]:
                if isinstance(text, str) and text.startswith("-") and text in names:
                    message = f"option '{param.opts[-1]}' requires an argument; {text} is an option"
                    raise click.UsageError(message, ctx)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; errors for the user come out as `CommandError`."""
        from seqnet.commands.options.outputs import outputs_of

        try:
            with console(ctx), tables_on_terminal(ctx) if self.table else nullcontext(), outputs_of(ctx):
                return super().invoke(ctx)
        except Exception as error:
            if isinstance(error, BrokenPipeError) or not _expected(error):
                raise
            code = error.exit_code if isinstance(error, SeqnetError) else 1
            raise CommandError(ctx.command_path, describe(error) + _swapped(error, ctx), code) from error


def _swapped(error: BaseException, ctx: click.Context) -> str:
    """Return which other input is of the kind that was expected where an error met another kind."""
    if not isinstance(error, SeqnetError):
        return ""
    from seqnet.formats.files.sniff import CALLED, KindError, known_kind

    if not isinstance(error, KindError):
        return ""
    entries = [entry if isinstance(entry, tuple) else (entry,) for entry in ctx.params.values()]
    given = [value for entry in entries for value in entry]
    others = [value for value in given if isinstance(value, str) and value not in ("-", error.path)]
    other = next((value for value in others if known_kind(value) == error.expected), None)
    return "" if other is None else f"; {other} holds {CALLED[error.expected]}: are the two swapped?"


def names_file(option: click.Parameter) -> bool:
    """Return whether the value of an option names an input or an output, by its metavar.

    Folders for temporary files and caches are neither.
    """
    kinds = set(_PLACE.split(option.metavar or ""))
    return bool(kinds & _FILES) and option.name not in _SCRATCH


class Group(_ShortHelp, click.Group):
    """A group that shows its help when called alone and suggests what a typo meant."""

    command_class = Command

    def __init__(self, name: str, **options: Any) -> None:
        super().__init__(name, **{"invoke_without_command": True, "callback": _help_alone, **options})

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of definition."""
        del ctx
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command, or suggest the one that was meant."""
        names = self.list_commands(ctx)
        if args and not args[0].startswith("-") and args[0] not in names:
            from difflib import get_close_matches

            near = get_close_matches(args[0], names, 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(f"no command {args[0]!r}{hint}", ctx)
        return super().resolve_command(ctx, args)


def _help_alone() -> None:
    """Show the help of a group that was called without a command."""
    ctx = click.get_current_context()
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


class MainGroup(Group):
    """The outermost group, with ``--version``."""

    def __init__(self, name: str, **options: Any) -> None:
        super().__init__(name, callback=_version_or_help, **options)
        self.params += [
            click.Option(["--version"], is_flag=True, help="Print the version and exit."),
            click.Option(["-v", "--verbose"], is_flag=True, help="With --version: kernels and libraries."),
        ]


def _version_or_help(version: bool, verbose: bool) -> None:
    """Answer ``--version``, or show help when there is no subcommand."""
    if not version:
        _help_alone()
        return
    from seqnet.commands._version import version_text

    click.echo(version_text(verbose=verbose))
    click.get_current_context().exit(0)


def _expected(error: Exception) -> bool:
    """Return whether an error is one of the data or the surroundings, not a defect of the program."""
    if isinstance(error, SeqnetError | OSError | MemoryError | UnicodeError | RecursionError):
        return True
    return lacks_memory(error) or bool(failed_import(error))


def run(group: click.Group) -> NoReturn:
    """Run the command line and exit: 0 done, 1 bad data, 2 usage, 130, 141, 143 for signals."""
    with suppress(ValueError):  # not in the main thread: leave signals alone
        signal.signal(signal.SIGTERM, _terminate)
    code = _guarded(group)
    with suppress(OSError):
        sys.stderr.flush()
    if code == CLOSED_PIPE:
        _discard_stdout()
    if code == INTERRUPTED:
        # an interrupt that met an eval() makes the interpreter end by the signal, whatever we exit with
        os._exit(code)
    sys.exit(code)


def _terminate(_number: int, _frame: object) -> NoReturn:
    """Turn SIGTERM into an exception."""
    raise Terminated


def _guarded(group: click.Group) -> int:
    """Run the group; return the exit code, with what went wrong printed."""
    code = 0
    try:
        code = _invoke(group)
        _close_stdout()
    except CommandError as failure:
        return _report(failure.command, str(failure), failure.code)
    except click.ClickException as error:
        ctx = getattr(error, "ctx", None)
        command = ctx.command_path if ctx else "seqnet"
        return _report(command, _usage_message(error, command), error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        return _report("seqnet", "interrupted", INTERRUPTED)
    except Terminated:
        return _report("seqnet", "terminated", TERMINATED)
    except BrokenPipeError:
        return CLOSED_PIPE
    except Exception as error:
        if not _expected(error):
            raise
        return _report("seqnet", describe(error), getattr(error, "exit_code", 1))
    return code


def _invoke(group: click.Group) -> int:
    """Parse the arguments and run the command; return the code that ``ctx.exit`` asks for.

    This is what click's own ``main`` does, which however turns a closed pipe into exit 1. Only
    shell completion is left to it.
    """
    if "_SEQNET_COMPLETE" in os.environ:
        group.main(prog_name="seqnet")
    try:
        with group.make_context("seqnet", sys.argv[1:]) as ctx:
            group.invoke(ctx)
    except click.exceptions.Exit as end:
        return end.exit_code
    return 0


def _usage_message(error: click.ClickException, command: str) -> str:
    """Return a usage error as one line."""
    message = " ".join(error.format_message().split()).rstrip(".")
    message = message[:1].lower() + message[1:]
    return f"{message} (see '{command} --help')" if isinstance(error, click.UsageError) else message


def _report(command: str, message: str, code: int) -> int:
    """Print one line, and the traceback where ``--debug`` asks for it."""
    if "--debug" in sys.argv:
        import traceback

        traceback.print_exc()
    with suppress(OSError):
        print(f"{command}: error: {brief(message)}", file=sys.stderr)  # noqa: T201  the one place that prints
    return code


def _close_stdout() -> None:
    """Flush and close stdout, so that a full disk or a closed pipe is noticed before exit 0."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
        sys.stdout.close()
    except BrokenPipeError:
        raise
    except OSError as error:
        error.filename = "standard output"
        _discard_stdout()
        raise


def _discard_stdout() -> None:
    """Let the interpreter's own last flush go nowhere."""
    with suppress(OSError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.close(null)
