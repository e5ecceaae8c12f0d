"""Takes a run back: plans the inverse of what it did, shows it, and carries it out like any plan.

Running it is its approval (design 5.9), so limits do not hold it. What is left is listed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any

from django.db import transaction

from integration import bulk
from integration.canvas.client import CanvasClient
from integration.canvas.types import Enrollment
from integration.ledger.endings import waits_for_a_yes
from integration.ledger.leases import held
from integration.ledger.runs import Ledger, Watch, nobody
from integration.models import Approval, AuditEvent, Run
from integration.oneroster.types import Problem
from integration.provisioning import history, plan_lines
from integration.provisioning.beside import finish_others, no_q, report_name, reported
from integration.provisioning.compare import Planned
from integration.provisioning.errors import BeforeGone, NothingToUndo, PlanRefused
from integration.provisioning.inverse import (
    SENT,
    Done,
    Inverse,
    Use,
    Word,
    inverse,
)
from integration.provisioning.plan_lines import counts_of
from integration.provisioning.problems import problem
from integration.provisioning.rename_back import rename_back
from integration.provisioning.rows import (
    COURSES,
    ENROLLMENTS,
    KINDS,
    OBSERVERS,
    SECTIONS,
    SEPARATOR,
    Kind,
)
from integration.provisioning.run import PLANS, OpenQ, advance, conditions, resource
from integration.provisioning.standing import (
    StandingOf,
    guests,
    sections_by_course,
    since,
    standings,
)
from integration.provisioning.usage import Ask, Usage, ahead

KIND = Run.Kind.UNDO
ENDED = (Run.State.DONE, Run.State.FAILED)
BATCH = bulk.IN_LIMIT
# What Canvas's report calls the sections that are taught in another course than their own.
XLIST = "xlist"
# Sections that Canvas is asked about while earlier ones are planned.
AHEAD = 12

UseOf = Callable[[Done], Use]


def undo(
    run: Run,
    *,
    canvas: CanvasClient,
    actor: str,
    plan_only: bool = False,
    digest: str | None = None,
    watch: Watch = nobody,
) -> Run:
    """Plan the inverse of `run`; unless `plan_only`, carry it out as approved by `actor`.

    With a `digest` only the plan of that name is carried out. The run that comes back is the
    undo: held (shown, and something to send), done or failed.

    Raises:
        NothingToUndo, BeforeGone: the run cannot be undone; the message says why.
        PlanRefused: the plan is another one than `digest` names, or is out of date already.
        RunUnderWay, AlreadyRunning: the district has a run going.
    """
    finish_others(run.district, canvas=canvas, watch=watch)
    undoing = open_undo(run, actor=actor)
    undoing = advance(undoing, q=no_q, canvas=canvas, watch=watch)
    if not waits_for_a_yes(undoing, digest, plan_only=plan_only, refused=PlanRefused):
        return undoing
    accept_undo(undoing, actor=actor)
    return advance(undoing, q=no_q, canvas=canvas, watch=watch)


def open_undo(run: Run, *, actor: str, **fields: Any) -> Run:
    """Write an undo down, which plans and then is held; `fields` of its row beside the usual.

    Raises:
        NothingToUndo, BeforeGone: the run cannot be undone; the message says why.
    """
    _check(run)
    return Run.objects.create(
        district=run.district,
        kind=KIND,
        undoes=run,
        actor=actor,
        plan_only=True,
        policy_digest=conditions(run.district),
        **fields,
    )


def _check(run: Run) -> None:
    """Raises NothingToUndo, BeforeGone."""
    if run.kind in (Run.Kind.DRIFT, Run.Kind.EVALUATION):
        raise NothingToUndo(f"Run {run.pk} was no run that sends; its kind is {run.kind}.")
    if run.state not in ENDED:
        raise NothingToUndo(f"Run {run.pk} has sent nothing, or has not ended: it is {run.state}.")
    counted = any(count.get(what) for count in run.counts.values() for what in SENT)
    if run.sent and counted and not history.has_lines(run):
        raise BeforeGone(f"What was in Canvas before run {run.pk} is no longer kept.")


def accept_undo(undoing: Run, *, actor: str, reason: str = "") -> None:
    """Write the yes down, unless something has ended since the plan was made.

    Raises:
        PlanRefused: something has.
        AlreadyRunning: the district has another run going.
    """
    district = undoing.district
    with held(resource(district)), transaction.atomic():
        later = district.runs.filter(kind__in=PLANS, ended_at__gte=undoing.ended_at)
        later = later.exclude(pk=undoing.pk)
        if (other := later.order_by("-pk").first()) is not None:
            raise PlanRefused(f"Run {other.pk} has ended since this plan was made.")
        assert undoing.undoes
        Approval.objects.create(run=undoing, digest=undoing.plan_digest, by=actor, reason=reason)
        AuditEvent.objects.create(
            district=district.slug,
            actor=actor,
            action="run.undone",
            subject=f"run {undoing.undoes.pk}",
            after={"digest": undoing.plan_digest, "run": undoing.pk},
            reason=reason,
        )
        Run.objects.filter(pk=undoing.pk).update(
            state=Run.State.QUEUED, cursor="planned", attempts=0, plan_only=False
        )


# --- the plan -----------------------------------------------------------------------------------


def plan_undo(ledger: Ledger, q: OpenQ, canvas: CanvasClient) -> str:
    """Store the inverse of the run that this one undoes; the next cursor."""
    undone = ledger.run.undoes
    if undone is None:
        raise NothingToUndo("The run that was to be undone is no longer kept.")
    ledger.forget()
    left = _plan(ledger, undone, canvas)
    blocked = list(plan_lines.blocked_keys(ledger.run))
    ledger.find(
        problem("canvas.still-refused", kind, key.replace(SEPARATOR, " "), detail=message)
        for kind, key, message in blocked
    )
    counts = counts_of(ledger.run, {})
    for kind, count in left.items():
        counts.setdefault(kind, {})["left"] = count
    ledger.write(counts=counts, plan_digest=plan_lines.plan_digest(ledger.run))
    if ledger.run.plan_only and plan_lines.has_lines(ledger.run):
        ledger.end(Run.State.HELD)
    return "planned"


def _plan(ledger: Ledger, undone: Run, canvas: CanvasClient) -> Counter[str]:
    """Write the inverse down; how many rows of each kind are left."""
    left = rename_back(ledger, undone, canvas)
    kinds = [kind for kind in KINDS if kind.name in history.kinds_of(undone)]
    courses = history.count_created(undone, COURSES)
    # Whoever is enrolled in a created course by hand keeps it; the report tells of them.
    asked = {*kinds, ENROLLMENTS, SECTIONS} if courses else {*kinds}
    if not kinds:
        return left
    with reported(ledger, canvas, asked, *([XLIST] if SECTIONS in asked else [])) as files:
        usage = Usage(
            canvas,
            since(undone, canvas),
            courses=courses,
            guests=guests(canvas, files.get(ENROLLMENTS.name)) if courses else (),
            sections=sections_by_course(canvas, files.get(SECTIONS.name), files.get(XLIST)),
        )
        standing_of = {
            kind: standings(undone, canvas, kind, files.get(report_name(kind))) for kind in kinds
        }
    planner = _Planner(ledger, undone, usage, standing_of)
    planner.plan()
    return planner.left + left


@dataclass(frozen=True, slots=True)
class _Section:
    """What the run did in one section, and Canvas's answer about it, which may be still to come.

    `asks`: keys of the enrollments that the answer decides about. `course_id`: of the section,
    where it decides about that too.
    """

    id: str
    enrolled: list[Done]
    section: Done | None
    words: dict[str, Word]
    word: Word
    asks: list[str]
    course_id: str
    answer: Future[list[Enrollment] | None] | None


class _Planner:
    """Writes the inverse of one run down, kind by kind; a part before the whole that holds it."""

    def __init__(
        self, ledger: Ledger, undone: Run, usage: Usage, standing_of: dict[Kind, StandingOf]
    ) -> None:
        self.left: Counter[str] = Counter()
        self._ledger = ledger
        self._undone = undone
        self._undos = history.undos_of(undone)
        self._usage = usage
        self._standing_of = standing_of
        # SIS ids of the created sections that are taken away again.
        self._sections_undone: set[str] = set()
        self._lines: defaultdict[Kind, list[Planned]] = defaultdict(list)
        self._problems: list[Problem] = []
        self._done = 0

    def plan(self) -> None:
        standing_of = self._standing_of
        self._take_sections_apart()
        for kind in standing_of:
            self._reverse(kind, history.lines(self._undone, kind, created=False))
        if OBSERVERS in standing_of:
            made = history.lines(self._undone, OBSERVERS, created=True)
            self._reverse(OBSERVERS, made, lambda done: self._usage.of_observer(done.key))
        if COURSES in standing_of:
            made = history.lines(self._undone, COURSES, created=True)
            self._reverse(COURSES, made, self._use_of_course)
        for kind in standing_of:
            if kind not in (ENROLLMENTS, SECTIONS, COURSES, OBSERVERS):
                self._reverse(kind, history.lines(self._undone, kind, created=True))
        self._flush()

    def _use_of_course(self, done: Done) -> Use:
        return self._usage.of_course(done.key, undone=self._sections_undone)

    def _take_sections_apart(self) -> None:
        """What the run enrolled, section by section, and then the section where it made that."""
        with self._usage.asking() as ask:
            for one in ahead(map(partial(self._asked, ask), self._by_section()), AHEAD):
                self._section(one)

    def _by_section(self) -> Iterator[tuple[str, list[Done], Done | None]]:
        """Each section's id, whom the run enrolled there, and the section where it made that."""
        made = {done.key: done for done in self._created(SECTIONS)}
        enrolled = self._created(ENROLLMENTS)
        for section_id, group in groupby(enrolled, lambda done: done.key.split(SEPARATOR)[0]):
            yield section_id, list(group), made.pop(section_id, None)
        for section_id, section in made.items():
            yield section_id, [], section

    def _created(self, kind: Kind) -> Iterator[Done]:
        if kind not in self._standing_of:
            return iter(())
        return history.lines(self._undone, kind, created=True)

    def _asked(self, ask: Ask, of: tuple[str, list[Done], Done | None]) -> _Section:
        """Decide what has to be asked of Canvas about a section, and let it be asked."""
        section_id, enrolled, section = of
        words = self._words(ENROLLMENTS, [done.key for done in enrolled])
        asks = [done.key for done in enrolled if self._turned(done, words[done.key]).line]
        word = self._words(SECTIONS, [section_id])[section_id] if section else "another"
        course_id = ""
        if section and self._turned(section, word).line:
            course_id = section.after[SECTIONS.index("course_id")]
        answer = ask(section_id, course_id) if asks or course_id else None
        return _Section(section_id, enrolled, section, words, word, asks, course_id, answer)

    def _section(self, one: _Section) -> None:
        people = one.answer.result() if one.answer else None
        use = self._usage.of_enrollments(people, one.asks)
        turned = [
            self._turned(done, one.words[done.key], use.get(done.key, "unused"))
            for done in one.enrolled
        ]
        self._write(ENROLLMENTS, turned)
        if one.section is None:
            return
        gone = {inverted.line.key for inverted in turned if inverted.line}
        section_use: Use = "unused"
        if one.course_id:
            section_use = self._usage.of_section(one.id, one.course_id, people, undone=gone)
        inverted = self._turned(one.section, one.word, section_use)
        if inverted.line:
            self._sections_undone.add(one.id)
        self._write(SECTIONS, [inverted])

    def _words(self, kind: Kind, keys: list[str]) -> dict[str, Word]:
        return history.words(self._undone, kind, keys, self._undos)

    def _turned(self, done: Done, word: Word, use: Use = "unused") -> Inverse:
        standing = self._standing_of[done.kind](done.key)
        return inverse(done, word=word, standing=standing, use=use)

    def _reverse(self, kind: Kind, lines: Iterable[Done], use_of: UseOf | None = None) -> None:
        """Turn lines around one by one; `use_of` is asked only where it decides."""
        for batch in bulk.batches(lines, BATCH):
            words = self._words(kind, [done.key for done in batch])
            turned = []
            for done in batch:
                one = self._turned(done, words[done.key])
                if one.line and use_of:
                    one = self._turned(done, words[done.key], use_of(done))
                turned.append(one)
            self._write(kind, turned)

    def _write(self, kind: Kind, turned: list[Inverse]) -> None:
        """Note what is to be written; a section alone is too little for a transaction."""
        self._lines[kind] += [one.line for one in turned if one.line]
        left = [problem for one in turned for problem in one.left]
        self._problems += left
        self.left.update([kind.name] * len({one.sourced_id for one in left}))
        self._done += len(turned)
        self._ledger.progress("planning the undo", self._done)
        if len(self._lines[kind]) >= BATCH or len(self._problems) >= BATCH:
            self._flush()

    def _flush(self) -> None:
        with self._ledger.guarded():
            for kind, lines in self._lines.items():
                plan_lines.plan(self._ledger.run, kind, lines)
        self._ledger.find(self._problems)
        self._lines.clear()
        self._problems.clear()
