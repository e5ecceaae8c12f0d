"""Before a conversion: which line items of Q the first syncs would take over, made by hand or by
another vendor. Reads both sides, of a sample where there are many; writes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from gradesync.adoption import Ambiguous, Found, Sought, find_all
from gradesync.ids import ItemKey
from gradesync.models import AssignmentSync
from gradesync.profile import Profile
from gradesync.sections import dates_for
from gradesync.titles import tagged, tidy
from integration.canvas.gradebook import Gradebook
from integration.errors import QSyncError
from integration.evaluation.entries import ADOPTS, UNCLEAR, Entry
from integration.evaluation.further import LINE_ITEMS, Both, Further
from integration.evaluation.verdict import Point, counted
from integration.oneroster.gradebook_types import LineItem

# Each class costs a question to Q, and one that holds line items two to Canvas.
MOST_CLASSES = 300
# No id was made for what is only looked for.
UNMADE = "\0"


def line_items(both: Both) -> Further:
    """Of classes whose section is in Canvas already: what fits one assignment, and what more."""
    found = Further(LINE_ITEMS)
    known = sorted(both.section_of.items())
    if len(known) > MOST_CLASSES:
        sentence = (
            f"Line items of the first {MOST_CLASSES:,} of {len(known):,} classes were looked at."
        )
        remedy = "The others are like them, or are looked at in each course's own preview."
        found.points.append(Point("know", LINE_ITEMS, "sample", sentence, remedy))
    try:
        for class_id, section in known[:MOST_CLASSES]:
            _of_class(both, class_id, section, found)
    except QSyncError as error:
        sentence = f"The line items could not be looked at: {error}"
        found.points.append(Point("know", LINE_ITEMS, "not-read", sentence, error.remedy))
    found.points += _points(found)
    return found


def _of_class(both: Both, class_id: str, section: tuple[str, str, str], found: Further) -> None:
    """`section`: its SIS ID, its course's, and the account that it counts for."""
    section_id, course_id, group = section
    zone = ZoneInfo(both.district.time_zone)
    items = both.q.gradebook(zone).line_items(class_id)
    linked = set(_linked(both, class_id))
    theirs = [
        one for one in items if one.is_active and not one.marker and one.sourced_id not in linked
    ]
    if not theirs:
        return
    found.count("q", len(theirs))
    book = both.canvas.gradebook(f"sis_course_id:{course_id}")
    names: dict[ItemKey, str] = {}
    sought: list[Sought] = []
    for one, name in _sought(both, book, class_id, section_id):
        names[one.key] = name
        sought.append(one)
    matches = find_all(sought, items, linked=linked, zone=zone)
    for key, match in matches.items():
        where = f"the assignment “{names[key]}” of the course {course_id}"
        if isinstance(match, Found):
            found.add(_entry(match.line_item, key, ADOPTS, group, f"fits {where} alone"))
        elif isinstance(match, Ambiguous):
            told = f"may be {where}; {len(match.candidates)} of Q fit, or several of Canvas"
            found.add(_entry(match.candidates[0], key, UNCLEAR, group, told))


def _linked(both: Both, class_id: str) -> Iterator[str]:
    ours = AssignmentSync.objects.filter(course__district=both.district, class_id=class_id)
    yield from ours.exclude(sourced_id="").values_list("sourced_id", flat=True)


def _sought(
    both: Both, book: Gradebook, class_id: str, section_id: str
) -> Iterator[tuple[Sought, str]]:
    """A line item to be for each graded assignment of the section, as a sync would look for it."""
    here = [one.canvas_id for one in book.sections() if one.sis_section_id == section_id]
    limit = Profile.read(both.district.q_connection.profile).title_limit
    for one in book.assignments():
        dates = [dates_for(one, canvas_id) for canvas_id in here]
        if one.grading_type == "not_graded" or not any(date.has_section for date in dates):
            continue
        source = tidy(one.name)
        due_at = max((date.due_at for date in dates if date.due_at), default=None)
        titles = frozenset({source, tagged(one.canvas_id, source, limit)})
        key = ItemKey("assignment", one.canvas_id, class_id)
        yield Sought(key, UNMADE, titles, due_at), one.name


def _entry(item: LineItem, key: ItemKey, verdict: str, group: str, told: str) -> Entry:
    name = f"{tidy(item.fields.title)} (class {key.class_id})"
    return Entry(LINE_ITEMS, verdict, item.sourced_id, key.canvas_id, name, group, told)


def _points(found: Further) -> Iterator[Point]:
    if number := found.counts.get(ADOPTS, 0):
        yield Point(
            "know",
            LINE_ITEMS,
            "adoptable",
            counted(
                number,
                LINE_ITEMS,
                "1 line item of Q fits one assignment of Canvas, by title and day.",
                "{number} line items of Q fit one assignment of Canvas each, by title and day.",
            ),
            "The first sync of the course takes them over and makes no second one. Rename those "
            "that are something else.",
        )
    if number := found.counts.get(UNCLEAR, 0):
        yield Point(
            "decide",
            LINE_ITEMS,
            "unclear",
            counted(
                number,
                LINE_ITEMS,
                "1 assignment of Canvas fits several line items of Q, or shares one.",
                "{number} assignments of Canvas fit several line items of Q, or share one.",
            ),
            "They wait in the first sync until the teacher says which. Other titles or days make "
            "them clear before.",
        )
