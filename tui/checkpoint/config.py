"""Podman's container configuration (config.dump), as far as a restore depends on it.

Field names and their history: `libpod/container_config.go` of Podman 3.0 to 6.0.
"""

from typing import Annotated, Any

import msgspec

Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
"""Go's uint16, which refuses anything else."""


class PortMapping(msgspec.Struct, frozen=True, kw_only=True):
    """One published port, or a range of them."""

    host_ip: str = ""
    container_port: Port = 0
    host_port: Port = 0
    range: Port = 1
    protocol: str = "tcp"
    """`tcp`, `udp` or `sctp`; Podman writes one each."""


class NamedVolume(msgspec.Struct, frozen=True, kw_only=True, rename={"name": "volumeName"}):
    """A volume that the container mounts by name."""

    name: str = ""
    dest: str = ""
    options: list[str] | None = None


class Network(msgspec.Struct, frozen=True, kw_only=True):
    """How the container joins one network."""

    name: str = ""
    static_ips: list[str] | None = None
    static_mac: str = ""
    aliases: list[str] | None = None
    interface_name: str = ""


class Secret(msgspec.Struct, frozen=True, kw_only=True):
    """A secret by name; the value stays on the host."""

    name: str = ""
    id: str = ""


class ContainerConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of config.dump that decide about a restore; unknown keys are left alone."""

    id: str = ""
    name: str = ""
    pod: str = ""
    create_command: list[str] | None = msgspec.field(name="CreateCommand", default=None)
    dependencies: list[str] | None = msgspec.field(name="Dependencies", default=None)
    image_id: str = msgspec.field(name="rootfsImageID", default="")
    image_name: str = msgspec.field(name="rootfsImageName", default="")
    rootfs: str = ""
    named_volumes: list[NamedVolume] | None = msgspec.field(name="namedVolumes", default=None)
    secrets: list[Secret] | None = None
    privileged: bool = False
    process_label: str = msgspec.field(name="ProcessLabel", default="")
    mount_label: str = msgspec.field(name="MountLabel", default="")
    ipc_namespace_container: str = msgspec.field(name="ipcNsCtr", default="")
    net_namespace_container: str = msgspec.field(name="netNsCtr", default="")
    pid_namespace_container: str = msgspec.field(name="pidNsCtr", default="")
    uts_namespace_container: str = msgspec.field(name="utsNsCtr", default="")
    cgroup_namespace_container: str = msgspec.field(name="cgroupNsCtr", default="")
    user_namespace_container: str = msgspec.field(name="userNsCtr", default="")
    mount_namespace_container: str = msgspec.field(name="mountNsCtr", default="")
    create_net_namespace: bool = msgspec.field(name="createNetNS", default=False)
    port_mappings: list[PortMapping] | None = msgspec.field(name="newPortMappings", default=None)
    """Podman 4.0 and later; older archives have `portMappings` (see `ports`)."""
    network_mode: str = msgspec.field(name="networkMode", default="")
    labels: dict[str, str] | None = None
    created: str = msgspec.field(name="createdTime", default="")
    """RFC 3339."""
    cgroup_manager: str = msgspec.field(name="cgroupManager", default="")
    cgroup_parent: str = msgspec.field(name="cgroupParent", default="")
    runtime: str = ""
    exit_command: list[str] | None = msgspec.field(name="exitCommand", default=None)
    """Podman 3.4 and earlier; later versions build it when the container runs."""
    label_options: list[str] | None = msgspec.field(name="labelopts", default=None)
    log_path: str = msgspec.field(name="logPath", default="")
    conmon_pid_file: str = msgspec.field(name="conmonPidFile", default="")
    pid_file: str = ""
    networks: list[Network] = []
    """Whatever key the archive's Podman used (see `tui.checkpoint.documents`)."""
    legacy_ports: bool = False
    """The ports came from the key of Podman 3.4 and earlier, which Podman 4.0 and later ignores."""


Json = Any
"""A decoded JSON value: dict, list, str, int, float, bool or None."""
