"""Checks of named volumes."""

from collections.abc import Iterator

from tui.checkpoint.checkpoint import CONFIG
from tui.host.facts import Unknown
from tui.restore.checks.registry import Case, check, on_host, unchecked
from tui.restore.conflict import Conflict, Evidence, Remedy, Severity
from tui.text import ago, safe_text


@check("volume-exists", Severity.BLOCKER, "A volume of the archive exists on the host")
def exists(case: Case) -> Iterator[Conflict]:
    """The host has a volume of the same name as one whose content is in the archive.

    Podman refuses rather than overwrite it: `volume with name … already exists`. Either keep the
    host's volume and leave the archive's content out (`--ignore-volumes`: the processes then find
    the host's files), or remove the host's volume, which loses what is in it.
    """
    volumes = case.checkpoint.config.named_volumes or ()
    if not volumes or case.options.ignore_volumes:
        return
    if isinstance(case.facts.volumes, Unknown):
        where = (case.at(CONFIG, "namedVolumes"), on_host("volumes"))
        yield unchecked("volume-exists", "the volumes", case.facts.volumes.reason, *where)
        return
    present = {volume.name: volume for volume in case.facts.volumes.value}
    for wanted in dict.fromkeys(volume.name for volume in volumes):
        found = present.get(wanted)
        if not found:
            continue
        name = safe_text(wanted)
        uses = [(index, volume) for index, volume in enumerate(volumes) if volume.name == wanted]
        places = ", ".join(volume.dest for _, volume in uses)
        yield Conflict(
            "volume-exists",
            Severity.BLOCKER,
            f"Volume {name} exists on this host",
            "Podman does not overwrite it. Keep the host's data, or remove the volume first.",
            subject=wanted,
            where=(
                *(case.at(CONFIG, "namedVolumes", index, "volumeName") for index, _ in uses),
                on_host("volumes", wanted),
            ),
            evidence=Evidence(
                archive=f"{name} at {safe_text(places)}",
                host=safe_text(f"{found.driver} volume, created {ago(found.created) or '?'}"),
            ),
            remedies=(
                Remedy(
                    "ignore-volumes",
                    "keep the host's data for every volume",
                    options={"ignore_volumes": True},
                ),
                Remedy(
                    "remove-volume",
                    "remove the host's volume",
                    commands=(("podman", "volume", "rm", "--", wanted),),
                    removes=f"volume {name} with its data",
                ),
            ),
        )
