"""Memory page by page: images of processes that never ran, in real archives."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path

from tests.archive.builders import PACKERS, checkpoint, entry, opened
from tests.criu.builders import image
from tui.archive import spool
from tui.archive.model import Compression, Contents
from tui.criu import images_pb2 as images
from tui.criu.framing import Magic
from tui.criu.memories import Memories, memory_members, read_memories
from tui.criu.pagemap import Flag
from tui.criu.pages import Pages
from tui.criu.vma import Status

PAGE = 4096
ANONYMOUS = Status.REGULAR | Status.ANON_PRIVATE
HEAP = ANONYMOUS | Status.HEAP
FILE = Status.REGULAR | Status.FILE_PRIVATE
SHARED = Status.REGULAR | Status.ANON_SHARED
MEMFD = Status.REGULAR | Status.FILE_SHARED | Status.MEMFD

Page = bytes | Flag
"""The content of a page, or why it is not there."""


def page(text: bytes = b"", *, at: int = 0, end: bool = False) -> bytes:
    """A page with `text` at `at`, or at its end; the rest is neither zero nor printable."""
    if end:
        at = PAGE - len(text)
    return (b"\x90" * at + text).ljust(PAGE, b"\x90")


def area(
    start: int,
    pages: int,
    status: int = ANONYMOUS,
    *,
    prot: int = 3,
    shmid: int = 0,
    pgoff: int = 0,
) -> images.Vma:
    """A mapping of so many pages."""
    flags = 1 if status & (Status.ANON_SHARED | Status.FILE_SHARED) else 2
    return images.Vma(
        start=start,
        end=start + pages * PAGE,
        prot=prot,
        flags=flags,
        status=status,
        shmid=shmid,
        pgoff=pgoff,
        fd=-1,
    )


def mm(*areas: images.Vma, **fields: object) -> bytes:
    """The image of a process's mappings."""
    message = images.Mm(
        vmas=areas,
        mm_saved_auxv=[6, PAGE, 0, 0],
        **fields,  # type: ignore[arg-type]
    )
    return image(Magic.MM, message)


def mapped(
    number: int, content: Mapping[int, Page], splits: Sequence[int] = ()
) -> tuple[bytes, bytes]:
    """A pagemap and its pages; entries end where pages differ in kind, and at `splits`."""
    entries: list[images.Pagemap] = []
    for address, what in sorted(content.items()):
        flags = Flag.PRESENT if isinstance(what, bytes) else what
        last = entries[-1] if entries else None
        if (
            last
            and last.flags == flags
            and last.vaddr + last.nr_pages * PAGE == address
            and address not in splits
        ):
            last.nr_pages += 1
        else:
            entries.append(images.Pagemap(vaddr=address, nr_pages=1, flags=flags))
    pages = b"".join(what for _, what in sorted(content.items()) if isinstance(what, bytes))
    return image(Magic.PAGEMAP, images.PagemapHead(pages_id=number), *entries), pages


def process(
    pid: int,
    areas: Sequence[images.Vma],
    content: Mapping[int, Page],
    splits: Sequence[int] = (),
    **fields: object,
) -> dict[str, bytes]:
    """The images of a process; its pages have its number."""
    pagemap, pages = mapped(pid, content, splits)
    return {
        f"mm-{pid}": mm(*areas, **fields),
        f"pagemap-{pid}": pagemap,
        f"pages-{pid}": pages,
    }


def archive(
    folder: Path,
    files: Mapping[str, bytes],
    kind: Compression = Compression.NONE,
    where: str = "checkpoint/",
) -> Contents:
    """A checkpoint with these images, as a file that has been read."""
    entries = (entry(f"{where}{name}.img", raw) for name, raw in files.items())
    return opened(folder, PACKERS[kind](checkpoint(*entries)))


@contextmanager
def memories(
    contents: Contents, earlier: Pages | None = None, where: str = "checkpoint/"
) -> Iterator[Memories]:
    """The memory in an archive, while its pages can be read."""
    with spool.opened(contents, memory_members(contents, where)) as store:
        yield read_memories(contents, store, earlier, where)


def runs(content: Mapping[int, Page]) -> Iterator[tuple[int, bytes]]:
    """The bytes that are stored, pages that follow one another as one."""
    stored = sorted((at, what) for at, what in content.items() if isinstance(what, bytes))
    for _, group in groupby(enumerate(stored), lambda one: one[1][0] - one[0] * PAGE):
        pages = [one for _, one in group]
        yield pages[0][0], b"".join(what for _, what in pages)
