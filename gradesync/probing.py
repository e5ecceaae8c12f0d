"""Finds out what the connected Q takes, by trying it in a class that an admin named for it.

Never in a class that nobody named. Two line items of its own are written there, and results of one
student in them, each is read back, and all of it is taken away again, if Q lets us.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from gradesync import wire
from gradesync.errors import NoTestClass
from gradesync.profile import Profile
from gradesync.rules import Rules
from integration.errors import QSyncError
from integration.http import HttpError
from integration.oneroster.errors import CredentialsRejected, OneRosterError, ProviderUnavailable
from integration.oneroster.gradebook import ObjectKind, OneRosterGradebook
from integration.oneroster.gradebook_types import LineItem, LineItemFields, Result, Value

TITLE = "Q Sync connection test"
LENGTHS = (255, 100, 60, 50, 40, 30)
MAXIMUM, EXACT = Decimal(20), Decimal("7.1234")
COMMENT = "Late"


@dataclass(frozen=True, slots=True)
class Place:
    """Where it is tried. `category_id` and `grading_period_id` are "" where Q has none there."""

    class_id: str
    student_id: str
    category_id: str = ""
    grading_period_id: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """What is known now: names of `Profile` with their values; nothing where nobody can tell."""

    what: str
    values: dict[str, Any] = field(default_factory=dict)
    detail: str = ""


@dataclass(frozen=True, slots=True)
class _Answer:
    """What came of a write: `taken` None where nobody knows."""

    taken: bool | None
    sourced_id: str = ""
    detail: str = ""


class Probe:
    """One go. What it wrote it takes away, whatever happens in between."""

    def __init__(self, book: OneRosterGradebook, place: Place, rules: Rules, now: datetime) -> None:
        self._book = book
        self._place = place
        self._now = now
        everything = Profile(takes_comment=True, keeps_metadata=True)
        self._rules = replace(rules, profile=everything)
        self._written: list[tuple[ObjectKind, str]] = []

    def run(self) -> Iterator[Found]:
        """Try one after the other.

        Raises:
            NoTestClass: Q takes no line item in that class at all.
            QSyncError: Q does not answer.
        """
        try:
            yield from self._line_items()
            yield from self._results()
            yield self._removal("result", "deletes_results")
            yield self._removal("line_item", "deletes_line_items")
        finally:
            self._clean_up()

    # Line items

    def _line_items(self) -> Iterator[Found]:
        due = self._now + timedelta(days=1)
        self._fields = LineItemFields(
            TITLE,
            self._place.category_id,
            MAXIMUM,
            due.replace(hour=17, minute=34, second=0, microsecond=0),
            self._now.replace(microsecond=0),
            self._place.grading_period_id,
        )
        made = str(uuid4())
        answer = self._put_item(made, self._fields)
        if not answer.taken and self._place.grading_period_id:
            self._fields = replace(self._fields, grading_period_id="")
            answer = self._put_item(made, self._fields)
            if answer.taken:
                yield Found("grading periods", {"takes_grading_period": False})
        if not answer.taken:
            raise NoTestClass(f"Q takes no line item in this class. {answer.detail}".strip())
        self._item = answer.sourced_id or made
        yield Found("ids", {"allocates_ids": self._item != made})
        there = self._read_item()
        if there is None:
            raise NoTestClass("Q took a line item, and does not tell of it.")
        yield self._kept(there, made)
        yield self._title_limit()
        # Category and due date are not left out to see: OneRoster asks for both.
        worthless = replace(self._fields, maximum=Decimal(0))
        yield self._tried("a maximum of 0", "takes_zero_maximum", worthless)

    def _kept(self, there: LineItem, made: str) -> Found:
        values: dict[str, Any] = {
            "keeps_metadata": there.marker == made,
            "keeps_due_times": there.fields.due_at == self._fields.due_at,
        }
        if self._fields.grading_period_id:
            is_kept = there.fields.grading_period_id == self._fields.grading_period_id
            values["takes_grading_period"] = is_kept
        return Found("what Q keeps of a line item", values)

    def _title_limit(self) -> Found:
        """The longest title that Q keeps whole; a cut one tells it as well."""
        for length in LENGTHS:
            title = (TITLE + " " + "x" * length)[:length]
            answer = self._put_item(self._item, replace(self._fields, title=title))
            there = self._read_item() if answer.taken else None
            if there is not None and title.startswith(there.fields.title):
                self._put_item(self._item, self._fields)
                return Found("titles", {"title_limit": len(there.fields.title)})
            if answer.taken is None:
                break
        return Found("titles", detail="Q kept no title whole, however short.")

    def _tried(self, what: str, name: str, fields: LineItemFields) -> Found:
        answer = self._put_item(str(uuid4()), replace(fields, title=f"{TITLE} 2"))
        if answer.taken is None:
            return Found(what, detail=answer.detail)
        return Found(what, {name: answer.taken}, answer.detail)

    def _put_item(self, sourced_id: str, fields: LineItemFields) -> _Answer:
        body = wire.new_line_item(sourced_id, self._place.class_id, fields, sourced_id, self._rules)
        return self._put("line_item", sourced_id, wire.encoded(body))

    def _read_item(self) -> LineItem | None:
        found = self._book.line_items(self._place.class_id)
        return next((one for one in found if one.sourced_id == self._item), None)

    # Results

    def _results(self) -> Iterator[Found]:
        self._result = str(uuid4())
        exact = Value(EXACT, "fully graded", COMMENT)
        answer, there = self._put_result(exact)
        if answer.taken:
            yield Found(
                "an exact score with a comment",
                {"score_decimals": _decimals(there), "takes_comment": _comment(there) == COMMENT},
            )
        else:
            yield Found("an exact score with a comment", detail=answer.detail)
        tries: Sequence[tuple[str, str, Value, Callable[[Value], bool]]] = (
            ("a score above the maximum", "takes_above_maximum",
             Value(MAXIMUM + 1, "fully graded"), lambda now: now.score == MAXIMUM + 1),
            ("a score below 0", "takes_negative",
             Value(Decimal(-1), "fully graded"), lambda now: now.score == -1),
            ("an excused score without a number", "takes_exempt_without_score",
             Value(None, "exempt"), lambda now: now.status == "exempt"),
            ("no submission, without a number", "takes_not_submitted_without_score",
             Value(None, "not submitted"),
             lambda now: now.status == "not submitted" and not now.score),
        )  # fmt: skip
        for what, name, value, is_kept in tries:
            answer, there = self._put_result(value)
            if answer.taken is None:
                yield Found(what, detail=answer.detail)
            else:
                kept = bool(answer.taken and there and is_kept(there.value))
                yield Found(what, {name: kept}, answer.detail)

    def _put_result(self, value: Value) -> tuple[_Answer, Result | None]:
        body = wire.result(
            self._result, self._item, self._place.student_id, value, None, self._rules
        )
        answer = self._put("result", self._result, wire.encoded(body))
        if answer.taken and answer.sourced_id:
            self._result = answer.sourced_id
        return answer, self._read_result() if answer.taken else None

    def _read_result(self) -> Result | None:
        found = self._book.results_of(self._place.class_id, self._item)
        mine = (one for one in found if one.student_id == self._place.student_id)
        return next((one for one in mine if one.is_active), None)

    # Writing, and taking away

    def _put(self, kind: ObjectKind, sourced_id: str, body: str) -> _Answer:
        try:
            written = self._book.put(kind, sourced_id, wire.stamped(kind, body, self._now))
        except (OneRosterError, HttpError) as error:
            self._note(kind, sourced_id)
            return _Answer(_refused(error), detail=_words(error))
        actual = written.sourced_id or sourced_id
        self._note(kind, actual)
        return _Answer(taken=True, sourced_id=actual)

    def _note(self, kind: ObjectKind, sourced_id: str) -> None:
        if (kind, sourced_id) not in self._written:
            self._written.append((kind, sourced_id))

    def _removal(self, kind: ObjectKind, name: str) -> Found:
        what = "taking a result away" if kind == "result" else "taking a line item away"
        sourced_id = self._result if kind == "result" else self._item
        try:
            self._book.delete(kind, sourced_id)
        except (OneRosterError, HttpError) as error:
            taken = _refused(error)
            return Found(what, {} if taken is None else {name: False}, _words(error))
        there = self._read_result() if kind == "result" else self._read_item()
        is_gone = there is None or not there.is_active
        return Found(what, {name: is_gone})

    def _clean_up(self) -> None:
        """Results before line items; what Q does not let go stays, under a title that says so."""
        for kind, sourced_id in sorted(self._written, key=lambda one: one[0] == "line_item"):
            try:
                self._book.delete(kind, sourced_id)
            except (OneRosterError, HttpError):
                continue


def read_only(scopes: Iterable[str]) -> Found:
    """What can be said without writing anything: which rights the key was given, if Q tells."""
    told = [one.rpartition("/")[2] for one in scopes if one]
    ours = sorted(one for one in told if one.startswith("gradebook"))
    if not told:
        return Found("the right to write grades", detail="Q does not say.")
    may_write = "gradebook.createput" in ours
    return Found("the right to write grades", {"may_write": may_write}, " ".join(ours))


def _refused(error: OneRosterError | HttpError) -> bool | None:
    """False where Q has refused it, None where nobody knows. Raises CredentialsRejected."""
    if isinstance(error, CredentialsRejected):
        raise error
    if isinstance(error, (HttpError, ProviderUnavailable)):
        return None
    return False if 400 <= error.status < 500 else None


def _words(error: QSyncError) -> str:
    said = error.description if isinstance(error, OneRosterError) else ""
    return said or str(error)


def _decimals(there: Result | None) -> int | None:
    """How many places Q keeps; None where it keeps all that were sent."""
    if there is None or there.value.score is None or there.value.score == EXACT:
        return None
    exponent = there.value.score.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else None


def _comment(there: Result | None) -> str | None:
    return there.value.comment if there else None
