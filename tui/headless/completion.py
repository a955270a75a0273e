"""Scripts that complete podthaw's words in shells, made from its parsers.

Static, so that a Tab starts no Python; only IDs of the history are asked for when they are wanted.
"""

import argparse
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

SHELLS = ("bash", "zsh", "fish")

_FILES = {"FILE", "FILE|DIR|-", "BEFORE", "AFTER"}
_FOLDERS = {"DIR"}

_HISTORY = 'podthaw history --json 2>/dev/null | grep -o \'"id": *"[^"]*\' | grep -o \'[^"]*$\''
"""A command of the shell that prints the IDs of the restores that were run from here."""


@dataclass(frozen=True, slots=True)
class Word:
    """What may stand at a place of the command line."""

    choices: tuple[str, ...] = ()
    files: bool = False
    folders: bool = False
    history: bool = False


@dataclass(frozen=True, slots=True)
class Option:
    """An option with its spellings."""

    flags: tuple[str, ...]
    help: str
    value: Word | None
    """What follows it; None for a switch."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command; that without a name opens the UI."""

    name: str
    help: str
    options: tuple[Option, ...]
    words: Word
    """What its arguments may be."""


Parsers = Mapping[str, argparse.ArgumentParser]
"""By the name of the command."""


def completion(shell: str, parsers: Parsers, codes: Sequence[str]) -> str:
    """The script for `shell`; `codes` are those that can be explained."""
    commands = [_command(name, parser, codes) for name, parser in parsers.items()]
    match shell:
        case "bash":
            return _bash(commands)
        case "zsh":
            return (
                f"#compdef podthaw\nautoload -U +X bashcompinit && bashcompinit\n{_bash(commands)}"
            )
        case _:
            return _fish(commands)


def _command(name: str, parser: argparse.ArgumentParser, codes: Sequence[str]) -> Command:
    options, choices, files, folders = [], list[str](), False, False
    for action in parser._actions:
        if action.option_strings:
            value = None if action.nargs == 0 else _word(action)
            flags = tuple(action.option_strings)
            options.append(Option(flags, (action.help or "").replace("%%", "%"), value))
        else:
            word = _word(action)
            choices += word.choices
            files, folders = files or word.files, folders or word.folders
    if name == "explain":
        choices += codes
    words = Word(tuple(choices), files, folders, history=name == "history")
    return Command(name, parser.description or "", tuple(options), words)


def _word(action: argparse.Action) -> Word:
    metavar = str(action.metavar or "")
    choices = tuple(map(str, action.choices or ())) or _listed(action)
    return Word(choices, metavar in _FILES, metavar in _FOLDERS)


def _listed(action: argparse.Action) -> tuple[str, ...]:
    """The names of sections, which stand in the option's help."""
    found = re.search(r"only this part: ([a-z, ]+)", action.help or "")
    return tuple(found[1].strip().split(", ")) if found else ()


def _bash(commands: Sequence[Command]) -> str:
    names = " ".join(command.name for command in commands if command.name)
    lines = [
        "_podthaw() {",
        "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command=",
        "  local IFS=$' \\t\\n'",
        "  COMPREPLY=()",
        f"  if ((COMP_CWORD > 1)); then case ${{COMP_WORDS[1]}} in {names.replace(' ', '|')})",
        "    command=${COMP_WORDS[1]};; esac; fi",
        "  case $command:$before in",
    ]
    for command in commands:
        for option in command.options:
            if option.value is not None:
                patterns = "|".join(f"{command.name}:{flag}" for flag in option.flags)
                lines.append(f"    {patterns}) {_bash_reply(option.value, '')}; return;;")
    lines += ["  esac", "  case $command:$word in"]
    for command in commands:
        flags = " ".join(flag for option in command.options for flag in option.flags)
        lines.append(f'    {command.name}:-*) COMPREPLY=($(compgen -W "{flags}" -- "$word"));;')
        more = names if not command.name else ""
        lines.append(f"    {command.name}:*) {_bash_reply(command.words, more)};;")
    lines += ["  esac", "}", "complete -F _podthaw podthaw"]
    return "\n".join(lines)


def _bash_reply(word: Word, more: str) -> str:
    choices = " ".join((*word.choices, *more.split()))
    if word.history:
        choices += f"$({_HISTORY})"
    parts = [f'COMPREPLY+=($(compgen -W "{choices}" -- "$word"))'] if choices else []
    if word.files or word.folders:
        kind = "-f" if word.files else "-d"
        parts.append("compopt -o filenames 2>/dev/null; local IFS=$'\\n'")
        parts.append(f'COMPREPLY+=($(compgen {kind} -- "$word"))')
    return "; ".join(parts) or ":"


def _fish(commands: Sequence[Command]) -> str:
    names = " ".join(command.name for command in commands if command.name)
    lines = ["complete -c podthaw -f"]
    for command in commands:
        if command.name:
            when = f"__fish_seen_subcommand_from {command.name}"
            help_ = _quoted(command.help)
            first = f"-n '__fish_is_first_token' -a {command.name} -d {help_}"
            lines.append(f"complete -c podthaw {first}")
        else:
            when = f"not __fish_seen_subcommand_from {names}"
        lines.append(f"complete -c podthaw -n '{when}' {_fish_word(command.words)}".rstrip())
        for option in command.options:
            flags = " ".join(
                f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}"
                for flag in option.flags
            )
            value = "" if option.value is None else f" -x {_fish_word(option.value)}".rstrip()
            value = value.replace(" -x -F", " -r -F")
            lines.append(
                f"complete -c podthaw -n '{when}' {flags}{value} -d {_quoted(option.help)}"
            )
    return "\n".join(lines)


def _fish_word(word: Word) -> str:
    if word.files:
        return "-F"
    if word.folders:
        return "-a '(__fish_complete_directories)'"
    if word.history:
        return f"-a {_quoted(f'({_HISTORY})')}"
    return f"-a {_quoted(' '.join(word.choices))}" if word.choices else ""


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
