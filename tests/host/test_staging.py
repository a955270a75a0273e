import asyncio
import io
import stat
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.host.scripts import script
from tui.archive.model import Compression, Contents, FileIdentity
from tui.archive.standard_input import spooled
from tui.errors import ArchiveError, HostError, PodthawError
from tui.host import staging
from tui.host.commands import CommandHost
from tui.host.staging import remove_leftovers, staged
from tui.state import state_dir

CONTENT = b"checkpoint " * 50_000


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "podthaw"


@pytest.fixture(autouse=True)
def copies(tmp_path: Path, state: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where copies go; in the end none may be left."""
    folder = tmp_path / "copies"
    folder.mkdir()
    monkeypatch.setattr(staging, "_FOLDER", f"{folder}/podthaw-")
    yield folder
    assert not list(folder.iterdir()), "a copy was left behind"
    assert not list(state.glob("staged/*")), "a record was left behind"


def contents(path: Path | str) -> Contents:
    status = Path(path).stat()
    identity = FileIdentity(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
    return Contents(str(path), identity, Compression.NONE)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "-odd näme 'x'.tar"
    path.write_bytes(CONTENT)
    return path


def elsewhere(tmp_path: Path, *cases: str) -> CommandHost:
    """A host that does not see this machine's files, and answers some commands otherwise."""
    body = "\n".join(('case "$1" in', *cases, "stat) exit 1;;", "esac", 'exec "$@"'))
    return CommandHost([script(tmp_path, "elsewhere", body)])


def nobody(done: int, total: int) -> None:
    pass


async def stage(host: CommandHost, archive: Path) -> None:
    async with staged(host, contents(archive), nobody):
        pass


async def test_what_came_from_standard_input_is_copied() -> None:
    """Another process has another file, or none, where podthaw has it."""
    with spooled(io.BytesIO(CONTENT)) as kept:
        async with staged(CommandHost(), contents(kept), nobody) as path:
            assert path != kept
            assert Path(path).read_bytes() == CONTENT


async def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="is a folder, and Podman imports archives only"):
        await stage(CommandHost(), tmp_path)


async def test_a_host_that_sees_the_file_gets_its_absolute_path(
    archive: Path, monkeypatch: pytest.MonkeyPatch, state: Path
) -> None:
    monkeypatch.chdir(archive.parent)
    async with staged(CommandHost(), contents(archive.name), nobody) as path:
        assert path == str(archive)
    assert not state.exists()


async def test_a_link_to_the_file_is_the_file(archive: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.tar"
    link.symlink_to(archive)
    async with staged(CommandHost(), contents(link), nobody) as path:
        assert path == str(link)


async def test_a_host_that_does_not_see_the_file_gets_a_private_copy(
    archive: Path, tmp_path: Path, copies: Path
) -> None:
    reports: list[tuple[int, int]] = []
    host = elsewhere(tmp_path)
    async with staged(host, contents(archive), lambda *report: reports.append(report)) as path:
        copy = Path(path)
        assert copy.read_bytes() == CONTENT
        assert copy.parent.parent == copies
        assert stat.S_IMODE(copy.parent.stat().st_mode) == 0o700
    assert reports[-1] == (len(CONTENT), len(CONTENT))
    assert all(total == len(CONTENT) for _, total in reports)


async def test_another_file_of_that_name_on_the_host_is_not_the_archive(
    archive: Path, tmp_path: Path
) -> None:
    same = contents(archive).identity
    older = f"{same.device} {same.inode} {same.size} 1.000000000"
    host = elsewhere(tmp_path, f"stat) echo {older}; exit;;")
    async with staged(host, contents(archive), nobody) as path:
        assert path != str(archive)


async def test_a_copy_is_removed_when_what_needed_it_fails(archive: Path, tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        async with staged(elsewhere(tmp_path), contents(archive), nobody):
            raise ZeroDivisionError


async def test_a_copy_is_removed_when_it_is_cancelled_half_way(
    archive: Path, tmp_path: Path
) -> None:
    started = asyncio.Event()
    host = elsewhere(tmp_path, "tee) head -c 5 > $3; sleep 60;;")

    async def copying() -> None:
        async with staged(host, contents(archive), lambda *_: started.set()):
            raise AssertionError("the copy cannot be complete")

    task = asyncio.create_task(copying())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_truncated_copy_is_found_out(archive: Path, tmp_path: Path) -> None:
    host = elsewhere(tmp_path, 'tee) exec head -c 5 > "$3";;')
    with pytest.raises(PodthawError, match=r"differs .* pass standard input on"):
        await stage(host, archive)


async def test_too_little_space_is_found_before_the_copy(archive: Path, tmp_path: Path) -> None:
    host = elsewhere(tmp_path, "df) printf 'Avail\\n1024\\n'; exit;;", "tee) exit 9;;")
    with pytest.raises(PodthawError, match=r"has 1\.0 KiB left and the archive takes 537\.1 KiB"):
        await stage(host, archive)


async def test_a_failing_copy_says_why(archive: Path, tmp_path: Path) -> None:
    host = elsewhere(tmp_path, "tee) echo 'No space left on device' >&2; exit 1;;")
    with pytest.raises(HostError, match=r"cannot be copied to .*: No space left on device"):
        await stage(host, archive)


async def test_a_host_that_refuses_the_folder_says_why(archive: Path, tmp_path: Path) -> None:
    host = elsewhere(tmp_path, "mkdir) echo 'Read-only file system' >&2; exit 1;;")
    with pytest.raises(HostError, match=r"`mkdir .* failed on .*: Read-only file system"):
        await stage(host, archive)


async def test_a_file_that_was_changed_since_it_was_read_is_refused(archive: Path) -> None:
    read = contents(archive)
    archive.write_bytes(CONTENT + b"more")
    with pytest.raises(ArchiveError, match="has changed since podthaw read it"):
        async with staged(CommandHost(), read, nobody):
            pass


async def test_a_file_that_changes_while_it_is_copied_is_refused(
    archive: Path, tmp_path: Path
) -> None:
    host = elsewhere(tmp_path, f'sha256sum) touch -d @1 "{archive}";;')
    with pytest.raises(ArchiveError, match="has changed since podthaw read it"):
        await stage(host, archive)


async def test_a_file_that_is_gone_is_refused(archive: Path) -> None:
    read = contents(archive)
    archive.unlink()
    with pytest.raises(ArchiveError, match="cannot be read any more: No such file"):
        async with staged(CommandHost(), read, nobody):
            pass


def left_behind(host: str, folder: str) -> Path:
    record = state_dir("staged") / "podthaw-0000000000000000.json"
    record.write_bytes(msgspec.json.encode({"host": host, "folder": folder}))
    return record


async def test_what_a_crash_left_behind_is_removed(copies: Path) -> None:
    folder = copies / "podthaw-00000000deadbeef"
    folder.mkdir()
    (folder / "checkpoint.tar").write_bytes(CONTENT)
    left_behind("this host", str(folder))
    assert await remove_leftovers(CommandHost()) == (str(folder),)


async def test_the_copy_of_a_podthaw_that_lives_is_left_alone(
    archive: Path, tmp_path: Path
) -> None:
    host = elsewhere(tmp_path)
    async with staged(host, contents(archive), nobody) as path:
        assert await remove_leftovers(host) == ()
        assert Path(path).exists()


async def test_copies_on_other_hosts_are_left_for_them(copies: Path) -> None:
    record = left_behind("sudo -n", f"{copies}/podthaw-0123456789abcdef")
    assert await remove_leftovers(CommandHost()) == ()
    record.unlink()


@pytest.mark.parametrize("folder", ["/precious", "/copies/podthaw-", "/copies/podthaw-0/../.."])
async def test_a_record_can_remove_nothing_but_copies(folder: str, tmp_path: Path) -> None:
    record = left_behind("this host", f"{tmp_path}{folder}")
    assert await remove_leftovers(CommandHost()) == ()
    record.unlink()


async def test_a_record_that_makes_no_sense_is_left_alone() -> None:
    record = state_dir("staged") / "x.json"
    record.write_text("no json")
    assert await remove_leftovers(CommandHost()) == ()
    record.unlink()


async def test_a_host_that_cannot_remove_keeps_its_record_for_the_next_time(
    archive: Path, tmp_path: Path
) -> None:
    host = elsewhere(tmp_path, "rm) exit 1;;")
    await stage(host, archive)
    (record,) = state_dir("staged").iterdir()
    assert stat.S_IMODE(record.stat().st_mode) == 0o600
    elsewhere(tmp_path)  # the same host, now without the trouble
    assert len(await remove_leftovers(host)) == 1


def test_the_state_folder_is_private(state: Path) -> None:
    assert state_dir("staged") == state / "staged"
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in (state, state / "staged")} == {0o700}


def test_a_state_folder_that_cannot_be_made_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    with pytest.raises(PodthawError, match=r"Set XDG_STATE_HOME to a folder"):
        state_dir()
