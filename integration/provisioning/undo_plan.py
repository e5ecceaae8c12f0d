"""The inverse of a run, written down as a plan: what goes back, what is left, and why."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import groupby

from integration import bulk
from integration.canvas.client import CanvasClient
from integration.ledger.runs import Ledger
from integration.models import Run
from integration.oneroster.types import Problem
from integration.provisioning import history, plan_lines
from integration.provisioning.beside import report_name, reported
from integration.provisioning.compare import Planned
from integration.provisioning.errors import BeforeGone, NothingToUndo
from integration.provisioning.inverse import Done, Inverse, Use, Word, inverse
from integration.provisioning.plan_lines import counts_of
from integration.provisioning.problems import problem
from integration.provisioning.questions import persons_to_ask
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
from integration.provisioning.run import OpenQ
from integration.provisioning.standing import (
    StandingOf,
    guests,
    sections_by_course,
    since,
    standings,
)
from integration.provisioning.usage import Ask, People, Usage, ahead

BATCH = bulk.IN_LIMIT
# What Canvas's report calls the sections that are taught in another course than their own.
XLIST = "xlist"
# Lines among which the fewest questions are looked for; a section is never cut.
AT_ONCE = 20_000
# Sections that Canvas is asked about while earlier ones are planned.
AHEAD = 12

AskUse = Callable[[Ask, Done], Future[Use]]


def plan_undo(ledger: Ledger, q: OpenQ, canvas: CanvasClient) -> str:
    """Store the inverse of the run that this one undoes; the next cursor."""
    undone = ledger.run.undoes
    if undone is None:
        raise NothingToUndo("The run that was to be undone is no longer kept.")
    # From now on its lines stay (retention.py), but they may have begun to go a moment before.
    if undone.pruned_at and history.came(undone):
        raise BeforeGone(f"What was in Canvas before run {undone.pk} is no longer kept.")
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
    """What the run did in one section, and what about it only Canvas's answer decides.

    `asks`: keys of enrollments. `course_id`: of the section, where its own use decides too.
    """

    id: str
    enrolled: list[Done]
    made: Done | None
    words: Mapping[str, Word]
    word: Word
    asks: list[str]
    course_id: str


Group = tuple[str, list[Done], Done | None]


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
        self._observers: dict[str, Future[Use]] = {}
        self._lines: defaultdict[Kind, list[Planned]] = defaultdict(list)
        self._problems: list[Problem] = []
        self._done = 0

    def plan(self) -> None:
        with self._usage.asking() as ask:
            for batch in _at_once(self._by_section()):
                for one, answers in ahead(self._asked(ask, batch), AHEAD):
                    self._section(one, answers)
            for kind in self._standing_of:
                self._reverse(kind, history.lines(self._undone, kind, created=False))
            for kind, use_of in (
                (OBSERVERS, self._use_of_observer),
                (COURSES, self._use_of_course),
            ):
                self._reverse(kind, self._created(kind), ask, use_of)
        for kind in self._standing_of:
            if kind not in (ENROLLMENTS, SECTIONS, COURSES, OBSERVERS):
                self._reverse(kind, self._created(kind))
        self._flush()

    def _use_of_observer(self, ask: Ask, done: Done) -> Future[Use]:
        observer = done.key.split(SEPARATOR)[0]
        if observer not in self._observers:
            self._observers[observer] = ask(self._usage.of_observer, observer)
        return self._observers[observer]

    def _use_of_course(self, ask: Ask, done: Done) -> Future[Use]:
        return ask(self._usage.of_course, done.key, self._sections_undone)

    def _by_section(self) -> Iterator[Group]:
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

    def _asked(
        self, ask: Ask, batch: list[Group]
    ) -> Iterator[tuple[_Section, list[Future[People | None]]]]:
        """Let Canvas be asked what has to be, by person where that is fewer questions."""
        sections = list(self._doubtful(batch))
        persons = persons_to_ask(
            [(one.id, _person(key)) for one in sections if not one.course_id for key in one.asks]
        )
        by_person = {one.id for one in sections if not one.course_id}
        asked: dict[str, Future[People | None]] = {}
        for one in sections:
            who = {_person(key) for key in one.asks}
            if one.course_id or not who <= persons:
                yield one, [ask(self._usage.of_section_id, one.id, one.course_id)]
                continue
            for person in who - asked.keys():
                asked[person] = ask(self._usage.of_person, person, by_person)
            yield one, [asked[person] for person in who]

    def _doubtful(self, batch: list[Group]) -> Iterator[_Section]:
        """What of each section only its use decides; a table is asked once for all of them."""
        words = self._words(ENROLLMENTS, [one.key for _, some, _ in batch for one in some])
        of_sections = self._words(SECTIONS, [made.key for _, _, made in batch if made])
        for section_id, enrolled, made in batch:
            word = of_sections[section_id] if made else "another"
            course_id = ""
            if made and self._turned(made, word).line:
                course_id = made.after[SECTIONS.index("course_id")]
            asks = [done.key for done in enrolled if self._turned(done, words[done.key]).line]
            yield _Section(section_id, enrolled, made, words, word, asks, course_id)

    def _section(self, one: _Section, answers: list[Future[People | None]]) -> None:
        told = [answer.result() for answer in answers]
        people = None if told == [None] else [each for some in told for each in some or ()]
        use = self._usage.of_enrollments(people, one.asks)
        turned = [
            self._turned(done, one.words[done.key], use.get(done.key, "unused"))
            for done in one.enrolled
        ]
        self._write(ENROLLMENTS, turned)
        if one.made is None:
            return
        gone = {inverted.line.key for inverted in turned if inverted.line}
        section_use: Use = "unused"
        if one.course_id:
            section_use = self._usage.of_section(one.id, one.course_id, people, undone=gone)
        inverted = self._turned(one.made, one.word, section_use)
        if inverted.line:
            self._sections_undone.add(one.id)
        self._write(SECTIONS, [inverted])

    def _words(self, kind: Kind, keys: list[str]) -> dict[str, Word]:
        return history.words(self._undone, kind, keys, self._undos)

    def _turned(self, done: Done, word: Word, use: Use = "unused") -> Inverse:
        standing = self._standing_of[done.kind](done.key)
        return inverse(done, word=word, standing=standing, use=use)

    def _reverse(
        self,
        kind: Kind,
        lines: Iterable[Done],
        ask: Ask | None = None,
        use_of: AskUse | None = None,
    ) -> None:
        """Turn lines around one by one; `use_of` is asked only where it decides."""
        for batch in bulk.batches(lines, BATCH):
            words = self._words(kind, [done.key for done in batch])
            turned = [self._turned(done, words[done.key]) for done in batch]
            if ask and use_of:
                doubtful = [place for place, one in enumerate(turned) if one.line]
                for place, use in [(place, use_of(ask, batch[place])) for place in doubtful]:
                    done = batch[place]
                    turned[place] = self._turned(done, words[done.key], use.result())
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


def _person(key: str) -> str:
    """Whose an enrollment is, by its key."""
    return key.split(SEPARATOR)[1]


def _at_once(groups: Iterator[Group]) -> Iterator[list[Group]]:
    """The sections in batches of about AT_ONCE lines."""
    batch: list[Group] = []
    lines = 0
    for group in groups:
        batch.append(group)
        lines += len(group[1]) + 1
        if lines >= AT_ONCE:
            yield batch
            batch, lines = [], 0
    if batch:
        yield batch
