"""The manual page, made from the parsers, so that it cannot be stale."""

import argparse
from collections.abc import Iterator, Mapping

_EXAMPLES = (
    ("podthaw web.tar.zst", "Look into a checkpoint, and restore it from there."),
    ("podthaw demo", "Try it without Podman and without an archive."),
    ("podthaw check --name web2 web.tar.zst", "Say what blocks a restore under a new name."),
    ("podthaw inspect --section config --json web.tar.zst", "Print the container's config."),
    ("podthaw restore --yes web.tar.zst", "Restore it without a question."),
)

_FILES = (
    (
        "$XDG_STATE_HOME/podthaw",
        "The journal of restores and their output; without the variable in ~/.local/state.",
    ),
)


def manual(version: str, parsers: Mapping[str, argparse.ArgumentParser], status: str) -> str:
    """The page in roff; `status` is what is said of exit codes."""
    main = parsers[""]
    lines = [
        f'.TH PODTHAW 1 "" "podthaw {version}" "User Commands"',
        ".SH NAME",
        r"podthaw \- look into a container checkpoint, see what blocks its restore, restore it",
        ".SH SYNOPSIS",
        ".nf",
        *(_text(line.strip()) for line in (main.usage or "").splitlines()),
        ".fi",
        ".SH DESCRIPTION",
        _text(main.description or ""),
        "Without a command the terminal UI opens.",
        ".SH OPTIONS",
        *_options(main),
        ".SH COMMANDS",
    ]
    for name, parser in parsers.items():
        if name:
            usage = " ".join(parser.format_usage().removeprefix("usage: ").split())
            lines += [f".SS {_text(name)}", _text(parser.description or ""), ".PP", _text(usage)]
            lines += _options(parser)
            before = (parser.epilog or "").partition(status)[0].strip()
            if before:
                lines += [".PP", ".nf", *map(_text, before.splitlines()), ".fi"]
    lines += [".SH EXIT STATUS"]
    for line in status.splitlines()[1:]:
        code, _, meaning = line.strip().partition(" ")
        lines += [".TP", f".B {code}", _text(meaning.strip())]
    lines += [".SH ENVIRONMENT", ".TP", ".B PODTHAW_HOST_COMMAND"]
    lines += [_text("The default of --host-command."), ".TP", ".B NO_COLOR", "No colours."]
    for title, entries in (("FILES", _FILES), ("EXAMPLES", _EXAMPLES)):
        lines.append(f".SH {title}")
        for term, meaning in entries:
            lines += [".TP", f".B {_text(term)}", _text(meaning)]
    return "\n".join(lines)


def _options(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        if action.help == argparse.SUPPRESS:
            continue
        value = action.metavar or (
            "{" + ",".join(map(str, action.choices)) + "}"
            if action.choices
            else action.dest.upper()
        )
        if action.option_strings:
            flags = ", ".join(rf"\fB{_text(flag)}\fR" for flag in action.option_strings)
            term = flags if action.nargs == 0 else rf"{flags} \fI{_text(str(value))}\fR"
        elif action.help:
            term = rf"\fI{_text(str(value))}\fR"
        else:
            continue
        yield ".TP"
        yield term
        yield _text((action.help or "").replace("%%", "%"))


def _text(value: str) -> str:
    """`value` as roff shows it as it is."""
    escaped = value.replace("\\", r"\e").replace("-", r"\-").replace("'", r"\(aq")
    escaped = escaped.replace("`", r"\(ga").replace("…", r"\[u2026]")
    return rf"\&{escaped}" if escaped.startswith(".") else escaped
