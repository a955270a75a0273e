"""From an archive to its Checkpoint, step by step as the archive is read."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tui.archive import opening
from tui.archive.layout import CONFIG, DOCUMENTS, NETWORK, SPEC, Layout, layout
from tui.archive.model import Contents, Form, Problem
from tui.checkpoint.checkpoint import Checkpoint
from tui.checkpoint.config import ContainerConfig, Json
from tui.checkpoint.documents import DocumentError, ambiguities, parse, view
from tui.checkpoint.extra import BUNDLE
from tui.checkpoint.network import Address
from tui.checkpoint.networking import Networking, addresses, with_networking
from tui.checkpoint.spec import RuntimeSpec
from tui.criu.state import CriuState
from tui.errors import NoCheckpointError
from tui.text import safe_text

_NAMED = 5
"""Containers of a pod that are named."""

_DERIVED = {"networks", "legacy_ports"}
"""Fields of ContainerConfig that are no keys of config.dump, or mean something else there."""

_ADVICE = {
    Layout.OCI_IMAGE: "podman load reads it",
    Layout.SAVED_IMAGE: "podman load reads it",
    Layout.TAR: "podman container checkpoint --export makes one",
}


def read(path: str) -> Iterator[Checkpoint]:
    """The Checkpoint at `path`, more of it each time (see `archive.opening.read`).

    Raises ArchiveError where nothing can be read, of which NoCheckpointError where no checkpoint
    of a container is there.
    """
    parts = _Parts({}, {})
    for contents in opening.read(path):
        what = layout(contents)
        if what is Layout.POD:
            if contents.finished:
                raise NoCheckpointError(_pod(contents), what.value)
            continue
        if what in _ADVICE:
            told = f"{safe_text(path)}: this is {what.value}: {_ADVICE[what]}."
            raise NoCheckpointError(told, what.value)
        raw = {name: contents.files[name] for name in DOCUMENTS & contents.files.keys()}
        if what is Layout.CRIU and _is_spec(contents.files.get(BUNDLE, b"")):
            raw.setdefault(SPEC, contents.files[BUNDLE])
        if raw != parts.raw:
            parts = _parts(raw)
        yield _checkpoint(contents, what, parts)


def load(path: str) -> Checkpoint:
    """The Checkpoint at `path`, all of it. Raises ArchiveError as `read`."""
    *_, checkpoint = read(path)
    return checkpoint


@dataclass(frozen=True, slots=True)
class _Parts:
    """What follows from the documents alone."""

    raw: dict[str, bytes]
    documents: dict[str, Json]
    config: ContainerConfig = ContainerConfig()
    spec: RuntimeSpec = RuntimeSpec()
    addresses: tuple[Address, ...] = ()
    senseless: frozenset[str] = frozenset()
    problems: tuple[Problem, ...] = ()
    ambiguities: tuple[Problem, ...] = ()


def _pod(contents: Contents) -> str:
    """What to say of the checkpoint of a whole pod: it has one of each container in a folder."""
    names = [member.name for member in contents.members]
    folders = [name.removesuffix(f"/{CONFIG}") for name in names if name.endswith(f"/{CONFIG}")]
    which = (
        f" ({', '.join(folders[:_NAMED])}{', …' if folders[_NAMED:] else ''})" if folders else ""
    )
    how = "" if contents.form is Form.FOLDER else ", once it is unpacked"
    return safe_text(
        f"{contents.path}: this is {Layout.POD.value}: open the folders of its"
        f" containers{which} one by one{how}."
    )


def _is_spec(raw: bytes) -> bool:
    """Whether `raw` is a runtime specification; docker has a config.json of another kind there."""
    try:
        document = parse(raw).value
    except DocumentError:
        return False
    return isinstance(document, dict) and "ociVersion" in document


def _checkpoint(contents: Contents, what: Layout, parts: _Parts) -> Checkpoint:
    problems = contents.problems + parts.problems
    if contents.finished and what is not Layout.CRIU:
        problems += tuple(
            Problem(name, None, "missing: the archive has no such document")
            for name in (CONFIG, SPEC)
            if name not in contents.files and name not in {problem.member for problem in problems}
        )
    return Checkpoint(
        contents=replace(
            contents,
            problems=problems,
            ambiguities=contents.ambiguities + parts.ambiguities,
            complete=contents.complete and not problems,
        ),
        layout=what,
        documents=parts.documents,
        config=parts.config,
        spec=parts.spec,
        addresses=parts.addresses,
        criu=_state(contents, what) if contents.finished else None,
        senseless=parts.senseless,
    )


def _state(contents: Contents, what: Layout) -> CriuState:
    """What CRIU's images say; its parser is loaded only here, after the first look.

    Those of a pre-checkpoint are memory alone.
    """
    if what is Layout.PODMAN_PRE:
        return CriuState()
    from tui.criu.reading import read_state

    return read_state(contents)


def _parts(raw: dict[str, bytes]) -> _Parts:
    documents: dict[str, Json] = {}
    config, spec = ContainerConfig(), RuntimeSpec()
    found: tuple[Address, ...] = ()
    senseless: set[str] = set()
    problems: list[Problem] = []
    doubts: list[Problem] = []
    for name in (CONFIG, SPEC, NETWORK):
        if name not in raw:
            continue
        try:
            document = parse(raw[name])
            documents[name] = document.value
            if name == CONFIG:
                doubts += ambiguities(name, document, ContainerConfig, Networking)
                config = _config(document.value)
            elif name == SPEC:
                doubts += ambiguities(name, document, RuntimeSpec)
                spec = view(document.value, RuntimeSpec)
            else:
                doubts += ambiguities(name, document)
                found = addresses(document.value)
        except DocumentError as error:
            place = f"{error.pointer}: " if error.pointer else ""
            problems.append(Problem(name, None, place + error.message, error.pointer))
            if name in documents:
                senseless.add(name)
    return _Parts(
        raw,
        documents,
        config,
        spec,
        found,
        frozenset(senseless),
        tuple(problems),
        tuple(doubts),
    )


def _config(document: Json) -> ContainerConfig:
    if not isinstance(document, dict):
        return view(document, ContainerConfig)
    plain = {name: value for name, value in document.items() if name.casefold() not in _DERIVED}
    return with_networking(view(plain, ContainerConfig), view(document, Networking))
