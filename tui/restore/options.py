"""The restore options, under Podman's own names."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RestoreOptions:
    """What a person chose; each field is the option of `podman container restore` of that name."""

    name: str = ""
    pod: str = ""
    publish: tuple[str, ...] = ()
    ignore_volumes: bool = False
    ignore_rootfs: bool = False
    ignore_static_ip: bool = False
    ignore_static_mac: bool = False
    tcp_established: bool = False
    tcp_close: bool = False
    file_locks: bool = False
    keep: bool = False
    print_stats: bool = False
    import_previous: str = ""
    cgroup_manager: str = ""
