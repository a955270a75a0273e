"""What is shown, as text and as JSON."""

from tui.errors import ArchiveError
from tui.report.document import dumps
from tui.ui.hexdump import Part, RawBytes
from tui.ui.plain import document_text, hex_text, table_json, table_text
from tui.ui.rows.facts import Facts
from tui.ui.rows.model import Column, Row, Table, arrange

TABLE = Table(
    (Column("PID", right=True), Column("NAME"), Column("COMMAND")),
    (
        Row("p/1", ("1", "sh", "sh -c x"), keys=(1, "sh", "sh -c x")),
        Row("p/12", ("12", "sleep", "sleep\x1b[31m 5"), 1, keys=(12, "sleep", "")),
        Row("t", ("only a title",), tone="title"),
    ),
    tree=1,
)


def test_a_table_becomes_columns_that_no_terminal_acts_on() -> None:
    assert table_text(TABLE).splitlines() == [
        "PID  NAME     COMMAND",
        "  1  sh       sh -c x",
        " 12    sleep  sleep␛[31m 5",
        "only a title",
    ]


def test_a_table_becomes_objects_with_numbers_as_numbers() -> None:
    first, second, title = table_json(TABLE)
    assert first == {"depth": 0, "pid": 1, "name": "sh", "command": "sh -c x"}
    assert second["depth"] == 1
    assert title == {"depth": 0, "title": "only a title"}
    assert "\x1b" not in dumps(second)


def test_a_filtered_table_is_given_as_it_is_filtered() -> None:
    rows = arrange(TABLE, (), "title").rows
    assert table_text(TABLE, rows).splitlines()[1:] == ["only a title"]


def test_facts_are_given_whole_where_the_screen_shows_a_part() -> None:
    facts = Facts()
    facts.heading("Command")
    facts.add("line", "x" * 5000)
    assert "x" * 5000 in table_text(facts.table())
    assert table_json(facts.table())[1] == {"depth": 1, "name": "line", "value": "x" * 5000}


def test_a_document_becomes_an_outline() -> None:
    document = {"a": {"b": [1, None]}, "c\n": "\x9b31m"}
    assert document_text(document).splitlines() == [
        "a  (1)",
        "  b  (2)",
        "    0  1",
        "    1  null",
        "c␊  <U+009B>31m",
    ]


def test_bytes_become_numbers_and_characters() -> None:
    text = hex_text(RawBytes(b"\x7fELF" + bytes(14)), [Part(0, 18)])
    first, second = text.splitlines()
    assert first.startswith("00000000  7f 45 4c 46 00 00 00 00  00")
    assert first.endswith(".ELF............")
    assert second.startswith("00000010  00 00")


def test_bytes_that_are_absent_or_too_many_are_told() -> None:
    parts = [Part(0, 16), Part(16, 4096, "4.0 KiB of zeros"), Part(4112, 64)]
    text = hex_text(RawBytes(bytes(4200)), parts, limit=32)
    assert "… 4.0 KiB of zeros …" in text
    assert text.splitlines()[-1] == "… 48 Bytes more"


class _Damaged:
    def parts(self) -> list[Part]:
        return [Part(0, 16)]

    def read(self, address: int, count: int) -> bytes:
        raise ArchiveError("the archive has changed")


def test_bytes_that_cannot_be_read_say_why() -> None:
    assert hex_text(_Damaged(), [Part(0, 16)]) == "00000000  … the archive has changed …"
