"""The settings file: what it may say, and how each mistake in it is told."""

import tomllib
from pathlib import Path

import pytest

from tui.cli import main
from tui.errors import ExitCode, UsageError
from tui.settings import VARIABLE, read_settings
from tui.state import choose_theme, chosen_theme
from tui.ui.keymap import keymap_of, normal, taken

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "settings.toml"
    monkeypatch.setenv(VARIABLE, str(path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("PODTHAW_HOST_COMMAND", raising=False)
    return path


def test_without_a_file_nothing_is_said(path: Path) -> None:
    settings = read_settings()
    assert (settings.path, settings.theme, settings.host_command) == (path, "", "")
    assert (settings.folders, settings.keys) == ((), {})


def test_the_file_lies_in_the_folder_for_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert read_settings().path == tmp_path / "podthaw" / "settings.toml"


def test_everything_can_be_said(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    path.write_text(
        'theme = "nord"\nhost-command = "sudo -n"\nfolders = ["~/checkpoints", "/var/x"]\n'
        '[keys]\n"inspector.restore" = "R"\ninspector.filter = ["f5", "/"]\n'
    )
    settings = read_settings()
    assert settings.theme == "nord"
    assert settings.host_command == "sudo -n"
    assert settings.folders == ("/home/ann/checkpoints", "/var/x")
    assert settings.keys == {"inspector.restore": ("R",), "inspector.filter": ("f5", "/")}
    assert settings.line("keys.inspector.filter") == 6


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('theme = "nord"\n\nhost = = 3\n', 3, "not TOML"),
        ('theme = "nord"\nfolders = [\n', 2, "not TOML"),
        ('\nthem = "nord"\n', 2, "no setting them; did you mean theme?"),
        ("theme = 3\n", 1, "theme must be a string"),
        ("# one\nhost-command = true\n", 2, "not true or false"),
        ('folders = "/var"\n', 1, "folders must be a list of strings"),
        ('folders = ["/var", 3]\n', 1, "something else inside"),
        ('folders = ["var"]\n', 1, "var must begin with / or ~"),
        ("keys = 3\n", 1, "keys must be a table"),
        ('[keys]\n"inspector.restore" = 3\n', 2, "must be a key or a list of keys"),
        ('[keys]\n"inspector.restore" = []\n', 2, "must be a key or a list of keys"),
        ('[keys]\n\n"inspector.restor" = "R"\n', 3, "did you mean inspector.restore?"),
        ('[keys]\n"inspector.views" = "v"\n', 2, "cannot be given other keys"),
        ('[keys]\n"inspector.restore" = "ctrl+m"\n', 2, "cannot tell ctrl+m from Enter"),
        ('[keys]\n"inspector.restore" = "ctrl+I"\n', 2, "cannot tell ctrl+I from Tab"),
        ('[keys]\n"inspector.restore" = "pageupp"\n', 2, "did you mean pageup?"),
        ('[keys]\n"inspector.restore" = "hyper+x"\n', 2, "hyper+x is no key"),
        ('[keys]\n"inspector.restore" = "c"\n', 2, "c is inspector.conflicts already"),
        ('[keys]\n"inspector.restore" = "?"\n', 2, "? is everywhere.help already"),
        ('[keys]\n"views.down" = "r"\n', 2, "r is inspector.restore already"),
        ('[keys.inspector]\n\nrestore = "1"\n', 3, "1 is inspector.views already"),
        ('[keys]\n"inspector.fix" = "Z"\n"inspector.restore" = "Z"\n', 2, "inspector.restore"),
    ],
)
def test_each_mistake_is_told_with_its_line(path: Path, text: str, line: int, words: str) -> None:
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        keymap_of(read_settings())
    assert str(caught.value).startswith(f"{path}, line {line}: ")
    assert words in str(caught.value)
    assert caught.value.exit_code is ExitCode.USAGE


def test_bytes_that_are_no_text_are_told_with_their_line(path: Path) -> None:
    path.write_bytes(b'theme = "nord"\n# \xff\n')
    with pytest.raises(UsageError, match="line 2: this is not UTF-8"):
        read_settings()


def test_what_cannot_be_read_is_told(path: Path) -> None:
    path.mkdir()
    with pytest.raises(UsageError, match="it cannot be read: Is a directory"):
        read_settings()


def test_keys_may_change_places(path: Path) -> None:
    path.write_text('[keys]\n"inspector.restore" = "c"\n"inspector.conflicts" = "r"\n')
    keymap = keymap_of(read_settings())
    assert (keymap["inspector.restore"], keymap["inspector.conflicts"]) == ("c", "r")
    assert keymap["inspector.return"] == "b,backspace"
    assert taken(keymap) == {"c", "r"}


def test_keys_that_share_one_by_default_may_keep_it(path: Path) -> None:
    path.write_text('[keys]\n"run.cancel" = ["escape", "X"]\n')
    assert keymap_of(read_settings())["run.cancel"] == "escape,X"


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("R", "R"),
        ("/", "slash"),
        ("+", "plus"),
        (",", "comma"),
        (" ", "space"),
        ("Ctrl+R", "ctrl+r"),
        ("ctrl++", "ctrl+plus"),
        ("shift+ctrl+F5", "ctrl+shift+f5"),
        ("question_mark", "question_mark"),
        ("shift+a", None),
        ("ctrl+ctrl+a", None),
        ("", None),
        ("ä", None),
    ],
)
def test_keys_may_be_written_as_people_know_them(written: str, name: str | None) -> None:
    assert normal(written) == name


WEB = str(Path(__file__).parent / "data" / "web.tar.zst")


def test_commands_for_scripts_obey_the_host_command(path: Path, capsys: Captured) -> None:
    path.write_text('\nhost-command = "/nowhere/at-all"\n')
    assert main(["check", WEB]) == ExitCode.HOST
    assert "/nowhere/at-all" in capsys.readouterr().err


def test_what_is_typed_beats_the_environment_and_that_the_settings(
    path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_text('host-command = "/from/the-file"\n')
    monkeypatch.setenv("PODTHAW_HOST_COMMAND", "/from/the-environment")
    main(["check", WEB])
    assert "/from/the-environment" in capsys.readouterr().err
    main(["check", WEB, "--host-command", "/typed"])
    assert "/typed" in capsys.readouterr().err


@pytest.mark.parametrize(("command", "words"), [("'", "split into words"), ("ssh host", "ssh")])
def test_a_host_command_that_cannot_be_is_told_with_its_line(
    path: Path, capsys: Captured, command: str, words: str
) -> None:
    path.write_text(f'\nhost-command = "{command}"\n')
    assert main(["check", WEB]) == ExitCode.USAGE
    told = capsys.readouterr().err
    assert "line 2: " in told
    assert words in told


def test_what_is_printed_is_a_settings_file_that_says_the_same(
    path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_text(
        'theme = "nord"\nfolders = ["/var/\\u0007x"]\n[keys]\n"inspector.restore" = ["R", "f5"]\n'
    )
    monkeypatch.setenv("PODTHAW_HOST_COMMAND", "sudo -n")
    assert main(["settings"]) == 0
    printed = capsys.readouterr().out
    assert all(line.isprintable() for line in printed.splitlines())
    assert tomllib.loads(printed) == {
        "theme": "nord",
        "host-command": "sudo -n",
        "folders": ["/var/\x07x"],
        "keys": {"inspector.restore": ["R", "f5"]},
    }
    assert 'theme = "nord"  # line 1 of the file' in printed
    assert 'host-command = "sudo -n"  # from the environment' in printed
    assert '# "everywhere.help" = ["?", "f1"]' in printed


def test_without_a_file_everything_is_commented_out(path: Path, capsys: Captured) -> None:
    choose_theme("dracula")
    assert main(["settings"]) == 0
    printed = capsys.readouterr().out
    assert tomllib.loads(printed) == {"keys": {}}
    assert "not there yet" in printed
    assert '# theme = "dracula"  # chosen last' in printed


def test_every_default_that_is_printed_can_be_written_into_the_file(
    path: Path, capsys: Captured
) -> None:
    main(["settings"])
    lines = capsys.readouterr().out.splitlines()
    path.write_text("\n".join(line[2:] if line.startswith('# "') else line for line in lines))
    assert len(read_settings().keys) > 50
    assert taken(keymap_of(read_settings())) == frozenset()


def test_a_mistake_ends_the_command(path: Path, capsys: Captured) -> None:
    path.write_text('[keys]\n"inspector.restore" = "c"\n')
    assert main(["settings"]) == ExitCode.USAGE
    assert "line 2" in capsys.readouterr().err


def test_the_theme_that_was_chosen_is_kept_privately(tmp_path: Path) -> None:
    assert chosen_theme() == ""
    choose_theme("nord")
    choose_theme("dracula")
    assert chosen_theme() == "dracula"
    (file,) = (tmp_path / "state" / "podthaw").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
