"""What a checkpoint makes podthaw ask its host, beyond what it asks every host."""

from dataclasses import dataclass

from tui.checkpoint.checkpoint import Checkpoint


@dataclass(frozen=True, slots=True)
class Questions:
    """The part of the facts that depends on the archive."""

    runtime: str = ""
    """The OCI runtime that a restore would use, by name or path; empty for Podman's default."""
    paths: tuple[str, ...] = ()
    """Absolute paths of the host that the container mounts or uses as devices."""
    programs: tuple[str, ...] = ()
    """Programs that the restore runs besides Podman and CRIU: `iptables-restore`."""
    image_id: str = ""
    """The image whose files are compared; empty when none needs to be."""


def questions(checkpoint: Checkpoint) -> Questions:
    """What to ask before `checkpoint` is restored."""
    return Questions(runtime=checkpoint.config.runtime)
