"""The 61 operations of OneRoster 1.1, as a table. Pure.

An operation reads one kind of record, narrowed by SQL over the ids in its path. What "of a
school" means follows the wording of the specification: courses *taught by* it are its own and
those of its classes; students and teachers are those who belong to it or are enrolled in one of
its classes; terms are the academic sessions *used by* it, so those that its classes name.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

SCOPE: Final = "https://purl.imsglobal.org/spec/or/v1p1/scope/"

CORE: Final = frozenset({"roster-core.readonly", "roster.readonly"})
ROSTER: Final = frozenset({"roster.readonly"})
DEMOGRAPHICS: Final = frozenset({"roster-demographics.readonly"})
RESOURCES: Final = frozenset({"resource.readonly"})
GRADES: Final = frozenset({"gradebook.readonly"})
GRADES_PUT: Final = frozenset({"gradebook.createput"})
GRADES_DELETE: Final = frozenset({"gradebook.delete"})

SCOPES: Final = tuple(sorted(CORE | DEMOGRAPHICS | RESOURCES | GRADES | GRADES_PUT | GRADES_DELETE))

PRESENT: Final = "status <> 'tobedeleted'"


@dataclass(frozen=True, slots=True)
class Operation:
    """One method on one path. `scopes`: any of them allows it."""

    name: str
    method: str
    segments: tuple[str, ...]
    scopes: frozenset[str]
    collection: str
    where: str = ""

    @property
    def is_single(self) -> bool:
        return self.segments[-1] == "{id}"

    def match(self, segments: tuple[str, ...]) -> dict[str, str] | None:
        """The ids that `segments` holds, or None where the path is another."""
        if len(segments) != len(self.segments):
            return None
        ids: dict[str, str] = {}
        for mine, given in zip(self.segments, segments, strict=True):
            if mine.startswith("{"):
                ids[mine[1:-1]] = given
            elif mine != given:
                return None
        return ids


@dataclass(frozen=True, slots=True)
class Parent:
    """What an id in the middle of a path must lead to; `within` also ties it to an outer id."""

    collection: str
    where: str = ""
    within: tuple[tuple[str, str], ...] = ()


PARENTS: Final[dict[str, Parent]] = {
    "school": Parent("orgs", "type = 'school'"),
    "class": Parent("classes", within=(("school", '"school" = %(school)s'),)),
    "course": Parent("courses"),
    "term": Parent("academicSessions"),
    "student": Parent("users", "role = 'student'"),
    "teacher": Parent("users", "role = 'teacher'"),
    "user": Parent("users"),
    "lineItem": Parent("lineItems", within=(("class", '"class" = %(class)s'),)),
}


_THE_CLASS: Final = '"class" = %(class)s'
_THE_SCHOOL: Final = '"school" = %(school)s'


def _enrolled(role: str, where: str) -> str:
    return f'SELECT "user" FROM q_enrollments WHERE {where} AND {PRESENT}' + (
        f" AND role = '{role}'" if role else ""
    )


def _people_of_class(role: str) -> str:
    return f"sourced_id IN ({_enrolled(role, _THE_CLASS)})"


def _people_of_school(role: str) -> str:
    return (
        f"role = '{role}' AND sourced_id IN (SELECT sourced_id FROM q_links"
        " WHERE collection = 'users' AND field = 'orgs' AND target = %(school)s"
        f" UNION {_enrolled(role, _THE_SCHOOL)})"
    )


def _classes_of(person: str, role: str) -> str:
    narrowed = f" AND role = '{role}'" if role else ""
    return (
        'sourced_id IN (SELECT "class" FROM q_enrollments'
        f' WHERE "user" = %({person})s AND {PRESENT}{narrowed})'
    )


def _linked(collection: str, field: str, parent: str) -> str:
    """Members of a list of references that the parent holds."""
    return (
        "sourced_id IN (SELECT target FROM q_links"
        f" WHERE collection = '{collection}' AND field = '{field}' AND sourced_id = %({parent})s)"
    )


_COURSES_OF_SCHOOL = (
    '"org" = %(school)s OR sourced_id IN'
    f' (SELECT "course" FROM q_classes WHERE "school" = %(school)s AND {PRESENT})'
)
_TERMS_OF_SCHOOL = (
    "sourced_id IN (SELECT target FROM q_links WHERE collection = 'classes' AND field = 'terms'"
    " AND sourced_id IN"
    f" (SELECT sourced_id FROM q_classes WHERE {_THE_SCHOOL} AND {PRESENT}))"
)
_CLASSES_OF_TERM = (
    "sourced_id IN (SELECT sourced_id FROM q_links"
    " WHERE collection = 'classes' AND field = 'terms' AND target = %(term)s)"
)
_RESULTS_OF_CLASS = '"lineItem" IN (SELECT sourced_id FROM q_lineitems WHERE "class" = %(class)s)'

# path, name in the plural, name of one, scopes, collection, what narrows it
_TOP: Final = (
    ("academicSessions", "AcademicSessions", "AcademicSession", CORE, "academicSessions", ""),
    ("classes", "Classes", "Class", CORE, "classes", ""),
    ("courses", "Courses", "Course", CORE, "courses", ""),
    ("enrollments", "Enrollments", "Enrollment", CORE, "enrollments", ""),
    ("gradingPeriods", "GradingPeriods", "GradingPeriod", CORE, "academicSessions",
     "type = 'gradingPeriod'"),
    ("orgs", "Orgs", "Org", CORE, "orgs", ""),
    ("schools", "Schools", "School", CORE, "orgs", "type = 'school'"),
    ("students", "Students", "Student", CORE, "users", "role = 'student'"),
    ("teachers", "Teachers", "Teacher", CORE, "users", "role = 'teacher'"),
    ("terms", "Terms", "Term", CORE, "academicSessions", "type = 'term'"),
    ("users", "Users", "User", CORE, "users", ""),
    ("demographics", "Demographics", "Demographics", DEMOGRAPHICS, "demographics", ""),
    ("resources", "Resources", "Resource", RESOURCES, "resources", ""),
    ("categories", "Categories", "Category", GRADES, "categories", ""),
    ("lineItems", "LineItems", "LineItem", GRADES, "lineItems", ""),
    ("results", "Results", "Result", GRADES, "results", ""),
)  # fmt: skip

_SUB: Final = (
    ("getClassesForSchool", "schools/{school}/classes", ROSTER, "classes", _THE_SCHOOL),
    ("getCoursesForSchool", "schools/{school}/courses", ROSTER, "courses", _COURSES_OF_SCHOOL),
    ("getEnrollmentsForSchool", "schools/{school}/enrollments", ROSTER, "enrollments",
     _THE_SCHOOL),
    ("getStudentsForSchool", "schools/{school}/students", ROSTER, "users",
     _people_of_school("student")),
    ("getTeachersForSchool", "schools/{school}/teachers", ROSTER, "users",
     _people_of_school("teacher")),
    ("getTermsForSchool", "schools/{school}/terms", ROSTER, "academicSessions", _TERMS_OF_SCHOOL),
    ("getEnrollmentsForClassInSchool", "schools/{school}/classes/{class}/enrollments", ROSTER,
     "enrollments", _THE_CLASS),
    ("getStudentsForClassInSchool", "schools/{school}/classes/{class}/students", ROSTER, "users",
     _people_of_class("student")),
    ("getTeachersForClassInSchool", "schools/{school}/classes/{class}/teachers", ROSTER, "users",
     _people_of_class("teacher")),
    ("getClassesForTerm", "terms/{term}/classes", ROSTER, "classes", _CLASSES_OF_TERM),
    ("getGradingPeriodsForTerm", "terms/{term}/gradingPeriods", ROSTER, "academicSessions",
     "type = 'gradingPeriod' AND \"parent\" = %(term)s"),
    ("getClassesForCourse", "courses/{course}/classes", ROSTER, "classes", '"course" = %(course)s'),
    ("getClassesForStudent", "students/{student}/classes", ROSTER, "classes",
     _classes_of("student", "student")),
    ("getClassesForTeacher", "teachers/{teacher}/classes", ROSTER, "classes",
     _classes_of("teacher", "teacher")),
    ("getClassesForUser", "users/{user}/classes", ROSTER, "classes", _classes_of("user", "")),
    ("getStudentsForClass", "classes/{class}/students", ROSTER, "users",
     _people_of_class("student")),
    ("getTeachersForClass", "classes/{class}/teachers", ROSTER, "users",
     _people_of_class("teacher")),
    ("getResourcesForCourse", "courses/{course}/resources", RESOURCES, "resources",
     _linked("courses", "resources", "course")),
    ("getResourcesForClass", "classes/{class}/resources", RESOURCES, "resources",
     _linked("classes", "resources", "class")),
    ("getLineItemsForClass", "classes/{class}/lineItems", GRADES, "lineItems",
     _THE_CLASS),
    ("getResultsForClass", "classes/{class}/results", GRADES, "results", _RESULTS_OF_CLASS),
    ("getResultsForLineItemForClass", "classes/{class}/lineItems/{lineItem}/results", GRADES,
     "results", '"lineItem" = %(lineItem)s'),
    ("getResultsForStudentForClass", "classes/{class}/students/{student}/results", GRADES,
     "results", f'"student" = %(student)s AND {_RESULTS_OF_CLASS}'),
)  # fmt: skip


def _operations() -> Iterator[Operation]:
    for path, many, one, scopes, collection, where in _TOP:
        yield Operation(f"getAll{many}", "GET", (path,), scopes, collection, where)
        yield Operation(f"get{one}", "GET", (path, "{id}"), scopes, collection, where)
        if scopes is GRADES:
            yield Operation(f"put{one}", "PUT", (path, "{id}"), GRADES_PUT, collection)
            yield Operation(f"delete{one}", "DELETE", (path, "{id}"), GRADES_DELETE, collection)
    for name, path, scopes, collection, where in _SUB:
        yield Operation(name, "GET", tuple(path.split("/")), scopes, collection, where)


OPERATIONS: Final = tuple(_operations())


_ADDING: Final = tuple(
    Operation(f"post{one}", "POST", (path,), GRADES_PUT, collection)
    for path, _, one, scopes, collection, _ in _TOP
    if scopes is GRADES
)


def adding(segments: tuple[str, ...]) -> Iterator[tuple[Operation, dict[str, str]]]:
    """Where a provider without upsert takes new records; no part of OneRoster 1.1."""
    for operation in _ADDING:
        if segments == operation.segments:
            yield operation, {}


_CATEGORIES_OF_CLASS: Final = Operation(
    "getCategoriesForClass",
    "GET",
    ("classes", "{class}", "categories"),
    GRADES,
    "categories",
    "COALESCE(json_extract(body, '$.metadata.class'), %(class)s) = %(class)s",
)


def of_class_categories(segments: tuple[str, ...]) -> Iterator[tuple[Operation, dict[str, str]]]:
    """OneRoster 1.2's list of a class's categories, as some serve it under 1.1."""
    if (ids := _CATEGORIES_OF_CLASS.match(segments)) is not None:
        yield _CATEGORIES_OF_CLASS, ids


def with_teachers(operation: Operation) -> str:
    """What narrows the operation, but for the students of a class all its people."""
    return operation.where.replace(_people_of_class("student"), _people_of_class(""))


def split(path: str, *, encoded_ids: bool = True) -> tuple[str, ...]:
    """The segments of a path as sent; a slash inside an id travels as %2F."""
    if not encoded_ids:
        path = unquote(path)
    return tuple(unquote(each) for each in path.strip("/").split("/"))


def matching(segments: tuple[str, ...]) -> Iterator[tuple[Operation, dict[str, str]]]:
    """The operations on this path, whatever their method, with the ids it holds."""
    for operation in OPERATIONS:
        if (ids := operation.match(segments)) is not None:
            yield operation, ids
