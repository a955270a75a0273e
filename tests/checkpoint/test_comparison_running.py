"""What was running, compared: processes that moved, descriptors, sockets, mounts, mappings."""

from collections.abc import Iterable
from dataclasses import replace

from tests.checkpoint.comparisons import WEB, expected, flat, side
from tui.checkpoint.comparison import Comparison, compare
from tui.checkpoint.comparison.memory import regions
from tui.checkpoint.comparison.pairs import pair
from tui.checkpoint.comparison.side import Side
from tui.criu.commands import Started
from tui.criu.descriptors import Descriptor, Descriptors, OpenFile
from tui.criu.inside import Inside
from tui.criu.memories import Memories
from tui.criu.memory import Memory
from tui.criu.mounts import Mount, Mounts
from tui.criu.pages import Pages
from tui.criu.processes import Process, Processes
from tui.criu.sockets import AnySocket, InetSocket, Sockets, UnixSocket
from tui.criu.threads import Credentials, Thread
from tui.criu.vma import Kind, Status, Vma

BASE = side(WEB)
OTHER = replace(BASE.origin, id="b" * 64)
"""Of another container."""


def process(pid: int, ppid: int, program: str, **more: object) -> Process:
    return replace(
        Process(pid, ppid, pgid=pid, sid=pid, name=program, exe=f"/bin/{program}", state="running"),
        **more,  # type: ignore[arg-type]
    )


def running(
    *processes: Process,
    descriptors: Descriptors | None = None,
    sockets: Iterable[AnySocket] = (),
    mounts: Iterable[Mount] = (),
    maps: dict[int, tuple[Vma, ...]] | None = None,
    other: bool = False,
) -> Side:
    """The web checkpoint with something else running in it."""
    by_pid = {one.pid: one for one in processes}
    children: dict[int, tuple[int, ...]] = {}
    for one in processes:
        if one.ppid in by_pid:
            children[one.ppid] = (*children.get(one.ppid, ()), one.pid)
    found = list(mounts)
    pages = Pages({}, {}, None)
    return replace(
        BASE,
        origin=OTHER if other else BASE.origin,
        inside=Inside(
            Processes(
                by_pid,
                tuple(one.pid for one in processes if one.ppid not in by_pid),
                children,
            ),
            descriptors or Descriptors(),
            Sockets({one.file_id: one for one in sockets}),
            Mounts({one.id: one for one in found}, tuple(one.id for one in found)),
        ),
        memories=Memories(
            tuple(Memory(pid, vmas, pages) for pid, vmas in (maps or {}).items()), pages=pages
        ),
        started={},
    )


def both(before: Side, after: Side, section: str) -> list[tuple[str, str, str]]:
    return flat(compare(before, after), section)


def test_a_process_keeps_its_pid_in_its_container() -> None:
    before = running(process(1, 0, "sh"), process(5, 1, "worker"), process(6, 1, "old"))
    after = running(process(1, 0, "sh"), process(5, 1, "worker"), process(6, 1, "new"))
    assert both(before, after, "processes") == [
        ("/6 new/program", "changed", "/bin/old → /bin/new"),
        ("/6 new/name", "changed", "old → new"),
    ]


def test_elsewhere_a_process_is_known_by_its_program_and_parents() -> None:
    before = running(process(1, 0, "sh"), process(5, 1, "worker"), process(6, 5, "helper"))
    after = running(
        process(101, 0, "sh"),
        process(120, 101, "helper"),
        process(105, 101, "worker"),
        process(106, 105, "helper"),
        other=True,
    )
    pairs = pair(before, after)
    assert [one.key for one in pairs.pairs] == ["1→101", "5→105", "6→106", "→120"]
    found = compare(before, after)
    assert flat(found, "processes") == [("/120 helper", "added", "")]
    [section] = [one for one in found.sections if one.name == "processes"]
    assert section.notes == ("3 with another PID, matched by program and parents",)
    assert expected(found)["processes/5→105 worker/PID"] == "matched by its program and parents"


def test_pids_alone_mean_nothing_between_two_containers() -> None:
    before = running(process(1, 0, "sh"), process(5, 1, "cat"))
    after = running(process(1, 0, "init"), process(5, 1, "dog"), other=True)
    assert [(way, kind) for way, kind, _ in both(before, after, "processes")] == [
        ("/1 init/program", "changed"),
        ("/1 init/name", "changed"),
        ("/5 cat", "removed"),
        ("/5 dog", "added"),
    ]


def test_a_long_chain_of_processes_is_no_trouble() -> None:
    chain = [process(at, at - 1, "sh") for at in range(1, 20_001)]
    moved = [process(at + 50_000, at + 49_999 if at > 1 else 0, "sh") for at in range(1, 20_001)]
    pairs = pair(running(*chain), running(*moved, other=True))
    assert (len(pairs.pairs), pairs.moved) == (20_000, 20_000)


def test_rights_and_state_are_told() -> None:
    def one(credentials: Credentials, state: str, threads: int) -> Side:
        those = [Thread(tid, f"t{tid}", credentials=credentials) for tid in range(1, threads + 1)]
        return running(process(1, 0, "sh", threads=tuple(those), state=state))

    every = ("cap_chown", "cap_net_admin")
    full = Credentials(effective=every, permitted=every, bounding=every)
    less = Credentials(uid=33, effective_uid=33, saved_uid=33, bounding=every)
    assert both(one(full, "running", 1), one(less, "stopped", 2), "processes") == [
        ("/1 sh/state", "changed", "running → stopped"),
        ("/1 sh/threads", "changed", "1 → 2"),
        ("/1 sh/other threads/t2", "added", ""),
        ("/1 sh/user", "changed", "0 → 33"),
        ("/1 sh/capabilities/cap_chown", "removed", ""),
        ("/1 sh/capabilities/cap_net_admin", "removed", ""),
        ("/1 sh/capabilities/cap_chown (bounding alone)", "added", ""),
        ("/1 sh/capabilities/cap_net_admin (bounding alone)", "added", ""),
    ]


def test_what_a_program_left_of_its_environment_is_no_name() -> None:
    before = replace(running(process(1, 0, "sh")), started={1: Started(("sh",), ("A=1",))})
    after = replace(before, started={1: Started(("sh",), ("secret-tail", "A=1"))})
    assert both(before, after, "processes") == [("/1 sh/environment/(no name)", "added", "")]


def opened(*files: OpenFile, pids: tuple[int, ...] = (1,)) -> Descriptors:
    """Every process has a table of its own with the same files."""
    table = tuple(Descriptor(at, one) for at, one in enumerate(files))
    return Descriptors(
        files={one.id: one for one in files},
        tables=dict.fromkeys(pids, table),
        owners={pid: (pid,) for pid in pids},
        holders={one.id: tuple((pid, at) for pid in pids) for at, one in enumerate(files)},
    )


def test_descriptors_are_known_by_their_number() -> None:
    log = OpenFile(1, "file", "/log", position=10, size=10)
    pipe = OpenFile(2, "pipe", "pipe:[77]")
    before = running(process(1, 0, "sh"), descriptors=opened(log, pipe))
    grown, other = replace(log, position=12, size=30), replace(pipe, description="pipe:[78]")
    after = running(
        process(1, 0, "sh"), descriptors=opened(grown, other, OpenFile(3, "file", "/new"))
    )
    found = compare(before, after)
    assert flat(found, "files") == [
        ("/1 sh/fd 0/position", "changed", "10 → 12"),
        ("/1 sh/fd 0/size", "changed", "10 → 30"),
        ("/1 sh/fd 2", "added", ""),
    ]
    assert expected(found)["files/1 sh/fd 1/what"] == "only IDs differ in it"


def test_names_that_are_digests_are_names_in_one_container() -> None:
    blobs = [OpenFile(1, "file", f"/blobs/{letter * 64}") for letter in "ab"]
    before, after = (running(process(1, 0, "sh"), descriptors=opened(one)) for one in blobs)
    [(way, kind, _)] = both(before, after, "files")
    assert (way, kind) == ("/1 sh/fd 0/what", "changed")
    elsewhere = replace(after, origin=OTHER)
    assert both(before, elsewhere, "files") == []


def test_a_file_that_many_inherit_is_told_once() -> None:
    log = OpenFile(1, "file", "/log", size=10)
    family = [process(1, 0, "sh"), process(2, 1, "a"), process(3, 1, "b")]
    before = running(*family, descriptors=opened(log, pids=(1, 2, 3)))
    after = running(*family, descriptors=opened(replace(log, size=11), pids=(1, 2, 3)))
    assert both(before, after, "files") == [("/1 sh/fd 0/size", "changed", "10 → 11")]


def test_the_descriptors_of_a_process_that_ended_are_counted() -> None:
    log = OpenFile(1, "file", "/log")
    before = running(process(1, 0, "sh"), process(2, 1, "a"), descriptors=opened(log, pids=(1, 2)))
    after = running(process(1, 0, "sh"), descriptors=opened(log))
    [section] = [one for one in compare(before, after).sections if one.name == "files"]
    [gone] = [one for one in section.root.inside if one.differs]
    assert (gone.label, gone.kind, gone.before) == ("2 a", "removed", "1 descriptor")


def tcp(
    file_id: int, port: int, peer: int = 0, state: str = "LISTEN", **more: object
) -> InetSocket:
    return InetSocket(
        file_id, file_id, "stream", "tcp", state,
        source="0.0.0.0", source_port=port, destination="10.0.0.9", destination_port=peer,
        **more,  # type: ignore[arg-type]
    )  # fmt: skip


def test_sockets_are_known_by_protocol_and_addresses() -> None:
    before = running(
        process(1, 0, "sh"),
        sockets=[tcp(1, 80, backlog=5), tcp(2, 80, 5000, "ESTABLISHED"), tcp(3, 22)],
    )
    after = running(
        process(1, 0, "sh"),
        sockets=[tcp(8, 22), tcp(9, 80, backlog=9), tcp(7, 80, 6000, "ESTABLISHED")],
    )
    assert both(before, after, "sockets") == [
        ("/tcp 0.0.0.0:80/backlog", "changed", "5 → 9"),
        ("/tcp 0.0.0.0:80 → 10.0.0.9:5000", "removed", ""),
        ("/tcp 0.0.0.0:80 → 10.0.0.9:6000", "added", ""),
    ]


def test_nameless_sockets_are_known_by_who_has_them() -> None:
    def one(file_id: int, inode: int, fd: int, mode: int) -> Side:
        socket = UnixSocket(file_id, inode, "stream", "", "ESTABLISHED", mode=mode)
        file = OpenFile(file_id, "unix socket", f"socket:[{inode}]")
        table = (Descriptor(fd, file),)
        listed = Descriptors({file_id: file}, {1: table}, {1: (1,)}, {file_id: ((1, fd),)})
        return running(process(1, 0, "sh"), descriptors=listed, sockets=[socket])

    assert both(one(4, 77, 3, 0o600), one(9, 88, 3, 0o666), "sockets") == [
        ("/unix stream/mode", "changed", f"{0o600} → {0o666}")
    ]


def mount(number: int, place: str, **more: object) -> Mount:
    known = Mount(number, 0, 13, "tmpfs", "tmpfs", "/", place, ("rw",), device=f"0:{number}")
    return replace(known, **more)  # type: ignore[arg-type]


def test_mounts_are_known_by_their_place() -> None:
    before = running(mounts=[mount(1, "/a"), mount(2, "/b"), mount(3, "/b")])
    after = running(mounts=[mount(7, "/b"), mount(8, "/b", flags=("ro",)), mount(9, "/c")])
    found = compare(before, after)
    assert flat(found, "mounts") == [
        ("//a", "removed", ""),
        ("//b/flags/rw", "removed", ""),
        ("//b/flags/ro", "added", ""),
        ("//c", "added", ""),
    ]
    assert expected(found)["mounts//b/device"] == "numbers that the kernel gives"


PRIVATE = Status.REGULAR | Status.ANON_PRIVATE


def area(
    start: int, pages: int, kind: Kind = Kind.ANONYMOUS, path: str = "", offset: int = 0
) -> Vma:
    return Vma(start, start + 4096 * pages, 3, 2, PRIVATE, kind, path, offset)


STACK = area(0x7FFF0000, 4, Kind.STACK)


def mapped(*vmas: Vma) -> Side:
    return running(process(1, 0, "sh"), maps={1: tuple(sorted(vmas, key=lambda one: one.start))})


def sizes(found: Comparison) -> list[tuple[str, str, str]]:
    return flat(found, "memory")


def test_mappings_are_known_by_their_addresses_while_these_hold() -> None:
    before = mapped(area(0x1000, 1), area(0x5000, 1, Kind.HEAP), STACK)
    grown = replace(STACK, start=STACK.start - 4096)
    after = mapped(area(0x1000, 1), area(0x5000, 3, Kind.HEAP), area(0x20000, 1), grown)
    found = compare(before, after)
    assert sizes(found) == [
        ("/1 sh/[heap] at 5000/size", "changed", "4096 → 12288"),
        ("/1 sh/[stack] at 7ffef000/size", "changed", "16384 → 20480"),
        ("/1 sh/[anonymous] at 20000", "added", ""),
    ]
    assert expected(found)["memory/1 sh/[stack] at 7ffef000/start"] == "it has kept its end"


def test_mappings_are_known_by_what_they_are_where_all_was_placed_anew() -> None:
    def layout(base: int, extra: int) -> tuple[Vma, ...]:
        return (
            area(base, 1, Kind.FILE, "/lib/c.so"),
            area(base + 0x1000, 2, Kind.FILE, "/lib/c.so", 0x1000),
            area(base + 0x3000, 1 + extra),
            replace(STACK, start=STACK.start + base, end=STACK.end + base),
        )

    found = compare(mapped(*layout(0x100000, 0)), mapped(*layout(0x900000, 2)))
    assert sizes(found) == [("/1 sh/[anonymous] at 903000/size", "changed", "4096 → 12288")]
    assert set(expected(found).values()) == {"placed anew"}


def test_what_lies_at_an_address_is_another_if_it_is_called_otherwise() -> None:
    before = mapped(area(0x1000, 1, Kind.FILE, "/a"), STACK)
    after = mapped(area(0x1000, 1, Kind.FILE, "/b"), STACK)
    assert sizes(compare(before, after)) == [
        ("/1 sh//a at 1000", "removed", ""),
        ("/1 sh//b at 1000", "added", ""),
    ]


def test_many_mappings_are_no_trouble() -> None:
    def memory(shift: int) -> Memory:
        vmas = tuple(area(0x1000 * (2 * at + shift), 1) for at in range(1, 30_001))
        return Memory(1, (*vmas, STACK), Pages({}, {}, None))

    found = list(regions(memory(0), memory(1)))
    assert len(found) == 60_001
