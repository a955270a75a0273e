"""Sockets before and after: known by protocol and addresses, or by who has them open."""

from collections.abc import Iterator, Mapping
from itertools import islice

from tui.checkpoint.comparison.difference import (
    Described,
    Difference,
    Fact,
    Unit,
    matched,
    unique,
)
from tui.checkpoint.comparison.likeness import Likeness
from tui.checkpoint.comparison.pairs import Pairs
from tui.checkpoint.comparison.side import Side
from tui.criu.sockets import AnySocket, InetSocket, NetlinkSocket, UnixSocket, endpoint, kind

_USERS = 20
"""Descriptors that are named of one socket."""


def sockets_apart(pairs: Pairs, before: Side, after: Side, alike: Likeness) -> Iterator[Difference]:
    """Every socket, those that listen first."""
    was, now = _Reader(before, pairs.before), _Reader(after, pairs.after)
    return matched(
        unique((alike.earlier(key), one) for key, one in was.sockets().items()),
        unique((alike.later(key), one) for key, one in now.sockets().items()),
        (was.describe, now.describe),
        alike,
    )


def socket_name(socket: AnySocket) -> str:
    """What it is and where: `tcp 0.0.0.0:80`; a nameless one has no place."""
    if isinstance(socket, InetSocket):
        here = endpoint(socket.source, socket.source_port)
        there = endpoint(socket.destination, socket.destination_port)
        return f"{kind(socket)} {here}" + (f" → {there}" if socket.destination_port else "")
    if isinstance(socket, UnixSocket) and socket.name:
        return f"{kind(socket)} {socket.name}"
    return kind(socket)


class _Reader:
    """What one side says of its sockets."""

    def __init__(self, side: Side, keys: Mapping[int, str]) -> None:
        self._side = side
        self._keys = keys

    def sockets(self) -> dict[str, AnySocket]:
        """All of them by what tells them apart; without a name nothing does in a part."""
        found = self._side.inside.sockets.by_file.values()
        listed = sorted(found, key=lambda one: one.state != "LISTEN")
        partial = self._side.partial
        return unique((self._key(one), one) for one in listed if _named(one) or not partial)

    def describe(self, socket: AnySocket) -> Described:
        """A socket with its state, or who has it."""
        told = socket.state
        if not isinstance(socket, InetSocket):
            told = f"{told} {', '.join(self._users(socket)[:1])}".strip()
        return Described(socket_name(socket), told, facts=lambda: self._facts(socket))

    def _key(self, socket: AnySocket) -> str:
        name = socket_name(socket)
        if _named(socket):
            return name
        return f"{name} of {', '.join(self._users(socket)[:1]) or 'nobody'}"

    def _users(self, socket: AnySocket) -> list[str]:
        users = islice(self._side.inside.descriptors.users(socket.file_id), _USERS)
        return [f"{self._keys.get(pid, str(pid))} fd {fd}" for pid, fd in users]

    def _facts(self, socket: AnySocket) -> Iterator[Fact]:
        yield Fact("state", socket.state)
        yield Fact("type", socket.type)
        yield Fact("shut down", socket.shutdown or None)
        yield Fact("not yet read", _received(socket), Unit.BYTES)
        yield Fact("not yet confirmed", _sent(socket), Unit.BYTES)
        match socket:
            case InetSocket():
                yield Fact("device", socket.interface or None)
                yield Fact("backlog", socket.backlog)
                yield Fact("IPv6 alone", socket.v6only)
            case UnixSocket():
                yield Fact("backlog", socket.backlog)
                yield Fact("mode", socket.mode, Unit.MODE)
                yield Fact("deleted", socket.deleted)
                yield Fact("peer outside", socket.external)
            case NetlinkSocket():
                yield Fact("groups", tuple(map(str, socket.groups)))
        for name, value in socket.options.items():
            yield Fact(f"option {name}", value)
        if not self._side.partial:
            yield Fact("open", self._side.inside.descriptors.count(socket.file_id))
            yield Fact("open in", tuple(self._users(socket)))


def _named(socket: AnySocket) -> bool:
    return isinstance(socket, InetSocket) or (isinstance(socket, UnixSocket) and bool(socket.name))


def _received(socket: AnySocket) -> int:
    if isinstance(socket, InetSocket):
        return socket.stream.received.length if socket.stream else 0
    if isinstance(socket, UnixSocket):
        return sum(packet.content.length for packet in socket.received)
    return 0


def _sent(socket: AnySocket) -> int:
    stream = socket.stream if isinstance(socket, InetSocket) else None
    return stream.sent.length if stream else 0
