"""Secrets in memory and in files, found by what they look like.

What was found is never kept: a kind, a length, and the beginning of its SHA-256, which tells two
apart and one again, and lets its owner recognise it.

Every expression is tried only where a text is that it must contain, and is written so that a
megabyte made to slow it down takes no longer than any other: what repeats is possessive, and what
could begin inside another match does not.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256

from tui.archive import limits
from tui.archive.model import Member, MemberKind
from tui.archive.spool import Store
from tui.checkpoint.filesystem import FileSystem
from tui.criu.memories import Memories
from tui.criu.search import search

LONGEST = 8 * limits.KIB
"""Bytes of the longest secret: a private key of 4,096 bits in PEM has about 3,300."""

FILE = 16 * limits.MIB
"""Bytes of a file that is looked through; secrets lie in small ones."""

KEPT = 1000
"""Different secrets that are told."""

PLACES = 20
"""Places that are told of one secret."""

DIGEST = 8
"""Digits of the SHA-256 that are told: enough to tell secrets apart, too few to be sure of a
password that somebody guesses."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of secret."""

    name: str
    """What people call it."""
    needles: tuple[bytes, ...]
    """What it begins with."""
    pattern: re.Pattern[bytes]
    """The secret itself is its group 1, or all of it if it has none."""
    weak: bool = False
    """Looks like one often enough without being one."""


_ENDS = rb"(?![A-Za-z0-9_-])"
_STARTS = rb"(?<![A-Za-z0-9_-])"

KINDS = (
    Kind(
        "private key",
        (b"-----BEGIN ",),
        re.compile(
            rb"-----BEGIN (?:(?:RSA|EC|DSA|OPENSSH|ENCRYPTED) )?PRIVATE KEY-----\r?\n"
            rb"(?:[A-Za-z-]{1,20}: [^\r\n]{1,120}\r?\n){0,3}+"
            rb"\r?\n?[A-Za-z0-9+/=\r\n]{64,7000}+"
        ),
    ),
    Kind(
        "AWS access key",
        (b"AKIA", b"ASIA"),
        re.compile(_STARTS + rb"A[KS]IA(?![A-Z2-7]{9}EXAMPLE)[A-Z2-7]{16}" + _ENDS),
    ),
    Kind(
        "GitHub token",
        (b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_", b"github_pat_"),
        re.compile(_STARTS + rb"(?:gh[pousr]_[A-Za-z0-9]{36,255}+|github_pat_\w{60,255}+)" + _ENDS),
    ),
    Kind(
        "GitLab token",
        (b"glpat-",),
        re.compile(_STARTS + rb"glpat-[A-Za-z0-9_.-]{20,300}+"),
    ),
    Kind(
        "Slack token",
        (b"xoxb-", b"xoxa-", b"xoxp-", b"xoxr-", b"xoxs-"),
        re.compile(_STARTS + rb"xox[abprs]-[0-9]{6,}+-[A-Za-z0-9-]{10,250}+"),
    ),
    Kind(
        "JSON web token",
        (b"eyJ",),
        re.compile(
            rb"(?<![A-Za-z0-9_.-])eyJ[A-Za-z0-9_-]{10,2000}+"
            rb"\.eyJ[A-Za-z0-9_-]{10,4000}+\.[A-Za-z0-9_-]{16,1000}+"
        ),
    ),
    Kind(
        "password",
        (b"PASSWORD=", b"PASSWD="),
        re.compile(rb"PASSW(?:OR)?D=[\"']?(?![$<{*%(\[])([!#-&(-~]{6,128}+)(?=[\"'\0-\x20]|\Z)"),
        weak=True,
    ),
    Kind(
        "password",
        (b"assword=", b"asswd="),
        re.compile(
            rb"assw(?:or)?d=(?=[A-Za-z!#@^+,.:;?_~-]{0,127}+[0-9])"
            rb"([A-Za-z0-9!#@^+,.:;?_~-]{6,128}+)(?=[\"'&\0-\x20]|\Z)"
        ),
        weak=True,
    ),
)
"""Passwords: upper case is how environment variables are written. In lower case the words stand
in programs as well, so that there must be a digit, as names of variables seldom have one."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One secret, without what it says."""

    kind: str
    digest: str
    """The first DIGEST digits of the SHA-256 of its bytes."""
    size: int
    """Bytes."""
    weak: bool
    memory: tuple[tuple[int, int], ...] = ()
    """PID and address, up to PLACES of them."""
    files: tuple[tuple[str, str], ...] = ()
    """The tar inside and the path, up to PLACES of them."""


@dataclass(frozen=True, slots=True)
class Sightings:
    """All secrets that were found."""

    found: tuple[Sighting, ...] = ()
    """In the order they were met, those in memory first."""
    more: bool = False
    """There are more than KEPT of them."""
    unread: int = 0
    """Files that were not looked through: larger than FILE, or compressed inside the archive."""


def secrets(buffer: bytes | bytearray, start: int, end: int) -> Iterator[tuple[int, int, Kind]]:
    """Where secrets begin and end in a part of `buffer`, in order, none inside another."""
    found = sorted(_candidates(buffer, start, end), key=lambda one: one[:2])
    at = start
    for first, last, kind in found:
        if first >= at:
            yield first, last, kind
            at = last


def look_through(
    memories: Memories,
    systems: Iterable[FileSystem],
    store: Store,
    progress: Callable[[int, int], None],
) -> Sightings:
    """All secrets in memory and in the files of `systems`. Raises ArchiveError."""
    notes = _Notes()
    files, unread = _files(systems)
    size = sum(member.size for _, _, member in files)
    total = size
    for step in search(memories, _Secrets()):
        total = step.total + size
        progress(step.done, total)
        for hit in step.hits:
            kind = _kind(hit.match)
            if kind:
                places = ((place.pid, place.address) for place in hit.places)
                notes.memory(kind, _value(kind, hit.match), places)
    done = total - size
    for where, path, member in files:
        raw = store.read(member, 0, member.size)
        for first, last, kind in secrets(raw, 0, len(raw)):
            notes.file(kind, _value(kind, raw[first:last]), (where, path))
        done += member.size
        progress(done, total)
    return Sightings(notes.all(), notes.more, unread)


class _Secrets:
    """All kinds at once, as `tui.criu.search` looks for them."""

    longest = LONGEST
    window = limits.MIB
    zeros = (0, 0)

    def matches(self, buffer: bytearray, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Where secrets begin and end, in order, none inside another."""
        return ((first, last) for first, last, _ in secrets(buffer, start, end))


class _Notes:
    """The secrets met so far, each once."""

    def __init__(self) -> None:
        self.more = False
        self._known: dict[tuple[str, str], tuple[int, bool]] = {}
        self._memory: dict[tuple[str, str], dict[tuple[int, int], None]] = defaultdict(dict)
        self._files: dict[tuple[str, str], dict[tuple[str, str], None]] = defaultdict(dict)

    def memory(self, kind: Kind, value: bytes, places: Iterable[tuple[int, int]]) -> None:
        key = self._key(kind, value)
        for place in places if key else ():
            if key and len(self._memory[key]) < PLACES:
                self._memory[key][place] = None

    def file(self, kind: Kind, value: bytes, place: tuple[str, str]) -> None:
        key = self._key(kind, value)
        if key and len(self._files[key]) < PLACES:
            self._files[key][place] = None

    def all(self) -> tuple[Sighting, ...]:
        return tuple(
            Sighting(
                kind=key[0],
                digest=key[1][:DIGEST],
                size=size,
                weak=weak,
                memory=tuple(self._memory.get(key, ())),
                files=tuple(self._files.get(key, ())),
            )
            for key, (size, weak) in self._known.items()
        )

    def _key(self, kind: Kind, value: bytes) -> tuple[str, str] | None:
        key = kind.name, sha256(value).hexdigest()
        if key not in self._known:
            if len(self._known) >= KEPT:
                self.more = True
                return None
            self._known[key] = len(value), kind.weak
        return key


def _candidates(buffer: bytes | bytearray, start: int, end: int) -> Iterator[tuple[int, int, Kind]]:
    for kind in KINDS:
        for needle in kind.needles:
            at = buffer.find(needle, start, end)
            while at >= 0:
                match = kind.pattern.match(buffer, at, end)
                if match:
                    yield at, match.end(), kind
                at = buffer.find(needle, match.end() if match else at + len(needle), end)


def _kind(raw: bytes) -> Kind | None:
    """The kind of a secret from how it begins."""
    return next((kind for kind in KINDS if raw.startswith(kind.needles)), None)


def _value(kind: Kind, raw: bytes) -> bytes:
    match = kind.pattern.match(raw)
    return match[1] if match and kind.pattern.groups else raw


def _files(systems: Iterable[FileSystem]) -> tuple[list[tuple[str, str, Member]], int]:
    """What is looked through, in the order of the archive, and how many files are not."""
    found, unread = [], 0
    for system in systems:
        for entry in system.entries:
            member = entry.member
            if member is None or member.kind is not MemberKind.FILE or not member.size:
                continue
            if member.offset is None or member.size > FILE:
                unread += 1
            else:
                found.append((system.where, entry.path, member))
    return sorted(found, key=lambda one: one[2].offset or 0), unread
