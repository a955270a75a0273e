"""What Podman and its storage say of images and volumes."""

from tui.restore.causes.registry import Cause
from tui.restore.remedies import IGNORE_VOLUMES

STORAGE = (
    Cause(
        "image-missing",
        r"pinging container registry localhost\b",
        "The image is not on this host, and images named localhost/… are in no registry",
        "Bring it over: `podman save` on the old host, `podman load` here.",
        ("image-missing",),
    ),
    Cause(
        "image-none",
        r"parsing reference \"\": .*",
        "The container was made of a folder and not of an image",
        "It was started with --rootfs, and Podman looks for an image even so. Make the container of"
        " an image, and checkpoint it again.",
        ("image-missing",),
    ),
    Cause(
        "image-id-differs",
        r"locating image with ID \"[^\"]*\": image not known|does not resolve to an image ID",
        "The image of that name is another one than the container was made of",
        "Bring the right one over with `podman save` and `podman load`, or pull it by its digest."
        " Where it is here under no name, `podman tag` gives it one.",
        ("image-id-differs",),
    ),
    Cause(
        "image-damaged",
        r"layer not known|size for layer \"?[^\"]*\"? is unknown",
        "A part of the image is missing in Podman's storage",
        "Remove the image with `podman rmi --force` and pull or load it again; `podman system check"
        " --repair` looks through the whole storage.",
        ("image-id-differs",),
    ),
    Cause(
        "registry-certificate",
        r"x509: .*|server gave HTTP response to HTTPS client",
        "The registry's certificate is not accepted",
        "Install its certificate in /etc/containers/certs.d, correct this host's clock, or allow"
        " the registry as insecure in registries.conf. Or bring the image over with `podman save`"
        " and `podman load`.",
        ("image-missing",),
    ),
    Cause(
        "registry-limit",
        r"toomanyrequests: .*",
        "The registry gives out no more images for now",
        "Log in with `podman login`, wait, or bring the image over with `podman save` and `podman"
        " load`.",
        ("image-missing",),
    ),
    Cause(
        "registry-login",
        r"requested access to the resource is denied|unauthorized: .*"
        r"|authentication required|invalid username/password",
        "The registry does not give out the image without a login, or does not have it",
        "Log in with `podman login` as the one who restores (root), or bring the image over with"
        " `podman save` and `podman load`.",
        ("image-missing",),
    ),
    Cause(
        "image-not-in-registry",
        r"manifest unknown|name unknown: .*",
        "The registry no longer has the image under this name",
        "Bring it over from the old host with `podman save` and `podman load`.",
        ("image-missing",),
    ),
    Cause(
        "registry-unreachable",
        r"pinging container registry (?P<registry>\S+): .*"
        r"|dial tcp.*: (?:no such host|i/o timeout|connect: .*)",
        "The registry does not answer",
        "Look at this host's network, name resolution and proxy (HTTPS_PROXY). Or bring the image"
        " over with `podman save` and `podman load`.",
        ("image-missing",),
    ),
    Cause(
        "volume-exists",
        r"volume with name (?P<name>.+?) already exists",
        "The volume {name} is already on this host",
        "Podman does not overwrite it. Keep the host's data with --ignore-volumes, or remove it"
        " first with `podman volume rm`, which loses what is in it.",
        ("volume-exists",),
        remedies=(IGNORE_VOLUMES,),
    ),
    Cause(
        "volume-data-missing",
        r"failed to open volume file \S*/volumes/(?P<name>[^/\s]+)\.tar: .*no such file",
        "The content of the volume {name} is not in the archive",
        "It was exported with --ignore-volumes and must be restored so. Bring the content over into"
        " the volume first.",
        ("volume-data-missing",),
        remedies=(IGNORE_VOLUMES,),
    ),
    Cause(
        "volume-not-unpacked",
        r"failed to extract volume .*|unable to import volume (?P<name>\S+) as it is not mounted",
        "Podman cannot unpack the content of a volume",
        "The volume's driver or folder does not take it, or the archive is damaged. Create the"
        " volume yourself, bring its content over, and restore with --ignore-volumes.",
        ("volume-driver", "archive-incomplete"),
        remedies=(IGNORE_VOLUMES,),
    ),
    Cause(
        "volume-not-created",
        r"volume (?P<name>\S+) does not exist and nocreate option is set"
        r"|creating named volume \"[^\"]*\": .*",
        "Podman does not create a volume of the container",
        "Create it with `podman volume create`, with the driver that it had, and restore with"
        " --ignore-volumes if its data is there.",
        ("volume-driver",),
        remedies=(IGNORE_VOLUMES,),
    ),
)
