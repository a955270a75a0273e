"""Checkpoints as other engines and tools lay them out, made from those of Podman."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.archive.builders import END, PACKERS, entry, inner, unpacked
from tests.data import DATA
from tui.archive.model import Compression

PODMAN_NAME = {"io.podman.annotations.checkpoint.name": "web"}

CONTAINERD_CONFIG = {
    "id": "4ccf8f115a8e",
    "name": "counter_shop_default_uid1_0",
    "rootfsImage": "localhost/bb:latest",
    "rootfsImageRef": "sha256:" + "e5" * 32,
    "rootfsImageName": "localhost/bb:latest",
    "runtime": "io.containerd.runc.v2",
    "createdTime": "2026-11-23T17:43:31.65715907Z",
    "checkpointedTime": "2026-11-23T17:43:34.741438393Z",
    "restoredTime": "0001-01-01T00:00:00Z",
    "restored": False,
}

CONTAINERD_NOTES = {
    "io.kubernetes.cri.container-name": "counter",
    "io.kubernetes.cri.sandbox-name": "shop",
    "io.kubernetes.cri.sandbox-namespace": "sales",
}

CRIO_CONFIG = {
    "id": "9f00",
    "name": "k8s_counter_shop_sales_uid1_0",
    "rootfsImage": "quay.io/bb:latest",
    "rootfsImageRef": "quay.io/bb@sha256:" + "ab" * 32,
    "rootfsImageName": "quay.io/bb:latest",
    "runtime": "crun",
    "createdTime": "2026-11-23T17:43:31Z",
    "checkpointedTime": "2026-11-23T17:43:34Z",
}

CRIO_NOTES = {
    "io.container.manager": "cri-o",
    "io.kubernetes.cri-o.Metadata": '{"name":"counter","attempt":0}',
    "io.kubernetes.cri-o.Created": "2026-11-23T17:43:31Z",
    "io.kubernetes.pod.name": "shop",
    "io.kubernetes.pod.namespace": "sales",
}

CRI_LOG = b"2026-11-23T17:43:31.7Z stdout F 0\n2026-11-23T17:43:32.7Z stderr P par\n"

DUMP_LOG = b"""(00.000000) CRIU run id = 1
(00.000087) Version: 4.2.1 (gitid 0)
(00.000091) Running on node1 Linux 6.18.44 #1 SMP @0 x86_64
(00.100000) Error (criu/x.c:1): something failed
"""


def images() -> dict[str, bytes]:
    """CRIU's images of a real checkpoint, by name."""
    with unpacked(DATA / "web.tar") as tar:
        files = {each.name: tar.extractfile(each) for each in tar if each.isfile()}
    return {
        name.removeprefix("checkpoint/"): file.read()
        for name, file in files.items()
        if file and name.startswith("checkpoint/")
    }


def tar(files: Mapping[str, bytes]) -> bytes:
    return b"".join(entry(name, raw) for name, raw in files.items()) + END


def in_folder(folder: Path, files: Mapping[str, bytes]) -> Path:
    for name, raw in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(raw)
    return folder


def containerd(**config: Any) -> dict[str, bytes]:
    """As containerd's CRI plugin has it: the root file system's changes are a gzip layer."""
    layer = inner(
        entry("etc", kind=b"5"),
        entry("etc/hostname", b"shop\n"),
        entry("etc/.wh.motd"),
        entry("srv/.wh..wh..opq"),
    )
    return {
        **{f"checkpoint/{name}": raw for name, raw in images().items()},
        "config.dump": json.dumps(CONTAINERD_CONFIG | config).encode(),
        "container.log": CRI_LOG,
        "dump.log": DUMP_LOG,
        "rootfs-diff.tar": PACKERS[Compression.GZIP](layer),
        "spec.dump": json.dumps({"annotations": CONTAINERD_NOTES}).encode(),
        "status": b"{}",
        "status.dump": b"{}",
    }


def crio() -> dict[str, bytes]:
    """As CRI-O has it."""
    return {
        "dump.log": DUMP_LOG,
        **{f"checkpoint/{name}": raw for name, raw in images().items()},
        "config.dump": json.dumps(CRIO_CONFIG).encode(),
        "spec.dump": json.dumps({"annotations": CRIO_NOTES}).encode(),
        "bind.mounts": b"[]",
        "rootfs-diff.tar": inner(entry("etc/hostname", b"shop\n")),
        "deleted.files": b'["/etc/motd"]',
        "io.kubernetes.cri-o.LogPath": CRI_LOG,
    }


def blob(raw: bytes) -> str:
    return "blobs/sha256/" + hashlib.sha256(raw).hexdigest()


def descriptor(raw: bytes, **others: Any) -> dict[str, Any]:
    return {"digest": "sha256:" + hashlib.sha256(raw).hexdigest(), "size": len(raw), **others}


def image(
    *layers: bytes,
    of_manifest: Mapping[str, str] | None = None,
    of_index: Mapping[str, str] | None = None,
) -> dict[str, bytes]:
    """The files of an OCI image layout."""
    manifest = json.dumps(
        {"layers": [descriptor(layer) for layer in layers], "annotations": of_manifest}
    ).encode()
    index = {"manifests": [descriptor(manifest, annotations=of_index)]}
    return {
        "oci-layout": b'{"imageLayoutVersion":"1.0.0"}',
        "index.json": json.dumps(index).encode(),
        blob(manifest): manifest,
        **{blob(layer): layer for layer in layers},
    }
