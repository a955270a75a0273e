from tests.criu.builders import contents, image, member
from tests.restore.facts import archive
from tui.criu import images_pb2 as pb
from tui.criu.framing import Magic
from tui.criu.images import Images
from tui.criu.mounts import Mount, Mounts, mounts


def made(*entries: pb.Mnt, also: str = "") -> Mounts:
    others = [member(f"checkpoint/{also}")] if also else []
    return mounts(Images(contents(*others, mountpoints_13=image(Magic.MOUNTS, *entries))))


def shape(found: Mounts) -> list[tuple[int, int]]:
    return [(depth, mount.id) for depth, mount in found.tree()]


def told(found: Mounts) -> list[str]:
    return [one.message for one in found.problems]


def test_the_mounts_of_a_container() -> None:
    found = mounts(Images(archive("web").contents))
    assert told(found) == []
    places = {mount.mountpoint: mount for mount in found.by_id.values()}
    (root,) = found.roots
    assert found.by_id[root] == places["/"]
    assert places["/"].file_system == "overlay"
    assert "relatime" in places["/"].flags
    assert places["/proc/sys"].parent == places["/proc"].id
    assert places["/proc/sys"].flags[0] == "ro"
    assert places["/dev"].archive == f"checkpoint/tmpfs-dev-{places['/dev'].device[2:]}.tar.gz.img"
    assert places["/dev/shm"].external == "/dev/shm"
    assert places["/dev/shm"].archive == ""
    assert places["/www"].file_system == ""  # none that CRIU knows
    depths = {mount.mountpoint: depth for depth, mount in found.tree()}
    assert (depths["/"], depths["/dev"], depths["/dev/shm"]) == (0, 1, 2)
    assert len(depths) == len(found.by_id)


def test_a_mount() -> None:
    found = made(
        pb.Mnt(
            mnt_id=5,
            parent_mnt_id=1,
            fstype=5,
            root_dev=254 << 20 | 1,
            root=b"/part",
            mountpoint=b"./srv/a\xff",
            source=b"none",
            flags=0x20000F,
            options=b"size=64k",
            sb_flags=1,
            shared_id=3,
            master_id=4,
            deleted=True,
            ext_key=b"key",
        )
    )
    assert found.by_id[5] == Mount(
        id=5,
        parent=1,
        namespace=13,
        file_system="tmpfs",
        source="none",
        root="/part",
        mountpoint="/srv/a\udcff",
        flags=("ro", "nosuid", "nodev", "noexec", "relatime"),
        options="size=64k",
        super_flags=("ro",),
        device="254:1",
        external="key",
        shared=3,
        master=4,
        deleted=True,
    )


def test_file_systems_that_have_only_a_name_or_only_a_number() -> None:
    found = made(
        pb.Mnt(mnt_id=1, fstype=16, fsname=b"xfs"),
        pb.Mnt(mnt_id=2, fstype=99),
        pb.Mnt(mnt_id=3, fstype=16),
    )
    assert [mount.file_system for mount in found.by_id.values()] == ["xfs", "99", ""]


def test_the_archive_of_a_tmpfs_is_found_by_its_device_or_its_id() -> None:
    mount = pb.Mnt(mnt_id=7, fstype=5, root_dev=51)
    new, old = "tmpfs-dev-51.tar.gz.img", "tmpfs-7.tar.gz.img"
    assert made(mount, also=new).by_id[7].archive == f"checkpoint/{new}"
    assert made(mount, also=old).by_id[7].archive == f"checkpoint/{old}"
    assert made(mount, also="tmpfs-dev-5.tar.gz.img").by_id[7].archive == ""


def test_what_was_mounted_first_comes_first() -> None:
    found = made(
        pb.Mnt(mnt_id=4, parent_mnt_id=2),
        pb.Mnt(mnt_id=3, parent_mnt_id=1),
        pb.Mnt(mnt_id=2, parent_mnt_id=1),
        pb.Mnt(mnt_id=1, parent_mnt_id=99),
    )
    assert shape(found) == [(0, 1), (1, 2), (2, 4), (1, 3)]


def test_namespaces_have_a_root_each() -> None:
    found = mounts(
        Images(
            contents(
                mountpoints_9=image(Magic.MOUNTS, pb.Mnt(mnt_id=1)),
                mountpoints_10=image(Magic.MOUNTS, pb.Mnt(mnt_id=2), pb.Mnt(mnt_id=1)),
            )
        )
    )
    assert [(mount.id, mount.namespace) for mount in found.by_id.values()] == [(2, 10), (1, 10)]
    assert told(found) == ["mount 1 more than once"]
    assert sorted(found.roots) == [1, 2]


def test_mounts_that_lie_on_themselves_are_cut_open() -> None:
    found = made(
        pb.Mnt(mnt_id=1, parent_mnt_id=2),
        pb.Mnt(mnt_id=2, parent_mnt_id=3),
        pb.Mnt(mnt_id=3, parent_mnt_id=1),
        pb.Mnt(mnt_id=4, parent_mnt_id=4),
        pb.Mnt(mnt_id=5, parent_mnt_id=1),
    )
    assert sorted(number for _, number in shape(found)) == [1, 2, 3, 4, 5]
    assert told(found) == ["mount 1 lies on itself", "mount 4 lies on itself"]


def test_a_long_chain_of_mounts() -> None:
    count = 20_000
    found = made(*(pb.Mnt(mnt_id=number, parent_mnt_id=number - 1) for number in range(1, count)))
    assert shape(found)[-1] == (count - 2, count - 1)


def test_an_image_that_is_missing() -> None:
    found = mounts(Images(contents()))
    assert (found.by_id, found.roots) == ({}, ())
    assert told(found) == ["missing: CRIU writes one in every checkpoint"]
