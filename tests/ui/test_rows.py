"""What the views of the inside show, as rows; and what is seen of rows."""

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.data import DATA, DEMO
from tests.ui.images import hostile_contents
from tui.checkpoint.checkpoint import Checkpoint
from tui.checkpoint.reading import load
from tui.checkpoint.spec import Mount
from tui.criu.contents import read_content
from tui.criu.files import Extent
from tui.errors import UsageError
from tui.findings import Findings
from tui.findings.registry import (
    DescriptorPlace,
    DocumentPlace,
    FilePlace,
    Finding,
    MemoryPlace,
    MountPlace,
    Place,
    ProcessPlace,
    Severity,
    SocketPlace,
)
from tui.text import MASK
from tui.ui.rows.content import content_table
from tui.ui.rows.facts import LONGEST, Facts
from tui.ui.rows.file_facts import file_facts
from tui.ui.rows.files import files_table
from tui.ui.rows.filesystem import filesystem_table
from tui.ui.rows.findings import finding_facts, findings_table, in_short
from tui.ui.rows.logs import logs_table, sizes_table
from tui.ui.rows.memory import memory_table, pattern_of
from tui.ui.rows.model import Bytes, Column, Link, Order, Row, Table, above, arrange, fit, holds
from tui.ui.rows.mounts import mount_facts, mounts_table
from tui.ui.rows.processes import process_facts, processes_table
from tui.ui.rows.raw import raw_document, raw_table
from tui.ui.rows.running import Running, read_running, with_findings, with_search, with_words
from tui.ui.rows.seen import Seen
from tui.ui.rows.sockets import socket_facts, sockets_table
from tui.ui.widgets.row_lines import broken, cut


def read(path: Path) -> Running:
    return with_words(read_running(load(str(path))))


@pytest.fixture(scope="module")
def shop() -> Running:
    return read(DEMO)


@pytest.fixture(scope="module")
def talking() -> Running:
    return read(DATA / "established.tar.zst")


def tree(*names: str) -> Table:
    """A table of names; each space in front of one lets it lie deeper."""
    rows = (Row(name.strip(), (name.strip(),) * 2, name.count(" ")) for name in names)
    return Table((Column("A"), Column("B")), tuple(rows))


def seen(table: Table, **how: object) -> list[str]:
    return [table.rows[index].id for index in arrange(table, **how).rows]  # type: ignore[arg-type]


FRUIT = tree("pear", " apple", "  plum", " fig", "cherry")


def test_closed_rows_hide_what_is_inside() -> None:
    assert seen(FRUIT, closed={"pear"}) == ["pear", "cherry"]
    assert seen(FRUIT, closed={"apple"}) == ["pear", "apple", "fig", "cherry"]


def test_a_filter_keeps_what_its_hits_lie_in_and_counts_the_hits() -> None:
    assert seen(FRUIT, words="PLUM", closed={"pear"}) == ["pear", "apple", "plum"]
    assert arrange(FRUIT, words="plum").found == 1
    assert arrange(FRUIT, words="nothing").rows == []


def test_a_heading_that_matches_keeps_all_that_is_inside() -> None:
    table = Table((Column("A"), Column("B")), (Row("1", ("one",)), Row("2", ("two", "2"), 1)))
    assert seen(table, words="one") == ["1", "2"]


def test_sorted_rows_stay_inside_each_other() -> None:
    assert seen(FRUIT, order=Order(0)) == ["cherry", "pear", "apple", "plum", "fig"]
    assert seen(FRUIT, order=Order(0, True)) == ["pear", "fig", "apple", "plum", "cherry"]


def test_sorted_rows_of_a_flat_table_stand_by_themselves() -> None:
    table = Table(FRUIT.columns, FRUIT.rows, flat=True)
    assert seen(table, order=Order(0)) == ["apple", "cherry", "fig", "pear", "plum"]


def test_rows_are_sorted_by_numbers_where_there_are_some() -> None:
    rows = tuple(Row(str(one), (f"{one} B",), keys=(one,)) for one in (9, 10, 2))
    assert seen(Table((Column("A"),), rows), order=Order(0)) == ["2", "9", "10"]


def test_what_a_row_lies_in_comes_nearest_first() -> None:
    assert [FRUIT.rows[index].id for index in above(FRUIT, 2)] == ["apple", "pear"]
    assert holds(FRUIT, 0)
    assert not holds(FRUIT, 4)


@given(
    st.lists(st.tuples(st.text(max_size=40), st.integers(0, 5), st.booleans()), min_size=1),
    st.integers(0, 100),
)
def test_columns_never_take_more_room_than_there_is(
    made: list[tuple[str, int, bool]], width: int
) -> None:
    columns = tuple(Column(title, rank=rank, right=right) for title, rank, right in made)
    found = fit(Table(columns), width)
    assert [index for index, _ in found] == sorted({index for index, _ in found})
    needed = sum(columns[index].rank == 0 for index, _ in found) * 10
    assert sum(width for _, width in found) + 2 * (len(found) - 1) <= max(width, needed)


def test_columns_of_the_highest_rank_are_left_out_first() -> None:
    columns = (Column("A" * 10), Column("B" * 10, rank=2), Column("C" * 10, rank=1))
    assert [index for index, _ in fit(Table(columns), 30)] == [0, 2]
    assert [index for index, _ in fit(Table(columns), 12)] == [0]


@given(st.text(max_size=80), st.integers(2, 30))
def test_broken_lines_fit_and_lose_only_spaces(text: str, width: int) -> None:
    text = "".join(char for char in text if char.isprintable())
    parts = list(broken(text, width))
    assert all(cell_len(part) <= width for part in parts)
    assert "".join(parts).replace(" ", "") == text.replace(" ", "")


@given(st.text(max_size=40), st.integers(0, 30))
def test_what_is_cut_fits(text: str, width: int) -> None:
    assert cell_len(cut(text, width)) <= width


def test_the_cursor_stays_on_its_row_whatever_is_sorted_or_new() -> None:
    one = Seen()
    one.show(FRUIT)
    one.go_to("fig")
    one.sort([0, 1])
    assert one.row is FRUIT.rows[3]
    one.show(tree("apple", "fig"))
    assert one.row
    assert one.row.id == "fig"


def test_going_to_a_hidden_row_opens_what_it_lies_in() -> None:
    one = Seen()
    one.show(Table(FRUIT.columns, FRUIT.rows, closed=frozenset({"pear", "apple"})))
    assert one.go_to("plum")
    assert [FRUIT.rows[index].id for index in one.arranged.rows[:3]] == ["pear", "apple", "plum"]
    assert not one.go_to("nothing")


def test_behind_the_last_column_the_rows_are_as_they_were() -> None:
    one = Seen()
    one.show(FRUIT)
    for _ in range(3):
        one.sort([0, 1])
    assert one.order is None


def test_headings_without_anything_under_them_are_left_out() -> None:
    facts = Facts()
    facts.heading("empty")
    facts.heading("full")
    facts.add("label", "value")
    facts.add("nothing", "")
    facts.heading("last")
    assert [row.cells for row in facts.table().rows] == [("full",), ("label", "value")]


def test_long_values_are_cut_and_copied_whole() -> None:
    facts = Facts()
    facts.add("label", "x" * 10_000)
    (row,) = facts.table().rows
    assert len(row.cells[1]) < LONGEST + 100
    assert row.text == "x" * 10_000


def cells(table: Table) -> list[tuple[str, ...]]:
    return [row.cells for row in table.rows]


def fact(table: Table, label: str) -> str:
    return next((row.text for row in table.rows if row.cells[0].strip() == label), "")


def test_processes_are_told_with_their_command_lines(shop: Running) -> None:
    table = processes_table(shop)
    assert cells(table)[0][:4] == ("1", "httpd", "running", "root")
    assert cells(table)[0][-1] == "httpd -f -p 80 -h /srv/data"
    assert table.told == "4 processes · 4 threads"
    assert table.rows[1].depth == 1


def test_all_about_a_process(shop: Running) -> None:
    table = processes_table(shop)
    found = process_facts(shop, table.rows[0], False)
    assert fact(found, "command line") == "httpd -f -p 80 -h /srv/data"
    assert fact(found, "config says").startswith("/bin/sh -c")
    assert fact(found, "working directory") == "/srv/data"
    assert fact(found, "user") == "0 (root)"
    assert fact(found, "capabilities").startswith("11: chown")
    assert fact(found, "net (network)") == "the container's"
    assert fact(found, "nofile")
    assert fact(found, "rip").startswith("0x")
    threads = [row.cells[0] for row in found.rows if row.depth == 1 and len(row.cells) == 1]
    assert threads[0].startswith("1  httpd  in ")


def test_values_of_the_environment_are_masked_unless_asked_for(shop: Running) -> None:
    row = processes_table(shop).rows[0]
    assert fact(process_facts(shop, row, False), "PATH") == MASK
    assert fact(process_facts(shop, row, True), "PATH").startswith("/")


def test_without_memory_it_says_what_the_config_has(shop: Running) -> None:
    blind = read_running(shop.checkpoint)
    row = processes_table(blind).rows[0]
    assert row.cells[-1] == "/bin/busybox"
    found = process_facts(blind, row, False)
    assert "unknown: it is being looked up" in fact(found, "command line")
    assert any("of the config" in row.cells[0] for row in found.rows)


def test_files_stand_below_their_processes(talking: Running) -> None:
    table = files_table(talking)
    assert table.rows[0].cells == ("1 nc",)
    by_id = {row.id: row for row in table.rows}
    assert by_id["exe/1"].cells[-1] == "/bin/busybox"
    assert by_id["fd/1/1"].cells[1:3] == ("pipe", "w")
    assert by_id["fd/2/2"].cells[5] == "2"
    found = file_facts(talking, by_id["fd/1/1"], False)
    assert fact(found, "pipe") == "the end that is written"
    assert fact(found, "other end").startswith("outside")


def test_deleted_files_are_marked_and_have_their_content() -> None:
    running = read_running(Checkpoint(contents=hostile_contents("gone")))
    row = next(one for one in files_table(running).rows if one.content)
    assert row.cells[-1].startswith("✖ deleted  /gone")
    assert row.content
    found = read_content(
        running.checkpoint.contents, row.content.extents, row.content.size, 1 << 20
    )
    assert found == b"gone"
    assert "v shows, w saves" in fact(file_facts(running, row, False), "content")


def test_connections_are_marked_in_words(talking: Running) -> None:
    table = sockets_table(talking)
    assert table.told == "2 sockets · ◆ 2 TCP connections"
    assert all(row.cells[1].startswith("◆ ") for row in table.rows)
    found = socket_facts(talking, table.rows[0], False)
    assert "--tcp-established" in fact(found, "◆ at the restore")
    assert fact(found, "next sent").isdecimal()
    assert {row.link.view for row in found.rows if row.link} == {"files"}


def test_mounts_stand_beside_what_the_spec_says(shop: Running) -> None:
    table = mounts_table(shop)
    by_place = {row.cells[0]: row for row in table.rows}
    assert by_place["/proc"].cells[2] == "proc"
    assert by_place["/proc/keys"].cells[2] == "masked path"
    assert by_place["/srv/data"].cells[2:4] == ("bind", "external")
    found = mount_facts(shop, by_place["/srv/data"], False)
    assert "gives it again" in fact(found, "made by")
    assert any(row.cells == ("In the specification",) for row in found.rows)


def test_what_only_the_spec_mounts_is_told(shop: Running) -> None:
    spec = msgspec.structs.replace(
        shop.checkpoint.spec, mounts=[Mount(destination="/missing", type="tmpfs")]
    )
    running = replace(shop, checkpoint=replace(shop.checkpoint, spec=spec))
    row = mounts_table(running).rows[-1]
    assert row.cells[:4] == ("✖ /missing", "tmpfs", "tmpfs", "not mounted")
    assert fact(mount_facts(running, row, False), "mounted").startswith("no")


def test_the_file_system_is_one_tree(shop: Running) -> None:
    table = filesystem_table(shop)
    titles = [row.cells[0] for row in table.rows if len(row.cells) == 1]
    assert titles[0].startswith("the root file system")
    assert any(title.startswith("volume shop-data at /srv/data") for title in titles)
    removed = next(row for row in table.rows if row.cells[0] == "✖ issue")
    assert removed.cells[1] == "removed"
    assert removed.depth == 2
    index = table.rows.index(removed)
    assert table.rows[next(iter(above(table, index)))].cells[0] == "etc/"


def test_logs_are_told_line_by_line(shop: Running) -> None:
    table = logs_table(shop, False)
    assert table.rows[0].cells[0].startswith("the container's output")
    assert table.rows[1].cells[1:] == ("stdout", "shop: ready on port 80, metrics on port 9090")


def test_sizes_have_bars_and_what_criu_counted(shop: Running) -> None:
    table = sizes_table(shop)
    assert table.rows[0].cells[0] == "memory"
    assert "█" in table.rows[0].cells[3]
    assert any(row.cells[0] == "time that they stood still" for row in table.rows)


def test_memory_is_told_mapping_by_mapping(shop: Running) -> None:
    table = memory_table(shop)
    assert table.rows[0].cells[0].startswith("1 httpd  (")
    assert any(row.cells[-1] == "[heap]" for row in table.rows)


@pytest.mark.parametrize("typed", ["words", "0x de ad ?? ef", "/a+b/"])
def test_people_can_look_for_words_bytes_and_expressions(typed: str) -> None:
    assert pattern_of(typed).longest


@pytest.mark.parametrize("typed", ["", "0xzz", "/[/"])
def test_what_cannot_be_looked_for_is_told(typed: str) -> None:
    with pytest.raises(UsageError):
        pattern_of(typed)


def test_images_are_decoded_field_by_field(shop: Running) -> None:
    by_name = {row.cells[0]: row for row in raw_table(shop).rows}
    assert by_name["core-1.img"].cells[3] == "1 httpd"
    contents = shop.checkpoint.contents
    document = raw_document(contents, "checkpoint/pstree.img")
    assert document["0 Pstree"]["pid"] == 1
    assert "thread_core" in raw_document(contents, "checkpoint/core-1.img")
    assert "not made of entries" in raw_document(contents, "checkpoint/pages-1.img")["bytes"]


def test_a_missing_image_costs_one_sentence(shop: Running) -> None:
    contents = shop.checkpoint.contents
    files = {name: raw for name, raw in contents.files.items() if "mountpoints" not in name}
    members = tuple(one for one in contents.members if "mountpoints" not in one.name)
    contents = replace(contents, files=files, members=members)
    running = read_running(replace(shop.checkpoint, contents=contents))
    assert mounts_table(running).rows == ()
    assert "mountpoints-*.img: missing" in mounts_table(running).note
    assert processes_table(running).note == ""
    assert len(processes_table(running).rows) == 4


def test_what_files_and_sockets_need_is_told_in_their_views(shop: Running) -> None:
    contents = shop.checkpoint.contents
    files = {name: raw for name, raw in contents.files.items() if not name.endswith("/files.img")}
    members = tuple(one for one in contents.members if not one.name.endswith("/files.img"))
    contents = replace(contents, files=files, members=members)
    running = read_running(replace(shop.checkpoint, contents=contents))
    for table in (files_table(running), sockets_table(running)):
        assert table.note.startswith("▲ checkpoint/files.img: missing")


def test_a_broken_image_is_shown_as_far_as_it_goes(shop: Running) -> None:
    contents = shop.checkpoint.contents
    name = "checkpoint/pstree.img"
    files = {**contents.files, name: contents.files[name][:-3]}
    running = read_running(replace(shop.checkpoint, contents=replace(contents, files=files)))
    table = processes_table(running)
    assert len(table.rows) == 3
    assert table.note.startswith("▲ checkpoint/pstree.img: ")


def test_bytes_are_text_or_hexadecimal() -> None:
    text = content_table(Bytes("a", 9), b"one\ntwo\n")
    assert cells(text) == [("1", "one"), ("2", "two")]
    raw = content_table(Bytes("a", 100), b"\0\x01ab")
    assert cells(raw)[0][0] == "00000000"
    assert cells(raw)[0][2] == "..ab"
    assert "the first" in raw.told


def test_between_extents_there_are_zeros(shop: Running) -> None:
    name = next(iter(shop.checkpoint.contents.files))
    raw = shop.checkpoint.contents.files[name]
    extents = (Extent(name, 0, 3, 2), Extent(name, 4, 2, 8))
    found = read_content(shop.checkpoint.contents, extents, 12, 9)
    assert found == b"\0\0" + raw[:3] + b"\0\0\0" + raw[4:5]


def finding(*places: Place, severity: Severity = Severity.HIGH) -> Finding:
    return Finding("miner", severity, "It mines", "Its name says so.", places)


def having(running: Running, *found: Finding, unlooked: tuple[str, ...] = ()) -> Running:
    return replace(with_findings(running), findings=Findings(found, unlooked))


@pytest.mark.parametrize(
    ("place", "label", "words", "link"),
    [
        (ProcessPlace(4), "process", "4 sh", Link("processes", "p/4")),
        (ProcessPlace(99), "process", "process 99", Link("processes", "p/99")),
        (
            DescriptorPlace(1, 1, 9),
            "descriptor",
            "fd 1 of 1 httpd: /",
            Link("files", "fd/1/1"),
        ),
        (SocketPlace(99), "socket", "99", Link("sockets", "s/99")),
        (MountPlace(-1), "mount", "-1", Link("mounts", "m/-1")),
        (
            FilePlace("rootfs-diff.tar", "/srv/x"),
            "file",
            "/srv/x (in rootfs-diff.tar)",
            Link("filesystem", "0:/srv/x"),
        ),
        (FilePlace("gone.tar", "/x"), "file", "/x (in gone.tar)", None),
        (
            MemoryPlace(1, 0x7FFCFC865FBD),
            "memory",
            "0x7ffcfc865fbd [stack] of 1 httpd",
            Link("memory", "mem/1/7ffcfc845000", address=0x7FFCFC865FBD),
        ),
        (MemoryPlace(0, 16), "memory", "0x10 of shared memory", None),
        (
            DocumentPlace("spec.dump", "/process/env/3"),
            "document",
            "spec.dump /process/env/3",
            Link("spec", "/process/env/3"),
        ),
        (DocumentPlace("network.status", ""), "document", "network.status ", None),
    ],
    ids=lambda value: type(value).__name__,
)
def test_places_are_told_in_words_and_lead_there(
    shop: Running, place: Place, label: str, words: str, link: Link | None
) -> None:
    running = having(shop, finding(place))
    (row,) = findings_table(running).rows
    facts = finding_facts(running, row, False).rows[-1]
    assert (*facts.cells, facts.link) == (label, words, link)
    assert row.text.endswith(f"  {label} {words}")


def test_a_socket_and_a_mount_are_told_by_what_they_are(shop: Running) -> None:
    socket = next(iter(shop.inside.sockets.by_file))
    mount = next(one for one in shop.inside.mounts.by_id.values() if one.mountpoint == "/proc")
    running = having(shop, finding(SocketPlace(socket), MountPlace(mount.id)))
    words = [
        row.text for row in finding_facts(running, findings_table(running).rows[0], False).rows
    ]
    assert words[-2].startswith("tcp6 LISTEN [::]:80")
    assert words[-1] == "/proc (proc)"


def test_every_place_of_every_archive_leads_to_a_row() -> None:
    for name in ("static.tar.zst", "established.tar.zst", "member.tar.zst", "deleted.tar.zst"):
        running = with_search(with_findings(read(DATA / name)), lambda *_: None)
        tables = {
            "processes": processes_table(running),
            "files": files_table(running),
            "sockets": sockets_table(running),
            "memory": memory_table(running),
            "mounts": mounts_table(running),
            "filesystem": filesystem_table(running),
        }
        rows = {view: {row.id for row in table.rows} for view, table in tables.items()}
        for row in findings_table(running).rows:
            for one in finding_facts(running, row, False).rows:
                if one.link and one.link.view in rows:
                    assert one.link.row in rows[one.link.view], (name, one)


def test_findings_tell_how_many_of_the_worst_there_are(shop: Running) -> None:
    running = having(
        shop,
        finding(),
        finding(),
        finding(severity=Severity.MEDIUM),
        finding(severity=Severity.INFO),
    )
    table = findings_table(running)
    assert (table.badge, table.alarm) == ("2 high", "error")
    assert table.told == "4 findings · 2 high · 1 medium · 1 info"
    assert [row.cells[0] for row in table.rows] == ["✖ high", "✖ high", "▲ medium", "i info"]
    assert in_short(running) == "4 findings, 2 high: f shows them."
    assert in_short(having(shop, finding())) == "1 finding, high: f shows it."
    assert in_short(having(shop, finding(), finding())) == "2 findings, all high: f shows them."


def test_sorted_findings_stand_by_severity_and_not_by_its_letters(shop: Running) -> None:
    found = (finding(severity=one) for one in (Severity.MEDIUM, Severity.HIGH, Severity.LOW))
    table = findings_table(having(shop, *found))
    assert seen(table, order=Order(0)) == ["found/1", "found/0", "found/2"]


def test_where_nothing_deserves_a_look_it_is_told_what_was_looked_at(shop: Running) -> None:
    running = having(shop, unlooked=("secret-in-memory", "secret-in-file"))
    table = findings_table(running)
    assert (table.badge, table.rows) == ("0", ())
    assert table.empty.startswith("Nothing deserves a look. Looked at: documents, images")
    assert "2 more rules would look for secrets" in table.note
    assert "Nothing deserves a look" in in_short(running)
    table = findings_table(replace(running, findings=Findings(), searched=True))
    assert "the bytes of memory and of files" in table.empty
    assert not table.note


def test_findings_are_awaited_while_the_archive_is_read(shop: Running) -> None:
    contents = replace(shop.checkpoint.contents, finished=False)
    running = Running(replace(shop.checkpoint, contents=contents))
    table = findings_table(running)
    assert table.badge == "…"
    assert "still being read" in table.note
    assert in_short(running) == ""


def test_a_search_tells_how_far_it_is_over_unpacking_and_looking(shop: Running) -> None:
    told: list[float] = []
    found = with_search(shop, lambda done, total: told.append(done / total))
    assert found.searched
    assert found.findings
    assert not found.findings.unlooked
    assert told == sorted(told)
    assert told[-1] == 1


def test_without_a_filter_the_cursor_stays_on_what_it_found() -> None:
    one = Seen()
    one.show(Table(FRUIT.columns, FRUIT.rows, closed=frozenset({"pear"})))
    one.filter("plum")
    assert one.row
    assert one.row.id == "plum"
    one.filter("")
    assert one.row
    assert one.row.id == "plum"


def test_sorted_rows_stay_sorted_under_a_filter() -> None:
    one = Seen()
    one.show(FRUIT)
    one.sort([0])
    one.filter("p")
    assert one.table
    assert [one.table.rows[at].id for at in one.arranged.rows] == ["pear", "apple", "plum"]
