"""The Checkpoint: everything podthaw knows of one archive, frozen."""

from dataclasses import dataclass, field

from tui.archive.model import Contents
from tui.checkpoint.config import ContainerConfig, Json
from tui.checkpoint.network import Address
from tui.checkpoint.spec import RuntimeSpec

CONFIG = "config.dump"
SPEC = "spec.dump"
NETWORK = "network.status"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One archive as far as it has been read; its parts are empty until then."""

    contents: Contents
    documents: dict[str, Json] = field(default_factory=dict)
    """The raw JSON documents, by member name, in the archive's own key order."""
    config: ContainerConfig = ContainerConfig()
    spec: RuntimeSpec = RuntimeSpec()
    addresses: tuple[Address, ...] = ()

    @property
    def readable(self) -> bool:
        """Whether the two documents that a restore needs are there and make sense."""
        return CONFIG in self.documents and SPEC in self.documents
