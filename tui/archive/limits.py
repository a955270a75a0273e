"""How much of a hostile archive is read before podthaw says no, each limit in one place.

Honest checkpoints stay far below all of them. A limit is checked before anything is allocated.
"""

KIB = 1024
MIB = 1024 * KIB

MEMBERS = 100_000
"""Members of the archive; a process costs about ten, a thread one."""

NESTED_MEMBERS = 200_000
"""Entries of all the tars inside together (changed files, files in volumes)."""

NAME = 4096
"""Bytes of a member's name: PATH_MAX of Linux."""

NAMES = 32 * MIB
"""Characters of all the members' names and links together, in the tars inside too."""

EXTENDED_HEADER = MIB
"""Bytes of the extended headers (pax, GNU long names) before one member; Go's own limit."""

DIGITS = 20
"""Digits of a number in a pax header: more than any 64-bit number has."""

UNPACKED = 16 * 1024 * MIB
"""Bytes that the compressed tars inside (containerd's rootfs-diff.tar, tmpfs) may unpack to."""

KEPT_MEMBER = MIB
"""Bytes of a member whose content is kept."""

KEPT_IMAGE = 16 * MIB
"""The same of an image of CRIU's; what has the content of pages or files does not count as such."""

KEPT = 64 * MIB
"""Bytes of all the members whose content is kept; those beyond KEPT_MEMBER take half of it."""

DOCUMENT = 4 * MIB
"""Bytes of a JSON document that a restore reads; Podman writes about 25 KiB."""

KEY = 4096
"""Characters of a name in a JSON document."""

DEPTH = 100
"""Levels of nesting in a JSON document; Podman writes about 8."""

WINDOW = 128 * MIB
"""Bytes of memory that a decompressor may ask for; the default of the zstd command."""

REPORTED = 100
"""Problems, and ambiguities, that are told of one archive; more of them say nothing new."""
