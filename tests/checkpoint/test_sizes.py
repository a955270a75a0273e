"""What takes up the room, every member once."""

from pathlib import Path

from tests.archive.builders import entry, inner
from tests.checkpoint.builders import loaded
from tests.criu.builders import image
from tests.data import DATA, DEMO
from tui.checkpoint.reading import load
from tui.checkpoint.sizes import Sizes, sizes
from tui.criu.framing import Magic
from tui.criu.images_pb2 import PagemapHead


def keys(found: Sizes) -> dict[str, tuple[int, int]]:
    return {part.key: (part.size, part.members) for part in found.parts}


def test_the_parts_of_real_checkpoints_are_all_of_them() -> None:
    for path in (DATA / "web.tar", DATA / "established.tar.zst", DEMO):
        checkpoint = load(str(path))
        found = sizes(checkpoint)
        assert found.total == sum(member.size for member in checkpoint.contents.members)
        assert found.archive == path.stat().st_size
        assert [part.size for part in found.parts] == sorted(
            (part.size for part in found.parts), reverse=True
        )
        assert found.parts[0].key == "memory"
        assert not [part.label for part in found.parts if part.key == "other"]


def test_each_member_belongs_to_one_part(tmp_path: Path) -> None:
    shared = image(Magic.PAGEMAP, PagemapHead(pages_id=7))
    found = loaded(
        tmp_path,
        entry("checkpoint/pages-1.img", bytes(4096)),
        entry("checkpoint/pages-7.img", bytes(8192)),
        entry("checkpoint/pagemap-shmem-5.img", shared),
        entry("checkpoint/amdgpu-pages-1.img", bytes(3)),
        entry("checkpoint/ghost-file-1a.img", bytes(5)),
        entry("checkpoint/tcp-stream-1a.img", bytes(6)),
        entry("checkpoint/core-1.img", bytes(7)),
        entry("checkpoint/evil/pages-1.img", bytes(8)),
        entry("volumes/a.tar", inner(entry("x", b"1"))),
        entry("volumes/notes.txt", b"123"),
        entry("ctr.log", bytes(9)),
        entry("ctr.log", bytes(10)),
        entry("rootfs-diff.tar", inner()),
        entry("deleted.files", b"[]"),
    )
    assert keys(sizes(found)) == {
        "shared": (8192, 1),
        "memory": (4096, 1),
        "volume": (2048, 1),
        "root": (1026, 2),
        "documents": (40, 3),
        "maps": (len(shared), 1),
        "images": (15, 2),
        "logs": (10, 1),
        "queues": (6, 1),
        "ghosts": (5, 1),
        "other": (3, 1),
        "gpu": (3, 1),
    }
    (volume,) = [part for part in sizes(found).parts if part.key == "volume"]
    assert (volume.name, volume.label) == ("a", "volume a")


def test_images_that_are_broken_are_counted_all_the_same(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        entry("checkpoint/pages-1.img", bytes(4096)),
        entry("checkpoint/pagemap-shmem-5.img", b"nonsense"),
    )
    assert keys(sizes(found))["memory"] == (4096, 1)
