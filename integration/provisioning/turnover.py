"""What a night's plan does to classes that Canvas knows: another term, who would come and leave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping

from integration import bulk
from integration.models import Change, CourseAssignment, RosterRow, Run
from integration.provisioning import proposed, roster
from integration.provisioning.adoption import as_row
from integration.provisioning.likeness import Turnover, folded, is_suspect
from integration.provisioning.rows import (
    COURSES,
    ENROLLMENTS,
    SECTIONS,
    SEPARATOR,
    TERMS,
    CourseRow,
)

Facts = Mapping[str, bool]


def turnovers(run: Run, unseen: Collection[bytes]) -> Iterator[tuple[str, str, Turnover]]:
    """(section, its course, what becomes of it) of each whose course gets other facts tonight.

    `unseen`: digests of the enrollments that did not come, on a night that proves nobody gone.
    They count as gone here all the same: a class that may be another one waits.
    """
    suspects = _suspects(run)
    people = _people(run, suspects)
    moves = proposed.members(run, suspects.keys())
    proposed.add_unseen(run, moves, unseen)
    for section, (course, facts) in suspects.items():
        counts = {action: len(them) for action, them in moves[section].items()}
        # Where the old term is over, those who left keep what they had.
        left = counts.get(Change.Action.REMOVED, 0) + counts.get(Change.Action.KEPT, 0)
        came = counts.get(Change.Action.ADDED, 0)
        turnover = Turnover(**facts, people=people[section], left=left, came=came)
        yield section, course, turnover


def _suspects(run: Run) -> dict[str, tuple[str, Facts]]:
    changed = {
        change.key: (CourseRow(*before), CourseRow(*after))
        for change, before, after in proposed.lines(run, COURSES, Change.Action.CHANGED)
        if before[3:5] != after[3:5]
    }
    if not changed:
        return {}
    retitled = {
        change.key
        for change, before, after in proposed.lines(run, SECTIONS, Change.Action.CHANGED)
        if folded(before[2]) != folded(after[2])
    }
    dates = _dates(run, {row.term_id for rows in changed.values() for row in rows})
    found: dict[str, tuple[str, Facts]] = {}
    for courses in bulk.batches(changed, bulk.IN_LIMIT):
        assigned = CourseAssignment.objects.filter(district=run.district, sis_course_id__in=courses)
        for section, course in assigned.values_list("sis_section_id", "sis_course_id"):
            facts = _facts(*changed[course], dates, retitled=section in retitled)
            if is_suspect(Turnover(**facts, people=0, left=0, came=0)):
                found[section] = (course, facts)
    return found


def _facts(
    before: CourseRow, after: CourseRow, dates: Mapping[str, tuple[str, str]], *, retitled: bool
) -> Facts:
    end, start = dates.get(before.term_id, ("", ""))[1], dates.get(after.term_id, ("", ""))[0]
    return {
        "school": before.account_id != after.account_id,
        "term": before.term_id != after.term_id,
        "title": retitled,
        "later": bool(start and end) and end < start,
    }


def _dates(run: Run, terms: set[str]) -> dict[str, tuple[str, str]]:
    """Term to its start and end, in UTC, as planned or as Canvas has it."""
    there = roster.find(run.district, TERMS, terms)
    rows = {key: as_row(one.row) for key, one in there.items()}
    for action in (Change.Action.ADDED, Change.Action.CHANGED):
        rows |= {change.key: after for change, _, after in proposed.lines(run, TERMS, action)}
    return {key: (row[3], row[4]) for key, row in rows.items()}


def _people(run: Run, sections: Mapping[str, object]) -> Counter[str]:
    """How many were ever enrolled in each of the sections."""
    rows = RosterRow.objects.filter(district=run.district, kind=ENROLLMENTS.name)
    keys = rows.values_list("key", flat=True).iterator(bulk.BATCH) if sections else ()
    return Counter(section for key in keys if (section := key.partition(SEPARATOR)[0]) in sections)
