"""What each part of the screen shows, in a sentence or two, for the help."""

from tui.ui.keys import Scope

PARTS = {
    "views": "The views of the archive, each with its key, its conflicts or how much it has.",
    "filter": "Words to look for. Only what contains them is shown; Enter goes to what was found.",
    "summary": "The checkpoint in short: what it is, where it is from, and whether it restores.",
    "findings": "What deserves a look, the worst first, and where each of it shows.",
    "config": "config.dump: the container as Podman knew it. What a restore changes stands beside.",
    "spec": "spec.dump: what the OCI runtime was told. What a restore changes stands beside.",
    "network": "network.status: the addresses and networks that the container had.",
    "host": "Every fact about this host that a restore depends on, or why it is not known.",
    "processes": "The processes that were running, with their children inside them.",
    "files": "The descriptors of each process, and what the archive has of their content.",
    "sockets": "The sockets, who listens and who was connected.",
    "memory": "The mappings of each process. Enter goes to the bytes of the one under the cursor.",
    "mounts": "What was mounted, and where from.",
    "filesystem": "What the container has changed in its image and in its volumes.",
    "logs": "What CRIU and the runtime wrote while the checkpoint was made.",
    "sizes": "What takes the room in the archive.",
    "raw": "CRIU's own images, field by field.",
    "archive": "The files in the archive.",
    "conflicts": "What stands between the archive and this host. A letter uses a remedy.",
    "form": "How the container shall be restored. What follows from it stands beside the form.",
    "consequences": "What the restore changes in the documents, and the command that is run.",
    "result": "How the restore ended, and the keys that help.",
    "checkpoints": "The checkpoints that were found, and what the restore of each would meet.",
    "restores": "The restores that were run from here, the newest first.",
    "differences": "What differs between the two archives, by what it is called.",
    "record": "All that is known of the restore under the cursor.",
}
"""By the ID of the widget."""

SCOPES = {
    Scope.HEX: "The bytes of a mapping. What the archive lacks is named, not zero.",
    Scope.LOG: "What Podman, the runtime and CRIU print. Away from the end it stands still.",
    Scope.TEXT: "A text that may be longer than its place.",
}
"""By the keys that work there."""
