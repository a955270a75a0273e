"""Checks of the files that processes have open: whether CRIU will find them as they were.

Podman makes the container's root file system anew: it takes the image, unpacks rootfs-diff.tar
over it and then removes what deleted.files names. All of it is known beforehand, and `_Root`
works it out without touching a file.
"""

import posixpath
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from tui.archive.model import Member, MemberKind
from tui.checkpoint.checkpoint import CONFIG, Checkpoint
from tui.checkpoint.summary import deleted, diff
from tui.criu.state import RegularFile
from tui.host.facts import ImageFile, Known, Missing, Unknown, known
from tui.restore.checks.registry import Case, check, on_host, unchecked
from tui.restore.checks.words import some
from tui.restore.conflict import Conflict, Evidence, Location, Remedy, Severity
from tui.restore.remedies import APPLY_ROOTFS, IGNORE_ROOTFS, USE_VOLUMES
from tui.text import plural, safe_text, size

FOLLOWS_LINKS = (5, 8, 2)
"""The first Podman that follows a symbolic link which it should delete (`securejoin`)."""

SHOWN = 10
"""Files that get a conflict of their own."""

_LINKS = 255
"""Symbolic links that are followed for one path, as securejoin does."""


@check("deleted-symlink", Severity.BLOCKER, "A link that was deleted takes a file along")
def deleted_symlink(case: Case) -> Iterator[Conflict]:
    """The container had deleted a symbolic link, and restoring deletes what the link leads to.

    Podman 5.8.2 and later remove each path of deleted.files after following the links in the
    image. Where `/bin/seq` was a link to busybox, busybox itself goes, and CRIU fails: `Can't open
    file bin/busybox on restore: No such file`. If no process has the file open, the restore works
    and the file is gone: that is a warning.

    Restore with `--ignore-rootfs`: nothing is deleted then, but the files that the container added
    or changed do not come back either.
    """
    view = _view(case)
    if view is None or case.options.ignore_rootfs:
        return
    for path, target in view.restored.followed.items():
        users = sorted({file.path for file in view.used if _within(file.path[1:], target)})
        link, victim = safe_text(path), safe_text(f"/{target}")
        yield Conflict(
            "deleted-symlink",
            Severity.BLOCKER if users else Severity.WARNING,
            f"Restoring deletes {victim}",
            f"The container had deleted {link}, which leads there in the image; Podman follows "
            "the link. "
            + (
                f"Processes need it, and CRIU fails: Can't open file {safe_text(users[0][1:])} on "
                "restore."
                if users
                else "No process has it open, but it will be missing."
            ),
            subject=path,
            where=_places(case, path, target),
            evidence=Evidence(
                archive=f"deleted.files: {link}",
                host=f"the image: {link} leads to {victim}",
            ),
            remedies=(IGNORE_ROOTFS,),
        )


@check("file-differs", Severity.BLOCKER, "A file that a process has open will not be the same")
def file_differs(case: Case) -> Iterator[Conflict]:
    """After the restore a file that a process had open or mapped is missing or another one.

    CRIU opens every file again and compares its type, permissions and size: `File … has bad size 3
    (expect 9)`, `has bad mode`, `Can't open file … on restore: No such file`. What the container
    changed is in the archive's rootfs-diff.tar, with two gaps: Podman leaves out a changed file of
    the image if the machine of the checkpoint had no file of the same path, and never records
    permissions of the image's folders. With `--leave-running` files also change after the
    processes were saved. And with `--ignore-rootfs` none of the changes come back.

    Where it helps to restore with or without `--ignore-rootfs`, podthaw offers it. Otherwise make
    the checkpoint again, with changing files in volumes.
    """
    checkpoint, files = case.checkpoint, case.facts.image_files
    if "/" not in _reopened(checkpoint):
        return
    if isinstance(files, Unknown):
        if not _image_is_missing(case):
            yield unchecked("file-differs", "the files of the image", files.reason, *_places(case))
        return
    view = _view(case)
    if view is None:
        return
    root, other = view.image, view.restored
    if not case.options.ignore_rootfs:
        root, other = other, root
    found = [(file, words) for file in view.used if (words := root.difference(file))]
    for file, words in found[:SHOWN]:
        path = safe_text(file.path)
        yield Conflict(
            "file-differs",
            Severity.BLOCKER,
            f"{path} {words.title}",
            f"A process has it open, and CRIU compares: {safe_text(words.log)}.",
            subject=file.path,
            where=_places(case, file.path),
            evidence=Evidence(archive=words.archive, host=words.host),
            remedies=() if other.difference(file) else (_remedy(case),),
        )
    if more := found[SHOWN:]:
        helps = not any(other.difference(file) for file, _ in found)
        yield Conflict(
            "file-differs",
            Severity.BLOCKER,
            f"{plural(len(more), 'more file')} will not be the same",
            "Processes have them open, and CRIU compares them.",
            where=_places(case),
            evidence=Evidence(archive=some([file.path for file, _ in more])),
            remedies=(_remedy(case),) if helps else (),
        )


@check("volume-file-differs", Severity.BLOCKER, "A file of a volume will not be the same")
def volume_file_differs(case: Case) -> Iterator[Conflict]:
    """A process had a file in a named volume open, and will not find it as it was.

    With `--ignore-volumes` the archive's content stays out: in a new volume the file is missing,
    and nobody knows beforehand what is in one that the host has. Otherwise the file comes from the
    archive, and differs only where the checkpoint was made with `--leave-running`. CRIU fails:
    `Can't open file … on restore: No such file`, `has bad size`. Restore without
    `--ignore-volumes`; where that is how it is, make the checkpoint again.
    """
    opened = _reopened(case.checkpoint)
    ignoring = case.options.ignore_volumes
    for index, volume in enumerate(case.checkpoint.config.named_volumes or ()):
        used = opened.get(volume.dest.rstrip("/"), ())
        content = case.checkpoint.contents.nested.get(f"volumes/{volume.name}.tar")
        part = case.value(CONFIG, "namedVolumes", index, "SubPath")
        if not used or part or (content is None and not ignoring):
            continue  # files of a mounted part lie elsewhere in the archive's volume
        where = (case.at(CONFIG, "namedVolumes", index, "volumeName"),)
        if ignoring and not _is_new(case, volume.name):
            yield Conflict(
                "volume-file-differs",
                Severity.UNCHECKED,
                f"Nobody has looked into volume {safe_text(volume.name)}",
                f"Processes have {plural(len(used), 'file')} of it open, and CRIU wants them as "
                "they were.",
                subject=volume.name,
                where=where,
                evidence=Evidence(archive=safe_text(f"{used[0].path} is open")),
                remedies=(USE_VOLUMES,),
            )
            continue
        copied = known(case.facts.image_files, {})
        place = volume.dest.strip("/")
        unpacked = [replace(one, name=f"{place}/{one.name}") for one in content or ()]
        root = _Root(copied, () if ignoring else tuple(unpacked), (), "", follow=False)
        for file in used:
            if words := root.difference(file):
                yield Conflict(
                    "volume-file-differs",
                    Severity.BLOCKER,
                    f"{safe_text(file.path)} {words.title}",
                    f"A process has it open, and CRIU compares: {safe_text(words.log)}.",
                    subject=volume.name,
                    where=where,
                    evidence=Evidence(archive=words.archive, host="not in the volume"),
                    remedies=(USE_VOLUMES,) if ignoring else (),
                )
                break


def _is_new(case: Case, name: str) -> bool:
    """Whether Podman will make the volume."""
    volumes = case.facts.volumes
    return isinstance(volumes, Known) and all(one.name != name for one in volumes.value)


def _remedy(case: Case) -> Remedy:
    return APPLY_ROOTFS if case.options.ignore_rootfs else IGNORE_ROOTFS


def _places(case: Case, *paths: str) -> tuple[Location, ...]:
    """The nodes of the image, and of those of `paths` that are in it."""
    listed = known(case.facts.image_files, {})
    names = [name for path in paths if (name := path.strip("/")) in listed]
    nodes = [on_host("image_files", name) for name in names] or [on_host("image_files")]
    return case.at(CONFIG, "rootfsImageID"), *nodes


def _image_is_missing(case: Case) -> bool:
    """Whether other checks say already that there is nothing to look into."""
    images, image_id = case.facts.images, case.checkpoint.config.image_id
    absent = isinstance(images, Known) and all(image.id != image_id for image in images.value)
    return absent or isinstance(case.facts.podman, Missing)


def _within(path: str, folder: str) -> bool:
    return path == folder or not folder or path.startswith(f"{folder}/")


@dataclass(frozen=True, slots=True)
class _Words:
    """How a file will differ."""

    title: str
    log: str
    """What CRIU will say."""
    archive: str
    host: str


class _Root:
    """A root file system: an image, what is unpacked over it, and what is then deleted."""

    def __init__(
        self,
        image: Mapping[str, ImageFile],
        changes: tuple[Member, ...],
        deletions: tuple[str, ...],
        made: str,
        *,
        follow: bool,
    ) -> None:
        """`made` is the folder that Podman makes if it is not there: the working folder."""
        self._image = image
        self._made = made
        self._added: dict[str, ImageFile] = {}
        for member in changes:
            self._added[member.name.strip("/")] = self._unpacked(member)
        self._gone: set[str] = set()
        self.followed: dict[str, str] = {}
        """Deleted links with the surviving file that goes instead."""
        cleaned = {path: posixpath.normpath(f"/{path}")[1:].lstrip("/") for path in deletions}
        meant = set(cleaned.values())
        for path, itself in cleaned.items():
            target = self._resolved(itself) if follow else itself
            if target != itself and self.get(target) and not _covered(target, meant):
                self.followed.setdefault(path, target)
            self._gone.add(target)

    def get(self, path: str) -> ImageFile | None:
        """The file at `path`, which has no leading slash."""
        if _covered(path, self._gone):
            return None
        if added := self._added.get(path):
            return added
        for folder in _folders(path):
            if (above := self._added.get(folder)) and above.kind != "directory":
                return None
        return self._image.get(path)

    def difference(self, file: RegularFile) -> _Words | None:
        """How `file` will differ from what it was; None where it does not.

        A file that has gone with a deleted link is left to `deleted-symlink`.
        """
        path = file.path[1:]
        found = self.get(path)
        if found is None:
            if path == self._made or _covered(path, set(self.followed.values())):
                return None
            return _Words(
                "will be missing",
                f"Can't open file {path} on restore: No such file",
                "open in a process",
                "not in the image"
                + ("" if path not in self._gone else ", or deleted by the archive"),
            )
        if file.mode is not None:
            mode = _KINDS.get(found.kind, stat.S_IFMT(file.mode)) | found.mode
            if mode != file.mode:
                return _Words(
                    "will have another mode",
                    f"File {path} has bad mode 0{mode:o} (expect 0{file.mode:o})",
                    f"mode {stat.filemode(file.mode)}",
                    f"mode {stat.filemode(mode)}",
                )
        regular = file.mode is None or stat.S_ISREG(file.mode)
        if regular and file.size is not None and found.size != file.size:
            return _Words(
                "will have another size",
                f"File {path} has bad size {found.size} (expect {file.size})",
                size(file.size),
                size(found.size),
            )
        return None

    def _unpacked(self, member: Member) -> ImageFile:
        if member.kind is MemberKind.HARDLINK:
            target = member.link.strip("/")
            if there := self._added.get(target) or self._image.get(target):
                return there
        kind = member.kind.value if member.kind.value in _KINDS else "other"
        return ImageFile(kind, stat.S_IMODE(member.mode), member.size, member.link)

    def _resolved(self, path: str) -> str:
        """Where `path` leads, no link leading out of the root; itself if they go in circles."""
        here, rest, links = "", path, 0
        while rest:
            part, _, rest = rest.partition("/")
            following = posixpath.normpath(f"/{here}/{part}").lstrip("/")
            found = self.get(following)
            if found is None or found.kind != "symlink":
                here = following
                continue
            links += 1
            if links > _LINKS:
                return path
            if found.link.startswith("/"):
                here = ""
            rest = f"{found.link}/{rest}"
        return here


_KINDS = {"file": stat.S_IFREG, "directory": stat.S_IFDIR, "symlink": stat.S_IFLNK}


def _folders(path: str) -> Iterator[str]:
    """The folders that `path` lies in, the root as an empty path."""
    while path:
        path = path.rpartition("/")[0]
        yield path


def _covered(path: str, paths: set[str]) -> bool:
    """Whether `path` or a folder above it is one of `paths`."""
    return bool(paths) and (path in paths or any(folder in paths for folder in _folders(path)))


class _View:
    """Everything that the checks ask again at every keystroke, worked out once.

    Equal to another view only if it is of the very same objects.
    """

    def __init__(
        self, checkpoint: Checkpoint, image: Mapping[str, ImageFile], *, follow: bool
    ) -> None:
        self._checkpoint = checkpoint
        self._image = image
        self._follow = follow

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, _View)
            and self._checkpoint is other._checkpoint
            and self._image is other._image
            and self._follow == other._follow
        )

    def __hash__(self) -> int:
        return hash((id(self._checkpoint), id(self._image), self._follow))

    @cached_property
    def used(self) -> tuple[RegularFile, ...]:
        return _reopened(self._checkpoint).get("/", ())

    @cached_property
    def image(self) -> _Root:
        return _Root(self._image, (), (), self._made, follow=False)

    @cached_property
    def restored(self) -> _Root:
        changes, deletions = diff(self._checkpoint), deleted(self._checkpoint)
        return _Root(self._image, changes, deletions, self._made, follow=self._follow)

    @property
    def _made(self) -> str:
        return posixpath.normpath(f"/{self._checkpoint.spec.process.cwd}").lstrip("/")


@lru_cache(maxsize=2)
def _same(view: _View) -> _View:
    return view


def _view(case: Case) -> _View | None:
    files = case.facts.image_files
    if isinstance(files, Unknown) or case.checkpoint.criu is None:
        return None
    follow = case.podman_version >= FOLLOWS_LINKS
    return _same(_View(case.checkpoint, files.value, follow=follow))


def _reopened(checkpoint: Checkpoint) -> dict[str, tuple[RegularFile, ...]]:
    """The files that CRIU will open again, each once, by the mountpoint of what they lie on.

    Not the mountpoints themselves: the storage makes that of the root and not the image, and those
    of volumes have a check of their own.
    """
    state = checkpoint.criu
    if state is None:
        return {}
    places = {mount.id: mount.mountpoint for mount in state.mounts}
    found: dict[str, dict[RegularFile, None]] = {}
    for file in state.files:
        place = places.get(file.mount)
        if (
            place
            and not file.ghost
            and _within(file.path, place.rstrip("/"))
            and file.path != place
        ):
            found.setdefault(place, {})[file] = None
    return {place: tuple(files) for place, files in found.items()}
