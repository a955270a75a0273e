"""The Checkpoint: everything podthaw knows of one archive, frozen."""

from dataclasses import dataclass, field

from tui.archive.layout import CONFIG as CONFIG
from tui.archive.layout import IMAGES, PRE_IMAGES, Layout
from tui.archive.layout import NETWORK as NETWORK
from tui.archive.layout import SPEC as SPEC
from tui.archive.model import Contents
from tui.checkpoint.config import ContainerConfig, Json
from tui.checkpoint.network import Address
from tui.checkpoint.spec import RuntimeSpec
from tui.criu.state import CriuState


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One archive as far as it has been read; its parts are empty until then."""

    contents: Contents
    layout: Layout = Layout.UNKNOWN
    """Whose checkpoint it is, as far as that can be told yet."""
    documents: dict[str, Json] = field(default_factory=dict)
    """The raw JSON documents, by member name, in the archive's own key order."""
    config: ContainerConfig = ContainerConfig()
    spec: RuntimeSpec = RuntimeSpec()
    addresses: tuple[Address, ...] = ()
    criu: CriuState | None = None
    """What CRIU's images say; None until the whole archive is read."""
    senseless: frozenset[str] = frozenset()
    """The documents that are JSON, but not what Podman would read them as."""

    @property
    def readable(self) -> bool:
        """Whether the two documents that a restore needs are there and make sense."""
        return {CONFIG, SPEC} <= self.documents.keys() - self.senseless

    @property
    def folder(self) -> str:
        """Where CRIU's images lie in an archive of this kind."""
        return PRE_IMAGES if self.layout is Layout.PODMAN_PRE else IMAGES

    @property
    def bare(self) -> bool:
        """Whether it is CRIU's images alone, of which nobody expects a container's documents."""
        return self.layout is Layout.CRIU

    @property
    def whole(self) -> bool:
        """Whether all that belongs to such a checkpoint could be read."""
        return self.contents.complete and (self.readable or self.bare)
