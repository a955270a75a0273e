"""What Podman refuses: archives, options, pods, names."""

from tui.restore.causes.registry import Cause
from tui.restore.remedies import CGROUPFS, NO_POD, SYSTEMD

PODMAN = (
    Cause(
        "podman-missing",
        r"podman is not installed on .*|\W?podman\W?: command not found"
        r"|failed to (?:run command|execute) \W?podman\W?: No such file or directory",
        "Podman is not installed on the host",
        "Nothing can be restored without it: install the package podman, or give podthaw the way"
        " to where it is with --host-command.",
        ("podman-missing",),
    ),
    Cause(
        "archive-not-found",
        r"failed to open checkpoint archive (?P<path>.+?) for import: .*",
        "Podman cannot open the archive {path}",
        "It is gone or not readable, or Podman runs where this path is another one (a container,"
        " another machine). Copy the archive there, and try again.",
    ),
    Cause(
        "previous-unreadable",
        r"failed to open pre-checkpoint archive for import|unpacking of pre-checkpoint archive"
        r" .+? failed",
        "Podman cannot read the pre-checkpoint archive",
        "--import-previous must name the archive that was made with `podman container checkpoint"
        " --pre-checkpoint --export` before this one. Look at its path, and compare its checksum.",
        ("previous-checkpoint-required",),
    ),
    Cause(
        "archive-damaged",
        r"unpacking of checkpoint archive .+? failed: .*",
        "Podman cannot unpack the archive",
        "It is damaged, cut off, or no checkpoint archive. Compare its checksum with the"
        " original's, and fetch it again.",
        ("archive-incomplete", "import-needs-archive"),
    ),
    Cause(
        "archive-foreign",
        r"open \S*(?:config|spec)\.dump: no such file or directory|failed to unmarshal \S+"
        r"|both RootfsImageName and RootfsImageID must be set if either is set",
        "This is no archive that Podman can restore",
        "config.dump or spec.dump is missing or of another engine (CRI-O, containerd). Restore it"
        " with the engine that made it, or make a checkpoint with `podman container checkpoint"
        " --export`.",
        ("engine-unsupported", "archive-incomplete"),
    ),
    Cause(
        "checkpoint-incomplete",
        r"a complete checkpoint for this container cannot be found",
        "The archive holds no complete checkpoint",
        "It may be a pre-checkpoint: restore the archive that was made after it, and name this one"
        " with --import-previous.",
        ("archive-incomplete", "previous-checkpoint-required"),
    ),
    Cause(
        "rootless",
        r"restoring (?:a container )?requires root",
        "Podman does not run as root",
        "Nobody else may restore containers. Start podthaw as root, or with --host-command 'sudo"
        " -n'.",
        ("rootless",),
    ),
    Cause(
        "option-unknown",
        r"unknown flag: (?P<flag>\S+)",
        "This Podman has no option {flag}",
        "Restore without it, or update Podman.",
        ("option-unknown", "tcp-close-unsupported"),
    ),
    Cause(
        "pod-required",
        r"cannot restore pod container without --pod",
        "The container belonged to a pod, and none was chosen",
        "Choose a pod with --pod, or create one with the namespaces that the container shared:"
        " `podman pod create --share=ipc,net,uts`.",
        ("pod-required",),
    ),
    Cause(
        "pod-forbidden",
        r"cannot restore non pod container into pod",
        "The container belonged to no pod, and one was chosen",
        "Restore it without --pod.",
        ("pod-forbidden",),
        remedies=(NO_POD,),
    ),
    Cause(
        "pod-not-found",
        r"cannot be retrieved: no pod with name or ID (?P<pod>.+?) found",
        "There is no pod {pod} on this host",
        "`podman pod ps` lists the pods. The ID that Podman puts in quotes is that of the"
        " container's old pod, not of the one you chose.",
        ("pod-not-found",),
    ),
    Cause(
        "pod-without-infra",
        r"cannot retrieve infra container from pod|pod has no infra container",
        "The chosen pod has no infra container, which holds what its containers share",
        "Choose a pod that was created without --infra=false.",
        ("pod-without-infra",),
    ),
    Cause(
        "namespace-not-shared",
        r"pod (?P<pod>\S+) does not share the (?P<namespace>\S+) namespace",
        "The chosen pod does not share the {namespace} namespace, as the old one did",
        "Choose another pod, or create one that shares it: `podman pod create --share=ipc,net,uts`"
        " and more where needed.",
        ("namespace-not-shared",),
    ),
    Cause(
        "dependencies",
        r"cannot import checkpoints of containers with dependencies",
        "The container used the network or volumes of another container",
        "Podman never imports such a checkpoint. Make the container without that, and checkpoint it"
        " again.",
        ("dependencies",),
    ),
    Cause(
        "id-in-use",
        r"that ID is already in use|UNIQUE constraint failed: IDNamespace\.ID",
        "A container with this ID is already on this host",
        "It is the original, or what an earlier failed restore has left. Remove it with `podman rm"
        " --force`, or restore under a new name, which brings a new ID.",
        ("id-in-use",),
    ),
    Cause(
        "name-in-use",
        r"name \"(?P<name>[^\"]*)\" is (?:already )?in use",
        "The name {name} is taken",
        "Another container or pod has it. Restore under another name (--name), or remove that"
        " container with `podman rm --force`.",
        ("name-in-use",),
    ),
    Cause(
        "locks-exhausted",
        r"allocating lock for new (?:container|volume)|exceeded num_locks \(\d+\)",
        "Podman has no lock left for another container or volume",
        "Remove containers and volumes that nobody needs, or raise num_locks in containers.conf and"
        " run `podman system renumber`.",
        ("locks-exhausted",),
    ),
    Cause(
        "cgroup-manager-systemd",
        r"did not receive systemd slice as cgroup parent when using systemd to manage cgroups",
        "The container's cgroup was made by cgroupfs, and this host uses systemd",
        "Restore with --cgroup-manager=cgroupfs.",
        ("cgroup-manager-differs",),
        remedies=(CGROUPFS,),
    ),
    Cause(
        "cgroup-manager-cgroupfs",
        r"systemd slice received as cgroup parent when using cgroupfs",
        "The container's cgroup was made by systemd, and this host uses cgroupfs",
        "Restore with --cgroup-manager=systemd.",
        ("cgroup-manager-differs",),
        remedies=(SYSTEMD,),
    ),
    Cause(
        "secret-missing",
        r"no secret with name or id \"?(?P<name>[^\":]*)\"?: no such secret",
        "There is no secret {name} on this host",
        "Its value is not in the archive: create it with `podman secret create`. Where the secret"
        " was mounted as a file the restore fails all the same.",
        ("secret-missing", "secret-mount"),
    ),
    Cause(
        "container-running",
        r"is running or paused, cannot restore",
        "The container runs already",
        "Nothing needs to be restored. For a second copy restore under a new name (--name).",
        ("id-in-use",),
    ),
    Cause(
        "restored-as-another",
        r"(?:name|ID) of restored container \(.*?\) does not match requested (?:name|ID) \(.*?\)",
        "Podman restored the container under another name or ID than it should have",
        "Somebody has changed the archive, or Podman has an error. Look at the container with"
        " `podman inspect` before you use it.",
        ("archive-ambiguous",),
    ),
    Cause(
        "database-locked",
        r"database is locked",
        "Another Podman keeps its database locked",
        "Look for a podman process that hangs (`ps -C podman`), wait for it or end it, and try"
        " again.",
    ),
)
