"""Q classes become Canvas sections, and sections are grouped into Canvas courses. PURE."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from hashlib import blake2b
from typing import Any

from integration.oneroster.types import Class, Course, Problem, Ref
from integration.provisioning.problems import control_character_in, is_plain, problem, unfit
from integration.provisioning.rows import SEPARATOR, SIS_ID_LENGTH, CourseRow, SectionRow
from integration.provisioning.rules import COURSE, TEACHER, Rules
from integration.provisioning.structure import Term


@dataclass(frozen=True, slots=True)
class Place:
    """Where a class is in Canvas: its section, its school's account, its dates (ISO or "").

    `several_terms`: the dates are not those of `term`, the first, because it has others besides.
    """

    class_: Class
    sis_section_id: str
    account_id: str
    term: Term
    start: str
    end: str
    several_terms: bool


@dataclass(slots=True)
class Places:
    """`place_of`: class sourcedId to its place. `inactive`: read, and not to be in Canvas."""

    place_of: dict[str, Place] = field(default_factory=dict)
    inactive: set[str] = field(default_factory=set)
    left_out: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)


NO_TERM = Term("", "", "")


def lean_classes() -> Callable[[Sequence[Class]], Iterator[Class]]:
    """What is kept of a class until the night is over: only what is looked at, and no text twice.

    Classes by the thousand name the same school, course and terms.
    """
    known: dict[Any, Any] = {None: None}

    def leaned(class_: Class) -> Class:
        return Class(
            class_.sourced_id,
            "active" if class_.status == "active" else "tobedeleted",
            known.setdefault(class_.date_last_modified, class_.date_last_modified),
            class_.title,
            class_.class_code,
            course=known.setdefault(class_.course, class_.course),
            school=known.setdefault(class_.school, class_.school),
            terms=known.setdefault(class_.terms, class_.terms),
        )

    return partial(map, leaned)


def place_classes(
    classes: Mapping[str, Class],
    rules: Rules,
    *,
    account_of: Mapping[str, str],
    term_of: Mapping[str, Term],
) -> Places:
    """Give each active class its section, account and dates."""
    result = Places()
    calendar_of = cache(partial(_calendar, term_of))  # classes by the thousand share their terms
    for sourced_id, class_ in sorted(classes.items()):
        if class_.status != "active":
            result.inactive.add(sourced_id)
            continue
        if why := unfit_class(class_, rules):
            result.problems.append(why)
            result.left_out.add(sourced_id)
            continue
        account_id = account_of.get(class_.school.sourced_id) if class_.school else None
        if account_id is None:
            result.problems.append(
                problem("roster.unknown-school", "classes", sourced_id, "school")
            )
        calendar = calendar_of(class_.terms)
        if calendar.fault:
            result.problems.append(problem(calendar.fault, "classes", sourced_id, "terms"))
        result.place_of[sourced_id] = Place(
            class_=class_,
            sis_section_id=rules.prefix + sourced_id,
            account_id=account_id or "",
            term=calendar.term,
            start=calendar.start,
            end=calendar.end,
            several_terms=calendar.several_terms,
        )
    return result


def unfit_class(class_: Class, rules: Rules) -> Problem | None:
    """Why no section can be made of this class, whatever else there is in Q."""
    sourced_id = class_.sourced_id
    if not _first_named(class_.title, class_.class_code):
        return problem("roster.no-title", "classes", sourced_id, "title")
    sis_id = rules.prefix + sourced_id
    if is_plain(sis_id, class_.title, class_.class_code):
        return None
    return unfit(
        "classes",
        sourced_id,
        sis_id=sis_id,
        title=class_.title,
        classCode=class_.class_code,
    )


def _first_named(*names: str) -> str:
    """The first that is not blank: Canvas refuses a row with a blank name."""
    return next((name for name in names if name.strip()), "")


@dataclass(frozen=True, slots=True)
class _Calendar:
    """What the terms of a class make of it; the fields are those of Place."""

    term: Term
    start: str
    end: str
    several_terms: bool
    fault: str


def _calendar(term_of: Mapping[str, Term], refs: tuple[Ref, ...]) -> _Calendar:
    named = [ref.sourced_id for ref in refs]
    terms = sorted({term_of[one] for one in named if one in term_of}, key=_by_start)
    fault = "" if named else "roster.no-term"
    if len(named) > sum(one in term_of for one in named):
        fault = "roster.unknown-term"
    dated = [term for term in terms if term.start and term.end]
    term = terms[0] if terms else NO_TERM
    start = min((one.start for one in dated), default="")
    end = max((one.end for one in dated), default="")
    several_terms = len(dated) > 1 and (start, end) != (term.start, term.end)
    return _Calendar(term, start, end, several_terms, fault)


def _by_start(term: Term) -> tuple[str, str, str]:
    return (term.start, term.end, term.sis_term_id)


@dataclass(slots=True)
class Sections:
    """`course_of`: sis_section_id to sis_course_id, to be kept for good."""

    courses: list[CourseRow] = field(default_factory=list)
    sections: list[SectionRow] = field(default_factory=list)
    course_of: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def map_sections(
    places: Mapping[str, Place],
    courses: Mapping[str, Course],
    rules: Rules,
    *,
    teacher_of: Mapping[str, str],
    kept: Mapping[str, str],
    is_unread: Callable[[str], bool] = lambda _: False,
    before: Callable[[Collection[str]], Mapping[str, CourseRow]] = lambda _: {},
) -> Sections:
    """Sections and their courses. A section that has a course already (`kept`) stays there.

    `teacher_of`: class sourcedId to the sourcedId of its primary teacher. `is_unread`: may this
    course be in Q although it could not be read tonight? Then the Canvas course is called as
    `before`, which looks accepted rows up.
    """
    result = Sections()
    named: set[str] = set()
    nameless: set[str] = set()
    garbled = _garbled(courses, result.problems)
    for sourced_id, place in sorted(places.items()):
        course_id = place.class_.course.sourced_id if place.class_.course else ""
        course = None if course_id in garbled else courses.get(course_id)
        is_unread_one = course is None and course_id not in garbled and is_unread(course_id)
        is_there = course_id in garbled or (course_id != "" and is_unread_one)
        if course is None and not is_there:
            result.problems.append(
                problem("roster.unknown-course", "classes", sourced_id, "course")
            )
        sis_course_id = kept.get(place.sis_section_id) or _course_id(
            place,
            course_id if course or is_unread_one else "",
            teacher_of.get(sourced_id, ""),
            rules,
        )
        result.course_of[place.sis_section_id] = sis_course_id
        result.sections.append(_section(place, sis_course_id, rules))
        if sis_course_id not in named:
            named.add(sis_course_id)
            result.courses.append(_course(place, course, sis_course_id, rules))
            own = sis_course_id == place.sis_section_id and place.class_.title.strip()
            if course is None and is_there and not own:
                nameless.add(sis_course_id)
    _keep_names(result, before(nameless) if nameless else {})
    return result


def _keep_names(result: Sections, before: Mapping[str, CourseRow]) -> None:
    for position, row in enumerate(result.courses):
        if was := before.get(row.course_id):
            named = row._replace(short_name=was.short_name, long_name=was.long_name)
            result.courses[position] = named


def _garbled(courses: Mapping[str, Course], problems: list[Problem]) -> set[str]:
    """Courses whose text Canvas cannot hold; their classes do without them."""
    found: set[str] = set()
    for sourced_id, course in sorted(courses.items()):
        fields = {"title": course.title, "courseCode": course.course_code}
        if bad := control_character_in(sourcedId=sourced_id, **fields):
            problems.append(problem("roster.control-character", "courses", sourced_id, bad))
            found.add(sourced_id)
    return found


def _course_id(place: Place, course_id: str, teacher: str, rules: Rules) -> str:
    school = place.class_.school.sourced_id if place.class_.school else ""
    shared_by = {COURSE: school, TEACHER: teacher}.get(rules.grouping, "")
    if not course_id or not shared_by:
        return place.sis_section_id
    parts = (course_id, shared_by, place.term.sis_term_id.removeprefix(rules.prefix))
    sis_id = rules.prefix + ":".join(parts)
    if len(sis_id) <= SIS_ID_LENGTH and not any(":" in part for part in parts):
        return sis_id
    # "a:b" with "c" and "a" with "b:c" are not the same course.
    return rules.prefix + blake2b(SEPARATOR.join(parts).encode(), digest_size=16).hexdigest()


def _section(place: Place, sis_course_id: str, rules: Rules) -> SectionRow:
    # Dates only where the term's own would be wrong: they restrict who may take part.
    start, end = (place.start, place.end) if place.several_terms else ("", "")
    return SectionRow(
        place.sis_section_id,
        sis_course_id,
        _first_named(place.class_.title, place.class_.class_code),
        "active",
        rules.start_of(start),
        rules.end_of(end),
    )


def _course(place: Place, course: Course | None, sis_course_id: str, rules: Rules) -> CourseRow:
    titles, codes = [place.class_.title], [place.class_.class_code]
    if course is not None:
        # A course of its own is called as its class; one that classes share, as Q's course.
        first = 1 if sis_course_id == place.sis_section_id else 0
        titles.insert(first, course.title)
        codes.insert(first, course.course_code)
    return CourseRow(
        sis_course_id,
        _first_named(*codes, *titles),
        _first_named(*titles, *codes),
        place.account_id,
        place.term.sis_term_id,
        "active",
    )
