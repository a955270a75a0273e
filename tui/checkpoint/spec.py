"""The OCI runtime specification (spec.dump), as far as podthaw reads it.

Field names: the OCI runtime specification, `config.md` and `config-linux.md`.
"""

import msgspec


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """The capabilities of the first process, as `CAP_…`."""

    bounding: list[str] | None = None
    effective: list[str] | None = None


class Process(msgspec.Struct, frozen=True, kw_only=True):
    """What the container runs."""

    args: list[str] | None = None
    env: list[str] | None = None
    cwd: str = ""
    terminal: bool = False
    apparmor_profile: str = msgspec.field(name="apparmorProfile", default="")
    selinux_label: str = msgspec.field(name="selinuxLabel", default="")
    capabilities: Capabilities = Capabilities()


class Mount(msgspec.Struct, frozen=True, kw_only=True):
    """One mount that the runtime makes."""

    destination: str = ""
    type: str = ""
    source: str = ""
    options: list[str] | None = None


class Namespace(msgspec.Struct, frozen=True, kw_only=True):
    """One namespace, new or joined by path."""

    type: str = ""
    path: str = ""


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """A device node that the container gets."""

    path: str = ""
    type: str = ""
    """`c`, `b`, `u` or `p`."""
    major: int = 0
    minor: int = 0


class Seccomp(msgspec.Struct, frozen=True, kw_only=True):
    """The filter of system calls."""

    default_action: str = msgspec.field(name="defaultAction", default="")


class IdMapping(msgspec.Struct, frozen=True, kw_only=True):
    """A range of IDs of a user namespace."""

    container_id: int = msgspec.field(name="containerID", default=0)
    host_id: int = msgspec.field(name="hostID", default=0)
    size: int = 0


class Linux(msgspec.Struct, frozen=True, kw_only=True):
    """The part that only Linux has."""

    namespaces: list[Namespace] | None = None
    cgroups_path: str = msgspec.field(name="cgroupsPath", default="")
    devices: list[Device] | None = None
    seccomp: Seccomp | None = None
    masked_paths: list[str] | None = msgspec.field(name="maskedPaths", default=None)
    uid_mappings: list[IdMapping] | None = msgspec.field(name="uidMappings", default=None)
    sysctl: dict[str, str] | None = None


class Hook(msgspec.Struct, frozen=True, kw_only=True):
    """A program that the runtime runs on the host."""

    path: str = ""
    args: list[str] | None = None


class Hooks(msgspec.Struct, frozen=True, kw_only=True):
    """Programs by when they run."""

    prestart: list[Hook] | None = None
    create_runtime: list[Hook] | None = msgspec.field(name="createRuntime", default=None)
    create_container: list[Hook] | None = msgspec.field(name="createContainer", default=None)
    start_container: list[Hook] | None = msgspec.field(name="startContainer", default=None)
    poststart: list[Hook] | None = None
    poststop: list[Hook] | None = None


class RuntimeSpec(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of spec.dump that podthaw reads; unknown keys are left alone."""

    process: Process = Process()
    hostname: str = ""
    mounts: list[Mount] | None = None
    annotations: dict[str, str] | None = None
    linux: Linux = Linux()
    hooks: Hooks = Hooks()
