"""The restore form: what people choose, and what follows from it, at every keystroke."""

from dataclasses import replace
from functools import partial
from typing import Any

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Checkbox, Input, Label, Select, Static

from tui.checkpoint.checkpoint import Checkpoint
from tui.host.facts import Known, Pod
from tui.report.document import conflict_document
from tui.restore.checks import Case
from tui.restore.checks.ports import effective_ports
from tui.restore.options import RestoreOptions
from tui.restore.plan import Plan
from tui.restore.pods import chosen_pod, shared_namespaces
from tui.restore.ports import spec
from tui.restore.rewrite import Change, change_documents
from tui.restore.trust import Risk
from tui.text import safe_text, shell_line
from tui.ui.content import verdict, waiting
from tui.ui.front import Front
from tui.ui.keys import KEYS, Scope, bindings, keys_now
from tui.ui.outline import plain_value
from tui.ui.screens.base import SessionScreen
from tui.ui.screens.confirm import Confirm
from tui.ui.screens.help import explanation
from tui.ui.screens.run import RunScreen
from tui.ui.session import Session
from tui.ui.widgets.archive_line import ArchiveLine
from tui.ui.widgets.conflict_list import REMEDY_BINDINGS, ConflictList
from tui.ui.widgets.key_footer import KeyFooter
from tui.ui.widgets.port_rows import PortRows
from tui.ui.widgets.text_pane import TextPane
from tui.ui.widgets.toggle import Toggle

SWITCHES = (
    ("ignore_volumes", "keep the host's volumes"),
    ("ignore_rootfs", "without the changed files"),
    ("ignore_static_ip", "without the static IP address"),
    ("ignore_static_mac", "without the static MAC address"),
    ("tcp_established", "with established TCP connections"),
    ("tcp_close", "close established TCP connections"),
    ("file_locks", "with file locks"),
    ("keep", "keep CRIU's logs and images"),
    ("print_stats", "print CRIU's statistics"),
)
"""The options that are on or off, in the order of Podman's manual."""

_GO = next(key for key in KEYS[Scope.RESTORE] if key.id == "conflicts")
"""What leads to the conflicts."""

NO_POD = ""
DEFAULT = ""


class RestoreScreen(SessionScreen):
    """The form on the left, what it leads to on the right."""

    SCOPES = (Scope.RESTORE, Scope.CONFLICTS)
    BINDINGS = [*bindings(Scope.RESTORE), *REMEDY_BINDINGS]
    AUTO_FOCUS = "#name"

    def __init__(self) -> None:
        super().__init__()
        self._pods: tuple[tuple[Content, str], ...] = ()

    def compose(self) -> ComposeResult:
        """Line, form and outcome, footer."""
        yield ArchiveLine()
        with Horizontal(id="panes"):
            with Vertical(id="left"):
                with VerticalScroll(id="form", can_focus=False) as form:
                    form.border_title = "Restore"
                    with Horizontal(classes="field"):
                        yield Label("Name")
                        yield Input(id="name", compact=True, select_on_focus=False)
                    with Horizontal(classes="field"):
                        yield Label("Pod")
                        yield Select[str](
                            [("none", NO_POD)], id="pod", allow_blank=False, compact=True
                        )
                    yield Label("Published ports")
                    yield PortRows()
                    for name, label in SWITCHES:
                        yield Toggle(label, id=name.replace("_", "-"), compact=True)
                    yield Label("Pre-checkpoint archive")
                    yield Input(
                        id="import-previous",
                        placeholder="none",
                        compact=True,
                        select_on_focus=False,
                    )
                    yield Label("cgroup manager")
                    yield Select[str](
                        [("the host's", DEFAULT), ("systemd", "systemd"), ("cgroupfs", "cgroupfs")],
                        id="cgroup-manager",
                        allow_blank=False,
                        compact=True,
                    )
                yield Static(id="verdict")
                yield Button("Restore", id="start", variant="primary", compact=True)
            with Vertical(id="right"):
                yield ConflictList(id="conflicts")
                with TextPane(id="consequences") as consequences:
                    consequences.border_title = "What will change, and the command"
                    yield Static(id="changes")
                    yield Static(id="command")
        yield KeyFooter()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The restore key is off while something stands in the way."""
        if action == "start":
            return not self.app.session.obstacle or None
        if action == "reset":
            return self.app.session.options != RestoreOptions()
        return super().check_action(action, parameters)

    @on(events.DescendantFocus)
    def _focus_moved(self, event: events.DescendantFocus) -> None:
        """Say how to come to the letters of the remedies from where letters are text."""
        typing = isinstance(event.widget, Input)
        go = keys_now(Scope.RESTORE, _GO, self.app.keymap)
        words = f"{go} goes here, then the letter" if typing else ""
        self.query_one(ConflictList).border_subtitle = words

    @on(Input.Changed, "#name")
    def _name_changed(self, event: Input.Changed) -> None:
        self._choose(name=event.value.strip())

    @on(Input.Changed, "#import-previous")
    def _previous_changed(self, event: Input.Changed) -> None:
        self._choose(import_previous=event.value.strip())

    @on(Select.Changed)
    def _selected(self, event: Select.Changed) -> None:
        name = "pod" if event.select.id == "pod" else "cgroup_manager"
        self._choose(**{name: event.value})

    @on(Checkbox.Changed)
    def _switched(self, event: Checkbox.Changed) -> None:
        assert event.checkbox.id
        self._choose(**{event.checkbox.id.replace("-", "_"): event.value})

    @on(PortRows.Changed)
    def _ports_changed(self, event: PortRows.Changed) -> None:
        recorded = _recorded_ports(self.app.session)
        self._choose(publish=() if event.specs == recorded else event.specs)

    @on(Button.Pressed, "#start")
    def action_start(self) -> None:
        """Restore; an archive that is given more than an ordinary container asks first."""
        session = self.app.session
        if session.obstacle or session.plan is None:
            return
        risky = [grant for grant in session.plan.grants if grant.risk is not Risk.LOW]
        if risky:
            question = Confirm(
                "Restored, this container goes beyond an ordinary one. Restore it?",
                details=[f"{grant.risk} risk: it {grant.title}" for grant in risky],
                warning="The restore runs as root with what the archive says: trust who made it.",
            )
            self.app.push_screen(question, self._start)
        else:
            self._start(True)

    def _start(self, wanted: bool | None) -> None:
        if wanted:
            self.app.push_screen(RunScreen(self.app.restoring()))

    def action_conflicts(self) -> None:
        """Go to the conflicts and back."""
        conflicts = self.query_one(ConflictList)
        (self.query_one("#name") if conflicts.has_focus else conflicts).focus()

    def action_copy(self) -> None:
        """Copy the conflict under the cursor, or else the command."""
        conflicts, plan = self.query_one(ConflictList), self.app.session.plan
        if conflicts.has_focus:
            self.copy(conflicts.clip)
        else:
            self.copy((shell_line(plan.command), "the command") if plan else None)

    @property
    def front(self) -> Front:
        """Conflicts, changes and the command."""
        conflicts, plan = self.query_one(ConflictList), self.app.session.plan
        if conflicts.has_focus or plan is None:
            return conflicts.front
        told = [conflicts.front.text(), _changes(plan).plain, _command(plan).plain.strip()]
        document = partial(_document, self.app.session.checkpoint, plan)
        return Front("the plan", "plan", lambda: "\n\n".join(told), document)

    def action_reset(self) -> None:
        """Take all choices back."""
        self.change(options=RestoreOptions())

    def action_back(self) -> None:
        """Back to the inspector."""
        self.dismiss()

    @on(ConflictList.Chosen)
    def _conflict_chosen(self, event: ConflictList.Chosen) -> None:
        self.app.push_screen(explanation(event.conflict))

    def _choose(self, **choice: Any) -> None:
        options = replace(self.session.options, **choice)
        if options != self.session.options:
            self.change(options=options)

    def show(self, session: Session) -> None:
        """See SessionScreen."""
        if session.checkpoint is None:
            return
        self.query_one(ArchiveLine).show(session)
        with self.prevent(Input.Changed, Select.Changed, Checkbox.Changed):
            self._fill(session, session.checkpoint)
        plan = session.plan
        self.query_one(ConflictList).show(session.conflicts, waiting(session))
        self.query_one("#verdict", Static).update(_verdict(session))
        self.query_one("#start", Button).disabled = bool(session.obstacle)
        self.query_one("#changes", Static).update(_changes(plan))
        self.query_one("#command", Static).update(_command(plan))
        self.refresh_bindings()

    def _fill(self, session: Session, checkpoint: Checkpoint) -> None:
        """Make the fields say what the session says."""
        options = session.options
        name = self.query_one("#name", Input)
        name.placeholder = f"{safe_text(checkpoint.config.name)} (its old name)"
        previous = self.query_one("#import-previous", Input)
        for entry, value in ((name, options.name), (previous, options.import_previous)):
            if entry.value.strip() != safe_text(value):
                entry.value = safe_text(value)
        pods = _pods(session, checkpoint)
        select = self.query_one("#pod", Select)
        if pods != self._pods:
            self._pods = pods
            select.set_options(pods)
        select.value = _pod_value(session)
        self.query_one("#cgroup-manager", Select).value = options.cgroup_manager
        self.query_one(PortRows).show(options.publish or _recorded_ports(session))
        for field, _ in SWITCHES:
            self.query_one(f"#{field.replace('_', '-')}", Checkbox).value = getattr(options, field)


def _recorded_ports(session: Session) -> tuple[str, ...]:
    """What is published when nothing else is asked for."""
    if session.checkpoint is None or session.facts is None:
        return ()
    case = Case(session.checkpoint, session.facts, RestoreOptions())
    return tuple(safe_text(spec(mapping)) for mapping in effective_ports(case))


def _pods(session: Session, checkpoint: Checkpoint) -> tuple[tuple[Content, str], ...]:
    """The pods to choose from, each with how it fits."""
    listed = [(Content("none"), NO_POD)]
    facts = session.facts
    if facts and isinstance(facts.pods, Known):
        needed = {one.name for one in shared_namespaces(checkpoint.config)}
        listed += [(_pod_line(pod, needed), pod.name) for pod in facts.pods.value]
    chosen = session.options.pod
    if chosen and _pod_value(session) == chosen and chosen not in {name for _, name in listed}:
        listed.append((Content(f"{safe_text(chosen)}  ✖ not on this host"), chosen))
    return tuple(listed)


def _pod_value(session: Session) -> str:
    pod = chosen_pod(session.facts, session.options.pod) if session.facts else None
    return pod.name if pod else session.options.pod


def _pod_line(pod: Pod, needed: set[str]) -> Content:
    missing = sorted(needed - pod.shared)
    if not pod.infra:
        fit = "✖ has no infra container"
    elif missing:
        fit = f"✖ does not share {', '.join(missing)}"
    else:
        fit = "✔ fits" if needed else ""
    return Content(f"{safe_text(pod.name)}  {fit}".rstrip())


def _verdict(session: Session) -> Content:
    """Whether the restore can be started; if not, the first thing that must be mended."""
    blockers = session.plan.blockers if session.plan and not session.reading else ()
    if not blockers:
        return verdict(session)
    more = f", and {len(blockers) - 1} more" if len(blockers) > 1 else ""
    return Content.styled(f"✖ {safe_text(blockers[0].title)}{more}", "$text-error")


def _changes(plan: Plan | None) -> Content:
    if plan is None:
        return Content("")
    if not plan.changes:
        return Content.styled("Nothing in the archive's documents changes.", "$quiet")
    return Content("\n").join(_change(one) for one in plan.changes)


def _change(change: Change) -> Content:
    return Content.assemble(
        (safe_text(f"{change.document} {change.pointer}"), "$quiet"),
        f"\n  {_short(change.before)} → {_short(change.after)}",
    )


def _short(value: Any) -> str:
    """A value in a few words: port mappings as people write them, long IDs cut."""
    if isinstance(value, list):
        return ", ".join(_short(one) for one in value) or "nothing"
    if isinstance(value, dict):
        ports = value.get("host_port"), value.get("container_port")
        if all(ports):
            return f"{ports[0]}:{ports[1]}/{value.get('protocol') or 'tcp'}"
        return safe_text(str(value))
    text = safe_text(plain_value(value)) or "(empty)"
    return f"{text[:12]}…" if len(text) == 64 else text


def _document(checkpoint: Checkpoint | None, plan: Plan) -> dict[str, Any]:
    return {
        "conflicts": [conflict_document(one) for one in plan.conflicts],
        "changes": change_documents(checkpoint, plan.changes) if checkpoint else [],
        "command": list(plan.command),
    }


def _command(plan: Plan | None) -> Content:
    if plan is None:
        return Content("")
    return Content.assemble("\n", ("$ ", "$quiet"), shell_line(plan.command))
