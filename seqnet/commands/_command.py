"""The error boundary: every command ends with one line and a code, never with a traceback.

Two rings hold it. `Command.invoke` knows the subcommand and turns what the library raises into
a `CommandError`; `run` prints it, and handles what happens while arguments are parsed and modules
imported. Only this module prints errors.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from typing import Any, NoReturn

import click

from seqnet.errors import SeqnetError

INTERRUPTED, CLOSED_PIPE, TERMINATED = 130, 141, 143


class CommandError(Exception):
    """What a command reports before it exits."""

    def __init__(self, command: str, message: str, code: int) -> None:
        super().__init__(message)
        self.command = command
        self.code = code


class Terminated(BaseException):
    """SIGTERM arrived; raised so that temporary files are cleaned up on the way out."""


class Command(click.Command):
    """A command inside the error boundary."""

    def __init__(self, name: str, *, example: str, **options: Any) -> None:
        lines = "\n".join(f"  {line}" for line in example.splitlines())
        super().__init__(name, epilog=f"\b\nExample:\n{lines}", **options)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; errors for the user come out as `CommandError`."""
        from seqnet.commands._console import capture_log

        capture_log()
        try:
            return super().invoke(ctx)
        except (SeqnetError, OSError, MemoryError, UnicodeError) as error:
            if isinstance(error, BrokenPipeError):
                raise
            code = error.exit_code if isinstance(error, SeqnetError) else 1
            raise CommandError(ctx.command_path, describe(error), code) from error


class Group(click.Group):
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


def describe(error: BaseException) -> str:
    """Return an error as one line in the user's words."""
    if isinstance(error, MemoryError):
        return "out of memory; use smaller input, fewer threads or a smaller batch"
    if isinstance(error, UnicodeError):
        return f"a text could not be encoded or decoded: {error}"
    if isinstance(error, OSError):
        reason = os.strerror(error.errno).lower() if error.errno else str(error)
        return f"{error.filename}: {reason}" if error.filename else reason
    return " ".join(str(error).split())


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
    except (SeqnetError, OSError, MemoryError) as error:
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
        print(f"{command}: error: {message}", file=sys.stderr)  # noqa: T201  the one place that prints
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
