"""The command line: picks the terminal UI or a headless command, and imports neither too early."""

import argparse
import os
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

from tui import __version__
from tui.errors import ExitCode, PodthawError, UsageError
from tui.text import safe_text

if TYPE_CHECKING:
    from tui.host.host import Host
    from tui.restore.options import RestoreOptions

HOST_COMMAND = "PODTHAW_HOST_COMMAND"
"""Environment variable with the default of `--host-command`."""

_FILE = "an archive, an image or a folder with a checkpoint; `-` is standard input"

PLACES = """places:
  rootfs:/PATH           a file that the container changed in its image, or all in a folder
  volume:NAME/PATH       a file of a named volume; without /PATH all of it
  devshm:/PATH           a file in /dev/shm
  tmpfs:/PATH            a file of a tmpfs, by its path in the container
  member:NAME            a file of the archive itself: a log, a document, an image of CRIU's
  fd:PID/FD              what the archive has of an open file: the content of a deleted one or of
                         a memfd, what nobody has read from a pipe or a socket yet
  file:ID                the same, by its ID in `inspect --section files`
  memory:PID/START-END   memory between two addresses in hexadecimal; with START alone the
                         mapping that it lies in
  shared:ID              shared memory, by its `object` in `inspect --section memory`
  core:PID               a process as a core file for debuggers"""

EXIT_CODES = """exit codes:
  0    done, nothing blocks, or the two are the same
  1    blocked, the restore failed, nothing was found, or the two differ
  2    the command line is wrong, or a question would need a terminal
  3    the archive cannot be read, or only in part
  4    the host cannot be asked at all
  5    nothing blocks, but something that matters could not be checked
  70   a defect of podthaw's own; a file has the traceback
  130  interrupted"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code says how it went."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        parser, words = _choose(arguments)
        options = parser.parse_args(words)
        run: Callable[[argparse.Namespace], int] = options.run
        status = run(options)
        sys.stdout.flush()
    except PodthawError as error:
        print(f"podthaw: {safe_text(str(error))}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # whoever read standard output has gone; what it did not take is nobody's loss
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.OK
    except Exception as error:
        from tui.crash import report

        print(f"podthaw: {report(error)}", file=sys.stderr)
        return ExitCode.DEFECT
    return status


class _Parser(argparse.ArgumentParser):
    """Wrong words are an error of podthaw's own, so that they leave by the same door."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}\ntry `{self.prog} --help`")


def _choose(arguments: list[str]) -> tuple[argparse.ArgumentParser, list[str]]:
    if arguments and arguments[0] in _COMMANDS:
        make = _COMMANDS[arguments[0]]
        return make(), arguments[1:]
    return _ui_parser(), arguments


def _new(command: str, description: str) -> _Parser:
    return _Parser(
        prog=f"podthaw {command}".strip(),
        description=description,
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def _ui_parser() -> argparse.ArgumentParser:
    parser = _new("", "Look into a container checkpoint, see what blocks its restore, restore it.")
    parser.usage = (
        "podthaw [FILE|DIR]... [options]\n"
        "       podthaw demo | inspect FILE | search FILE PATTERN | strings FILE\n"
        "       podthaw extract FILE PLACE... --out DIR | diff FILE FILE\n"
        "       podthaw check FILE | restore FILE\n"
        "       podthaw host | explain CODE | history [ID] | settings\n"
        "       podthaw completion SHELL | man"
    )
    parser.add_argument(
        "paths",
        metavar="FILE|DIR|-",
        nargs="*",
        help="archives to open, the first in front, and folders to list (default: this one);"
        " `-` alone is standard input",
    )
    parser.add_argument("--version", action="version", version=f"podthaw {__version__}")
    _add_host_options(parser)
    _add_restore_options(parser)
    _add_secrets_option(parser)
    parser.set_defaults(run=_run_ui)
    return parser


def _demo_parser() -> argparse.ArgumentParser:
    parser = _new("demo", "Open a bundled real checkpoint with a simulated host.")
    parser.set_defaults(run=_run_demo)
    return parser


def _inspect_parser() -> argparse.ArgumentParser:
    parser = _new("inspect", "Print what is inside a checkpoint.")
    _add_file(parser)
    parser.add_argument(
        "--section",
        action="append",
        default=[],
        metavar="NAME",
        help="only this part: config, spec, network, processes, files, sockets, mounts, memory,"
        " filesystem, logs, stats, sizes, extra, findings, members, problems, raw (repeatable)",
    )
    parser.add_argument(
        "--image",
        action="append",
        default=[],
        metavar="NAME",
        help="of the raw images only this one, such as core-1.img (repeatable)",
    )
    parser.add_argument(
        "--memory",
        action="store_true",
        help="look for findings in memory and in files, too, which may be unpacked first",
    )
    parser.add_argument(
        "--digests", action="store_true", help="the SHA-256 of the archive and of every file in it"
    )
    _add_json_option(parser)
    _add_secrets_option(parser)
    parser.set_defaults(run=_run_inspect)
    return parser


def _search_parser() -> argparse.ArgumentParser:
    parser = _new("search", "Look through memory; prints where the pattern is, one hit a line.")
    _add_file(parser)
    parser.add_argument("pattern", metavar="PATTERN", help="text, or what the options say")
    kinds = parser.add_mutually_exclusive_group()
    kinds.add_argument(
        "--regex", action="store_true", help="a regular expression as Python has them, on bytes"
    )
    kinds.add_argument(
        "--hex", action="store_true", help="bytes such as 'de ad ?? ef', where ?? is any byte"
    )
    parser.add_argument(
        "--ignore-case", "-i", action="store_true", help="letters match in either case"
    )
    _add_memory_options(parser, wide="find text in UTF-16, too")
    parser.set_defaults(run=_run_search)
    return parser


def _strings_parser() -> argparse.ArgumentParser:
    parser = _new("strings", "Print everything printable in memory, one string a line.")
    _add_file(parser)
    parser.add_argument(
        "--minimum", "-n", type=int, default=6, metavar="MIN", help="characters (default: 6)"
    )
    _add_memory_options(parser, wide="find UTF-16 instead of ASCII")
    parser.set_defaults(run=_run_strings)
    return parser


def _extract_parser() -> argparse.ArgumentParser:
    parser = _new("extract", "Save files and memory from a checkpoint; prints what was saved.")
    parser.epilog = f"{PLACES}\n\n{EXIT_CODES}"
    _add_file(parser)
    parser.add_argument("places", metavar="PLACE", nargs="+", help="what to save, see below")
    parser.add_argument(
        "--out", metavar="DIR", required=True, help="the folder to save it in, made if need be"
    )
    _add_json_option(parser)
    parser.set_defaults(run=_run_extract)
    return parser


def _diff_parser() -> argparse.ArgumentParser:
    parser = _new("diff", "Compare two checkpoints: of one container over time, or of any two.")
    parser.add_argument("first", metavar="BEFORE", help=_FILE)
    parser.add_argument("second", metavar="AFTER", help="the same; one of them can be `-`")
    parser.add_argument(
        "--section",
        action="append",
        default=[],
        metavar="NAME",
        help="only this part: archive, processes, sockets, files, filesystem, mounts, memory,"
        " network, config, spec (repeatable)",
    )
    parser.add_argument(
        "--all",
        action="store_true",
        help="print what is the same, too, and what differs between any two checkpoints",
    )
    parser.add_argument(
        "--memory",
        action="store_true",
        help="compare memory page by page, too, which may be unpacked first",
    )
    parser.add_argument(
        "--digests", action="store_true", help="compare the content of files of the same size, too"
    )
    _add_json_option(parser)
    _add_secrets_option(parser)
    parser.set_defaults(run=_run_diff)
    return parser


def _check_parser() -> argparse.ArgumentParser:
    parser = _new("check", "Say whether a checkpoint will restore on the host, and what blocks it.")
    _add_file(parser)
    _add_host_options(parser)
    _add_restore_options(parser)
    _add_json_option(parser)
    parser.set_defaults(run=_run_check)
    return parser


def _restore_parser() -> argparse.ArgumentParser:
    parser = _new("restore", "Restore a checkpoint; prints the container's ID.")
    _add_file(parser)
    _add_host_options(parser)
    _add_restore_options(parser)
    parser.add_argument("--yes", "-y", action="store_true", help="restore without asking")
    parser.add_argument("--force", action="store_true", help="restore although something blocks it")
    parser.add_argument(
        "--in-place",
        action="store_true",
        help="try again with what the last failed restore of the archive has left",
    )
    after = parser.add_mutually_exclusive_group()
    after.add_argument(
        "--clean-up", action="store_true", help="remove what a failed restore left behind"
    )
    after.add_argument(
        "--keep-remains", action="store_true", help="keep what a failed restore left behind"
    )
    _add_json_option(parser)
    parser.set_defaults(run=_run_restore)
    return parser


def _host_parser() -> argparse.ArgumentParser:
    parser = _new("host", "Print every fact about the host: can it restore at all?")
    _add_host_options(parser)
    _add_json_option(parser)
    parser.set_defaults(run=_run_host)
    return parser


def _history_parser() -> argparse.ArgumentParser:
    parser = _new("history", "List the restores that were run from here; with ID, show one.")
    parser.add_argument(
        "id", metavar="ID", nargs="?", default="", help="its ID, or how that begins"
    )
    what = parser.add_mutually_exclusive_group()
    _add_json_option(what)
    what.add_argument("--markdown", action="store_true", help="print a report for a ticket")
    what.add_argument(
        "--clean-up", action="store_true", help="remove what the restore ID has left on its host"
    )
    parser.add_argument("--yes", "-y", action="store_true", help="clean up without asking")
    _add_host_options(parser)
    parser.set_defaults(run=_run_history)
    return parser


def _settings_parser() -> argparse.ArgumentParser:
    parser = _new("settings", "Print the settings and where they are from, as a settings file.")
    parser.set_defaults(run=_run_settings)
    return parser


def _explain_parser() -> argparse.ArgumentParser:
    parser = _new("explain", "Explain a check or a rule for findings; without CODE, list them all.")
    parser.add_argument("code", metavar="CODE", nargs="?", default="")
    parser.set_defaults(run=_run_explain)
    return parser


def _completion_parser() -> argparse.ArgumentParser:
    parser = _new("completion", "Print the script that completes podthaw's words in a shell.")
    parser.add_argument("shell", metavar="SHELL", choices=("bash", "zsh", "fish"), help="whose")
    parser.set_defaults(run=_run_completion)
    return parser


def _man_parser() -> argparse.ArgumentParser:
    parser = _new("man", "Print the manual page.")
    parser.set_defaults(run=_run_man)
    return parser


_COMMANDS: dict[str, Callable[[], argparse.ArgumentParser]] = {
    "demo": _demo_parser,
    "inspect": _inspect_parser,
    "search": _search_parser,
    "strings": _strings_parser,
    "extract": _extract_parser,
    "diff": _diff_parser,
    "check": _check_parser,
    "restore": _restore_parser,
    "host": _host_parser,
    "explain": _explain_parser,
    "history": _history_parser,
    "settings": _settings_parser,
    "completion": _completion_parser,
    "man": _man_parser,
}


def _add_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", metavar="FILE", help=_FILE)


def _add_memory_options(parser: argparse.ArgumentParser, *, wide: str) -> None:
    parser.add_argument("--wide", action="store_true", help=wide)
    parser.add_argument(
        "--pid",
        action="append",
        default=[],
        type=int,
        metavar="N",
        help="only in the memory of this process (repeatable)",
    )
    _add_json_option(parser)


def _add_json_option(parser: argparse._ActionsContainer) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")


def _add_secrets_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--show-secrets",
        action="store_true",
        help="show the values of environment variables",
    )


def _add_host_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("the host to restore on")
    group.add_argument(
        "--host",
        choices=("local", "demo"),
        default="local",
        help="this machine, or a simulated one (default: local)",
    )
    group.add_argument(
        "--host-command",
        metavar="PREFIX",
        help="run every command on the host behind PREFIX, such as 'sudo -n' or"
        f" 'nsenter --target PID --all' (environment: {HOST_COMMAND}; settings: host-command)",
    )


def _add_restore_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("restore options, as `podman container restore` has them")
    group.add_argument("--name", "-n", default="", help="give the container a new name and ID")
    group.add_argument("--pod", default="", help="restore into this pod, by name or ID")
    group.add_argument(
        "--publish",
        "-p",
        action="append",
        default=[],
        metavar="SPEC",
        help="publish these ports instead of the recorded ones (repeatable)",
    )
    for flag, text in (
        ("ignore-volumes", "keep the host's volumes: do not restore their content"),
        ("ignore-rootfs", "do not apply the changes to the root file system"),
        ("ignore-static-ip", "do not ask for the recorded IP address"),
        ("ignore-static-mac", "do not ask for the recorded MAC address"),
        ("tcp-established", "restore established TCP connections"),
        ("tcp-close", "restore, but close established TCP connections"),
        ("file-locks", "restore file locks"),
        ("keep", "keep CRIU's logs and images after the restore"),
        ("print-stats", "print CRIU's statistics"),
    ):
        group.add_argument(f"--{flag}", action="store_true", help=text)
    group.add_argument(
        "--import-previous", default="", metavar="FILE", help="the pre-checkpoint archive"
    )
    group.add_argument(
        "--cgroup-manager", default="", choices=("systemd", "cgroupfs"), help="for Podman itself"
    )


def restore_options(options: argparse.Namespace) -> "RestoreOptions":
    """The restore options among the parsed words."""
    from dataclasses import fields

    from tui.restore.options import RestoreOptions

    values = {field.name: getattr(options, field.name) for field in fields(RestoreOptions)}
    return RestoreOptions(**values | {"publish": tuple(options.publish)})


def make_host(options: argparse.Namespace) -> "Host":
    """The host that `--host` and `--host-command` name, or the environment, or the settings.

    Raises UsageError when they name none.
    """
    if options.host == "demo":
        from tui.host.demo import DemoHost

        return DemoHost()
    if options.host_command is not None:
        return _command_host(options.host_command)
    if HOST_COMMAND in os.environ:
        return _command_host(os.environ[HOST_COMMAND])
    from tui.settings import read_settings

    settings = read_settings()
    try:
        return _command_host(settings.host_command)
    except UsageError as error:
        raise settings.wrong("host-command", str(error)) from None


def _command_host(command: str) -> "Host":
    from tui.host.commands import CommandHost

    try:
        prefix = shlex.split(command)
    except ValueError as error:
        raise UsageError(f"the host command cannot be split into words: {error}") from error
    return CommandHost(prefix)


@contextmanager
def _given(path: str) -> Iterator[str]:
    """`path`; of `-` where standard input is kept while the command runs."""
    if path != "-":
        yield path
        return
    from tui.archive.standard_input import spooled, terminal_again

    if sys.stdin.isatty():
        raise UsageError("standard input is a terminal: `-` wants an archive from a pipe or a file")
    with spooled(sys.stdin.buffer) as kept:
        terminal_again()
        yield kept


def _run_inspect(options: argparse.Namespace) -> int:
    from tui.headless.inspect import inspect

    with _given(options.path) as path:
        return inspect(
            path,
            sections=options.section,
            digests=options.digests,
            memory=options.memory,
            images=options.image,
            as_json=options.json,
            reveal=options.show_secrets,
        )


def _run_search(options: argparse.Namespace) -> int:
    from tui.headless.search import search

    with _given(options.path) as path:
        return search(
            path,
            options.pattern,
            regex=options.regex,
            as_hex=options.hex,
            ignore_case=options.ignore_case,
            wide=options.wide,
            pids=options.pid,
            as_json=options.json,
        )


def _run_strings(options: argparse.Namespace) -> int:
    from tui.headless.search import strings

    with _given(options.path) as path:
        return strings(
            path, options.minimum, wide=options.wide, pids=options.pid, as_json=options.json
        )


def _run_extract(options: argparse.Namespace) -> int:
    from tui.headless.extract import extract

    with _given(options.path) as path:
        return extract(path, options.places, options.out, as_json=options.json)


def _run_diff(options: argparse.Namespace) -> int:
    from tui.headless.diff import diff

    if options.first == options.second == "-":
        raise UsageError("only one of the two can be standard input")
    with _given(options.first) as first, _given(options.second) as second:
        return diff(
            first,
            second,
            sections=options.section,
            memory=options.memory,
            digests=options.digests,
            everything=options.all,
            as_json=options.json,
            reveal=options.show_secrets,
        )


def _run_check(options: argparse.Namespace) -> int:
    from tui.headless.check import check

    with _given(options.path) as path:
        return check(path, make_host(options), restore_options(options), as_json=options.json)


def _run_restore(options: argparse.Namespace) -> int:
    from tui.headless.restore import AfterFailure, restore

    after = AfterFailure.ASK
    if options.clean_up:
        after = AfterFailure.CLEAN_UP
    elif options.keep_remains:
        after = AfterFailure.KEEP
    with _given(options.path) as path:
        return restore(
            path,
            make_host(options),
            restore_options(options),
            yes=options.yes,
            force=options.force,
            in_place=options.in_place,
            after_failure=after,
            as_json=options.json,
        )


def _run_host(options: argparse.Namespace) -> int:
    from tui.headless.check import host

    return host(make_host(options), as_json=options.json)


def _run_explain(options: argparse.Namespace) -> int:
    from tui.headless.explain import explain

    return explain(options.code)


def _run_history(options: argparse.Namespace) -> int:
    from tui.headless.history import history, tidy

    if options.clean_up:
        return tidy(options.id, make_host(options), yes=options.yes)
    return history(options.id, as_json=options.json, as_markdown=options.markdown)


def _parsers() -> dict[str, argparse.ArgumentParser]:
    """All of them by the name of the command; that of the UI has none."""
    return {"": _ui_parser()} | {name: make() for name, make in _COMMANDS.items()}


def _run_completion(options: argparse.Namespace) -> int:
    from tui.findings import table as rules
    from tui.headless.completion import completion
    from tui.restore.checks import table as checks

    codes = [row[0] for row in (*checks(), *rules())]
    print(completion(options.shell, _parsers(), codes))
    return ExitCode.OK


def _run_man(_: argparse.Namespace) -> int:
    from tui.headless.man import manual

    print(manual(__version__, _parsers(), EXIT_CODES))
    return ExitCode.OK


def _run_ui(options: argparse.Namespace) -> int:
    first, *others = options.paths or ["."]
    if others and "-" in options.paths:
        raise UsageError("`-` is standard input, and goes alone")
    from tui.settings import read_settings
    from tui.ui.app import run

    settings = read_settings()
    with _given(first) as path:
        return run(
            path,
            make_host(options),
            restore_options(options),
            others=others,
            reveal=options.show_secrets,
            settings=settings,
        )


def _run_demo(_: argparse.Namespace) -> int:
    from tui.settings import read_settings
    from tui.ui.app import run_demo

    return run_demo(read_settings())


def _run_settings(_: argparse.Namespace) -> int:
    from tui.headless.settings import Remappable, settings
    from tui.settings import read_settings
    from tui.ui.keymap import keymap_of
    from tui.ui.keys import SYMBOLS, remappable

    said = read_settings()
    keymap_of(said)
    keys = [
        Remappable(name, [SYMBOLS.get(one, one) for one in key.keys.split(",")], key.help)
        for name, _, key in remappable()
    ]
    return settings(said, os.environ.get(HOST_COMMAND), keys)
