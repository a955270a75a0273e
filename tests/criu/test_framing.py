import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.criu.builders import entry, head, image
from tui.criu.framing import LONGEST, Cursor, Fault, Magic, Order, byte_order, entries


def cut(raw: bytes, magic: Magic = Magic.PSTREE) -> tuple[list[tuple[int, bytes]], Fault | None]:
    """The entries, and what came in between."""
    found = []
    try:
        for one in entries(raw, magic):
            found.append(one)  # noqa: PERF402 (what was found before the fault stays)
    except Fault as fault:
        return found, fault
    return found, None


@pytest.mark.parametrize("magic", Magic)
@pytest.mark.parametrize("order", ["little", "big"])
def test_entries_of_both_byte_orders(magic: Magic, order: Order) -> None:
    raw = image(magic, b"one", b"", b"three", order=order)
    start = len(head(magic))
    assert cut(raw, magic) == (
        [(start + 4, b"one"), (start + 11, b""), (start + 15, b"three")],
        None,
    )
    assert byte_order(raw, magic) == order


def test_an_image_without_entries() -> None:
    assert cut(head(Magic.CGROUP), Magic.CGROUP) == ([], None)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "cut off in its magic number: it begins with -"),
        (b"\x19\x43\x56\x54", "cut off in its magic number: it begins with 19435654"),
        (head(Magic.CORE), "no such image: it begins with 19435654 47380555"),
        (b"GIF89a--", "no such image: it begins with 47494638 39612d2d"),
        (head(Magic.PSTREE)[4:] + bytes(9), "no such image: it begins with 30302750 00000000"),
    ],
)
def test_what_is_no_image_of_its_kind(raw: bytes, message: str) -> None:
    found, fault = cut(raw)
    assert found == []
    assert fault
    assert (fault.offset, fault.message) == (0, message)


@pytest.mark.parametrize(
    ("tail", "offset", "message"),
    [
        (b"\x01", 17, "cut off: 1 bytes where a length should be"),
        (b"\x05\0\0\0abc", 21, "cut off: 3 of 5 bytes of an entry"),
        (b"\xf0\xff\xff\xff", 21, "an entry of 4,294,967,280 bytes; they are read up to 4,194,304"),
        (b"\xff\xff\x3f\0", 21, "cut off: 0 of 4,194,303 bytes of an entry"),
    ],
)
def test_what_came_before_a_fault_is_kept(tail: bytes, offset: int, message: str) -> None:
    found, fault = cut(image(Magic.PSTREE, b"first") + tail)
    assert found == [(12, b"first")]
    assert fault
    assert (fault.offset, fault.message) == (offset, message)


def test_an_entry_may_be_just_as_long_as_the_limit() -> None:
    found, fault = cut(image(Magic.PSTREE, bytes(LONGEST), b"next"))
    assert [len(one) for _, one in found] == [LONGEST, 4]
    assert fault is None


def test_raw_bytes_are_passed_over_and_missed_at_the_end() -> None:
    raw = image(Magic.PSTREE, b"one") + b"raw!" + entry(b"two") + b"ra"
    cursor = Cursor(raw, Magic.PSTREE)
    assert cursor.entry() == (12, b"one")
    assert cursor.behind(4) == range(15, 19)
    assert cursor.entry() == (23, b"two")
    assert cursor.left == 2
    assert cursor.behind(1 << 60) == range(26, 28)
    with pytest.raises(Fault, match="cut off: 2 of 1,152,921,504,606,846,976 bytes behind") as told:
        cursor.entry()
    assert told.value.offset == 26


@given(st.binary(max_size=200), st.sampled_from(Magic), st.sampled_from(("little", "big")))
def test_whatever_follows_every_byte_is_looked_at_once(
    tail: bytes, magic: Magic, order: Order
) -> None:
    raw = head(magic, order) + tail
    found, fault = cut(raw, magic)
    passed = len(head(magic)) + sum(4 + len(one) for _, one in found)
    assert passed <= len(raw)
    assert (fault is None) == (passed == len(raw))
    if fault:
        assert passed <= fault.offset <= len(raw)
