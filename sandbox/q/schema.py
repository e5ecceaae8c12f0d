"""What a OneRoster 1.1 record looks like: collections, their fields, enumerations. Pure.

Sources: OneRoster 1.1 data model and JSON binding. Where the two differ the looser one is kept,
because Q must not refuse what half of its consumers were certified with.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["text", "number", "date", "datetime", "ref", "refs", "list", "ids", "open"]

BASE: Final[dict[str, Kind]] = {
    "sourcedId": "text",
    "status": "text",
    "dateLastModified": "datetime",
    "metadata": "open",
}
REF_PARTS: Final = frozenset({"href", "sourcedId", "type"})
_PATH: Final = re.compile(r"[\w-]+(\.[\w-]+)*")
ID_PARTS: Final = frozenset({"type", "identifier"})

STATUSES: Final = frozenset({"active", "tobedeleted"})
SCORE_STATUSES: Final = frozenset(
    {"exempt", "fully graded", "not submitted", "partially graded", "submitted"}
)


@dataclass(frozen=True, slots=True)
class Collection:
    """One kind of record.

    `columns` are the fields that reads are narrowed by, kept beside the JSON text; a list of
    references among them is kept in the table of links instead.
    """

    name: str
    single: str
    fields: dict[str, Kind]
    columns: tuple[str, ...] = ()
    targets: tuple[tuple[str, str], ...] = ()

    @property
    def table(self) -> str:
        return f"q_{self.name.lower()}"

    @property
    def stored(self) -> tuple[str, ...]:
        """Columns of the table; `linked` are the others."""
        return tuple(c for c in self.columns if self.fields[c] != "refs")

    @property
    def linked(self) -> tuple[str, ...]:
        return tuple(c for c in self.columns if self.fields[c] == "refs")


def _fields(plain: str = "", **kinds: Kind) -> dict[str, Kind]:
    texts: dict[str, Kind] = dict.fromkeys(plain.split(), "text")
    return {**BASE, **texts, **{name.rstrip("_"): kind for name, kind in kinds.items()}}


_SESSION, _ORG, _USER = ("academicSessions", "orgs", "users")

_ALL = (
    Collection(
        "academicSessions",
        "academicSession",
        _fields(
            "title type schoolYear", startDate="date", endDate="date", parent="ref", children="refs"
        ),
        ("type", "parent"),
        (("parent", _SESSION), ("children", _SESSION)),
    ),
    Collection(
        "orgs",
        "org",
        _fields("name type identifier", parent="ref", children="refs"),
        ("type",),
        (("parent", _ORG), ("children", _ORG)),
    ),
    Collection(
        "courses",
        "course",
        _fields(
            "title courseCode",
            schoolYear="ref",
            grades="list",
            subjects="list",
            subjectCodes="list",
            org="ref",
            resources="refs",
        ),
        ("org", "resources"),
        (("schoolYear", _SESSION), ("org", _ORG), ("resources", "resources")),
    ),
    Collection(
        "classes",
        "class",
        _fields(
            "title classCode classType location",
            grades="list",
            subjects="list",
            subjectCodes="list",
            periods="list",
            course="ref",
            school="ref",
            terms="refs",
            resources="refs",
        ),
        ("course", "school", "terms", "resources"),
        (("course", "courses"), ("school", _ORG), ("terms", _SESSION), ("resources", "resources")),
    ),
    Collection(
        "users",
        "user",
        _fields(
            "username enabledUser givenName familyName middleName role identifier email sms phone"
            " password",
            userIds="ids",
            agents="refs",
            orgs="refs",
            grades="list",
        ),
        ("role", "orgs"),
        (("agents", _USER), ("orgs", _ORG)),
    ),
    Collection(
        "enrollments",
        "enrollment",
        _fields(
            "role primary",
            beginDate="date",
            endDate="date",
            user="ref",
            class_="ref",
            school="ref",
        ),
        ("role", "user", "class", "school"),
        (("user", _USER), ("class", "classes"), ("school", _ORG)),
    ),
    Collection(
        "demographics",
        "demographics",
        _fields(
            "sex americanIndianOrAlaskaNative asian blackOrAfricanAmerican"
            " nativeHawaiianOrOtherPacificIslander white demographicRaceTwoOrMoreRaces"
            " hispanicOrLatinoEthnicity countryOfBirthCode stateOfBirthAbbreviation cityOfBirth"
            " publicSchoolResidenceStatus",
            birthDate="date",
        ),
    ),
    Collection(
        "resources",
        "resource",
        _fields(
            "title importance vendorResourceId vendorId applicationId role",
            roles="list",
        ),
    ),
    Collection("categories", "category", _fields("title")),
    Collection(
        "lineItems",
        "lineItem",
        _fields(
            "title description",
            assignDate="datetime",
            dueDate="datetime",
            class_="ref",
            category="ref",
            gradingPeriod="ref",
            resultValueMin="number",
            resultValueMax="number",
        ),
        ("class", "category"),
        (("class", "classes"), ("category", "categories"), ("gradingPeriod", _SESSION)),
    ),
    Collection(
        "results",
        "result",
        _fields(
            "scoreStatus comment", lineItem="ref", student="ref", score="number", scoreDate="date"
        ),
        ("lineItem", "student"),
        (("lineItem", "lineItems"), ("student", _USER)),
    ),
)

COLLECTIONS: Final[dict[str, Collection]] = {each.name: each for each in _ALL}


def kind_of(collection: Collection, path: str) -> Kind | None:
    """The kind of what `path` (dotted, as in a filter) leads to; None where it leads nowhere."""
    if not _PATH.fullmatch(path):
        return None
    name, _, inner = path.partition(".")
    kind = collection.fields.get(name)
    if not inner:
        return None if kind in ("ref", "refs", "ids", "open") else kind
    if kind == "open":
        return "text"
    parts = {"ref": REF_PARTS, "refs": REF_PARTS, "ids": ID_PARTS}.get(kind or "", frozenset())
    return "text" if inner in parts else None
