"""Checks of secrets, profiles and user namespaces."""

from collections.abc import Iterator

from tui.checkpoint.checkpoint import CONFIG, SPEC
from tui.host.facts import Known, Unknown
from tui.host.questions import SECRETS
from tui.restore.checks.registry import Case, check, on_host, unchecked
from tui.restore.conflict import Conflict, Evidence, Severity
from tui.text import safe_text

UNCONFINED = "unconfined"


@check("secret-missing", Severity.BLOCKER, "A secret is not on the host")
def secret_missing(case: Case) -> Iterator[Conflict]:
    """The container uses a secret that this host's Podman does not have.

    Podman fails: `no secret with name or id …: no such secret`. The archive does not hold its value
    as a secret; create it with `podman secret create`. That alone does not help where the secret
    was mounted, see `secret-mount`.
    """
    wanted = case.checkpoint.config.secrets or ()
    secrets = case.facts.secrets
    if isinstance(secrets, Unknown):
        if wanted:
            where = case.at(CONFIG, "secrets"), on_host("secrets")
            yield unchecked("secret-missing", "the secrets", secrets.reason, *where)
        return
    seen = set(secrets.value)
    for index, secret in enumerate(wanted):
        if secret.name in seen:
            continue
        seen.add(secret.name)
        name = safe_text(secret.name)
        yield Conflict(
            "secret-missing",
            Severity.BLOCKER,
            f"There is no secret {name} on this host",
            "Its value is not in the archive. Create it with podman secret create.",
            subject=secret.name,
            where=(case.at(CONFIG, "secrets", index, "name"), on_host("secrets")),
            evidence=Evidence(archive=f"secret {name}", host="no secret of this name"),
        )


@check("secret-mount", Severity.BLOCKER, "Containers with mounted secrets do not come back")
def secret_mount(case: Case) -> Iterator[Conflict]:
    """A secret was mounted into the container, and no restore brings that mount back.

    Podman takes the mount of /run/secrets out of the archive and makes it anew, too late for the
    secret in it: CRIU fails with `mnt-v2: Can't stat mountpoint …: No such file or directory`,
    whether the secret is on the host or not. It was tried with Podman 5.8 and CRIU 4.2. Let the
    container have its secrets as environment variables (`--secret NAME,type=env`) and make the
    checkpoint again.
    """
    for index, mount in enumerate(case.checkpoint.spec.mounts or ()):
        if mount.destination.startswith(SECRETS):
            path = safe_text(mount.destination)
            yield Conflict(
                "secret-mount",
                Severity.BLOCKER,
                f"The secret at {path} cannot be mounted again",
                "Podman restores no container with mounted secrets. Use them as environment"
                " variables, and make the checkpoint again.",
                subject=mount.destination,
                where=(case.at(SPEC, "mounts", index),),
                evidence=Evidence(archive=f"a secret is mounted at {path}"),
            )


@check("apparmor-profile-missing", Severity.BLOCKER, "An AppArmor profile is not loaded")
def apparmor_profile_missing(case: Case) -> Iterator[Conflict]:
    """The processes ran under an AppArmor profile that this host's kernel does not have.

    CRIU fails: `can't write lsm profile -2`. Podman's own profile (`containers-default-…`) is
    loaded when the first container starts, and its name changes with Podman's version: start any
    container once, or load the profile with `apparmor_parser`.
    """
    profile, podman = case.checkpoint.spec.process.apparmor_profile, case.facts.podman
    if profile in ("", UNCONFINED) or isinstance(podman, Unknown) or not podman.value.apparmor:
        return
    where = case.at(SPEC, "process", "apparmorProfile"), on_host("apparmor_profiles")
    profiles = case.facts.apparmor_profiles
    if isinstance(profiles, Unknown):
        yield unchecked("apparmor-profile-missing", "the AppArmor profile", profiles.reason, *where)
    elif profile not in profiles.value:
        name = safe_text(profile)
        yield Conflict(
            "apparmor-profile-missing",
            Severity.BLOCKER,
            f"The AppArmor profile {name} is not loaded",
            "Start any container once to load Podman's own, or load it with apparmor_parser.",
            subject=profile,
            where=where,
            evidence=Evidence(archive=f"profile {name}", host="not among the loaded profiles"),
        )


@check("user-namespace", Severity.WARNING, "The container has a user namespace of its own")
def user_namespace(case: Case) -> Iterator[Conflict]:
    """User and group IDs of the container are mapped to others of the host.

    Podman, the runtimes and CRIU do not work together well there: restores of such containers fail
    often, with changing messages. The host needs the same ranges of IDs as well. There is nothing
    to change beforehand; try it.
    """
    checkpoint = case.checkpoint
    mappings = checkpoint.spec.linux.uid_mappings or ()
    if not mappings and not (checkpoint.criu and checkpoint.criu.user_namespace):
        return
    ranges = ", ".join(f"{one.container_id}:{one.host_id}:{one.size}" for one in mappings[:3])
    rootless = isinstance(case.facts.podman, Known) and case.facts.podman.value.rootless
    yield Conflict(
        "user-namespace",
        Severity.WARNING,
        "The container has a user namespace of its own",
        "Restoring such a container often fails.",
        where=(case.at(SPEC, "linux", "uidMappings"),),
        evidence=Evidence(
            archive=f"user IDs {ranges}" if ranges else "a user namespace in CRIU's images",
            host="Podman is rootless" if rootless else "",
        ),
    )
