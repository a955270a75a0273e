"""The OCI runtime specification (spec.dump), as far as podthaw reads it.

Field names: the OCI runtime specification, `config.md` and `config-linux.md`.
"""

import msgspec


class Process(msgspec.Struct, frozen=True, kw_only=True):
    """What the container runs."""

    args: list[str] | None = None
    env: list[str] | None = None
    cwd: str = ""
    terminal: bool = False
    apparmor_profile: str = msgspec.field(name="apparmorProfile", default="")
    selinux_label: str = msgspec.field(name="selinuxLabel", default="")


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


class Linux(msgspec.Struct, frozen=True, kw_only=True):
    """The part that only Linux has."""

    namespaces: list[Namespace] | None = None
    cgroups_path: str = msgspec.field(name="cgroupsPath", default="")


class RuntimeSpec(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of spec.dump that podthaw reads; unknown keys are left alone."""

    process: Process = Process()
    hostname: str = ""
    mounts: list[Mount] | None = None
    annotations: dict[str, str] | None = None
    linux: Linux = Linux()
