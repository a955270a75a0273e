"""What is inside a checkpoint."""

from collections.abc import Sequence

from tui.archive.digest import member_digests
from tui.checkpoint.checkpoint import Checkpoint
from tui.checkpoint.reading import load
from tui.errors import UsageError
from tui.headless.archives import archive_code, checksum
from tui.headless.streams import print_json
from tui.report import document, text
from tui.report.parts import digests_document
from tui.report.parts_text import digests_lines
from tui.text import safe_text


def inspect(
    path: str,
    *,
    sections: Sequence[str],
    as_json: bool,
    reveal: bool,
    digests: bool = False,
    memory: bool = False,
    images: Sequence[str] = (),
) -> int:
    """Print what is inside the checkpoint at `path`; with `digests` alone only those."""
    known = (*document.SECTIONS, document.RAW)
    unknown = [name for name in sections if name not in known]
    if unknown:
        raise UsageError(f"there is no section {unknown[0]!r}; there are {', '.join(known)}")
    if memory and document.FINDINGS not in (sections or document.SECTIONS * as_json):
        raise UsageError("--memory is about findings: say --section findings, too")
    if images and document.RAW not in sections:
        raise UsageError("--image is about raw images: say --section raw, too")
    sha256 = checksum(path) if as_json else None
    checkpoint = load(path)
    if images:
        _check_images(checkpoint, images)
    checksums = member_digests(checkpoint.contents) if digests else None
    if sha256:
        found = document.inspect_document(
            checkpoint,
            sha256=sha256(),
            sections=sections,
            reveal=reveal,
            memory=memory,
            images=images,
        )
        if checksums:
            found["digests"] = digests_document(checksums)
        print_json(found)
    else:
        if sections or not checksums:
            print(
                text.inspect_text(
                    checkpoint, sections=sections, reveal=reveal, memory=memory, images=images
                )
            )
        if checksums:
            print("\n".join(digests_lines(checksums)))
    return archive_code(checkpoint)


def _check_images(checkpoint: Checkpoint, images: Sequence[str]) -> None:
    """Raises UsageError where one of them is not there."""
    from tui.report.raw import image_members  # which loads the parser of CRIU's images

    found = image_members(checkpoint.contents, document.image_folder(checkpoint))
    for name in images:
        if name not in found:
            raise UsageError(
                f"there is no image {safe_text(name)!r}; `--section raw` without --image has all"
            )
