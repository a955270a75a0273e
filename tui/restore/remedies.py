"""Remedies that are restore options alone, for checks and for the causes of failures alike."""

from tui.restore.conflict import Remedy

RESTORE_CONNECTIONS = Remedy(
    "restore-connections", "restore the connections", options={"tcp_established": True}
)

CLOSE_CONNECTIONS = Remedy(
    "close-connections",
    "close the connections",
    options={"tcp_close": True, "tcp_established": False},
)

NO_CLOSING = Remedy("no-closing", "restore without --tcp-close", options={"tcp_close": False})

KEEP_NAME = Remedy("keep-name", "keep the old name", options={"name": ""})

NO_POD = Remedy("no-pod", "restore without a pod", options={"pod": ""})

ARCHIVE_PORTS = Remedy("archive-ports", "publish the archive's ports", options={"publish": ()})

NEW_ADDRESS = Remedy(
    "new-address",
    "take another address",
    options={"ignore_static_ip": True, "ignore_static_mac": True},
)

IGNORE_VOLUMES = Remedy(
    "ignore-volumes", "leave out the content of every volume", options={"ignore_volumes": True}
)

USE_VOLUMES = Remedy(
    "use-volumes",
    "restore the content of every volume from the archive",
    options={"ignore_volumes": False},
)

IGNORE_ROOTFS = Remedy(
    "ignore-rootfs",
    "restore without what the container changed in its image",
    options={"ignore_rootfs": True},
)

APPLY_ROOTFS = Remedy(
    "apply-rootfs",
    "restore what the container changed in its image",
    options={"ignore_rootfs": False},
)

NO_LOCKS = Remedy("no-file-locks", "restore without the locks", options={"file_locks": False})

CGROUPFS = Remedy(
    "cgroup-manager",
    "restore with the cgroup manager cgroupfs",
    options={"cgroup_manager": "cgroupfs"},
)

SYSTEMD = Remedy(
    "cgroup-manager",
    "restore with the cgroup manager systemd",
    options={"cgroup_manager": "systemd"},
)
