"""Secrets are found by what they look like, and never shown."""

from hashlib import sha256
from pathlib import Path

import pytest

from tests.archive.builders import entry, inner
from tests.criu.memories import PAGE, area, page
from tests.findings.builders import look
from tests.findings.test_memory import archive, looked_into, process
from tui.findings import find
from tui.findings.registry import FilePlace, MemoryPlace, Severity
from tui.findings.scene import Scene
from tui.findings.sightings import secrets
from tui.report.findings import findings_document, findings_lines

PEM = (
    b"-----BEGIN OPENSSH PRIVATE KEY-----\n"
    + b"b3BlbnNzaC1rZXktdjEAAAAABG5vbmU\n" * 5
    + b"-----END"
)
ENCRYPTED = (
    b"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0A\n\n"
    + b"MIIEowIBAAKCAQEA\n" * 9
)
AWS = b"AKIA" + b"QWERTYUIOPASDFGH"
JWT = b"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N"


def kinds(raw: bytes) -> list[str]:
    return [kind.name for _, _, kind in secrets(raw, 0, len(raw))]


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (PEM, "private key"),
        (ENCRYPTED, "private key"),
        (AWS, "AWS access key"),
        (b"ghp_" + b"a1B2" * 9, "GitHub token"),
        (b"github_pat_" + b"a1B2_" * 16, "GitHub token"),
        (b"glpat-" + b"a1B2-" * 4, "GitLab token"),
        (b"xoxb-123456789012-" + b"a1B2" * 6, "Slack token"),
        (JWT, "JSON web token"),
        (b"POSTGRES_PASSWORD=correct horse", "password"),
        (b"DB_PASSWD='hunter2'", "password"),
        (b"?password=hunter2&x=1", "password"),
    ],
)
@pytest.mark.parametrize(("before", "after"), [(b"", b""), (b"\0", b"\0"), (b"x = ", b"\n")])
def test_what_secrets_look_like(raw: bytes, kind: str, before: bytes, after: bytes) -> None:
    assert kinds(before + raw + after) == [kind]


@pytest.mark.parametrize(
    "raw",
    [
        b"-----BEGIN PRIVATE KEY-----\0-----END PRIVATE KEY-----",
        b"-----BEGIN PUBLIC KEY-----\n" + b"MIIEowIBAAKCAQEA\n" * 9,
        b"AKIAIOSFODNN7EXAMPLE",
        b"XAKIAQWERTYUIOPASDFGH",
        AWS + b"X",
        b"ghp_short",
        b"eyJhbGciOiJIUzI1NiJ9.rest",
        b"PASSWORD=$SECRET_VALUE",
        b"PASSWORD=<your password>",
        b"PASSWORD=%s",
        b"password=self.password",
        b"password=%(word)s",
        b"no_password=",
    ],
)
def test_what_only_looks_like_one(raw: bytes) -> None:
    assert kinds(raw) == []


@pytest.mark.parametrize(
    "piece",
    [
        *(b"eyJ", b"eyJa.", b"ghp_", b"github_pat_", b"glpat-", b"xoxb-1", b"AKIA", JWT),
        *(b"-----BEGIN ", b"-----BEGIN PRIVATE KEY-----\nA"),
        *(b"PASSWORD=", b"assword=", b"password=a"),
    ],
)
def test_a_megabyte_made_to_be_slow(piece: bytes) -> None:
    """With an expression that needs quadratic time it would never end."""
    raw = piece * ((1 << 20) // len(piece))
    ends = [0]
    for first, last, _ in secrets(raw, 0, len(raw)):
        assert ends[-1] <= first < last <= len(raw)
        ends.append(last)


def with_secrets(folder: Path) -> Scene:
    """A key in memory twice, and in a file; a password in a file."""
    changed = inner(
        entry("srv/key", b"key=" + AWS + b"\n"),
        entry("srv/env", b"DB_PASSWORD=hunter2hunter2\n"),
        entry("srv/other", b"nothing"),
    )
    pages = {f"_{PAGE}": page(AWS + b"\0", at=100), f"_{3 * PAGE}": page(b"k=" + AWS + b" ")}
    images = process(area(PAGE, 1), area(3 * PAGE, 1), **pages)
    return looked_into(archive(folder, "app", entry("rootfs-diff.tar", changed), **images))


def test_secrets_in_memory_and_in_files(tmp_path: Path) -> None:
    found = with_secrets(tmp_path)
    (one,) = look("secret-in-memory", found)
    digest = sha256(AWS).hexdigest()[:8]
    assert one.title == "An AWS access key in the memory of PID 1"
    assert one.detail == f"20 bytes, SHA-256 {digest}…."
    assert one.places == (MemoryPlace(1, PAGE + 100), MemoryPlace(1, 3 * PAGE + 2))
    key, password = look("secret-in-file", found)
    assert key.places == (FilePlace("rootfs-diff.tar", "/srv/key"),)
    assert (key.severity, key.detail) == (Severity.MEDIUM, one.detail)
    assert password.severity is Severity.LOW
    assert password.detail.startswith("14 bytes")


def test_no_secret_is_ever_shown(tmp_path: Path) -> None:
    found = find(with_secrets(tmp_path))
    said = repr(found) + "\n".join(findings_lines(found)) + repr(findings_document(found))
    assert "QWERTY" not in said
    assert "hunter2" not in said
