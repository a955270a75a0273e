"""The restore options, under Podman's own names."""

from collections.abc import Mapping
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


def flag(name: str) -> str:
    """The option of Podman that the field `name` of RestoreOptions stands for."""
    return f"--{name.replace('_', '-')}"


def flags(values: Mapping[str, object]) -> tuple[str, ...]:
    """What is typed for these fields of RestoreOptions; nothing for those that are off.

    Values stand behind `=`, so that none can become an option.
    """
    words: list[str] = []
    for name, value in values.items():
        if value is True:
            words.append(flag(name))
        elif isinstance(value, tuple):
            words += [f"{flag(name)}={entry}" for entry in value]
        elif value:
            words.append(f"{flag(name)}={value}")
    return tuple(words)
