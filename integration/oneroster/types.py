"""What a OneRoster 1.1 provider tells us, as values. Pure: no I/O.

Only the fields that provisioning uses; everything else in an answer is skipped, not kept.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Generic, Literal, Protocol, TypeAlias, TypeVar

import msgspec

# Providers send null where they have nothing. The decoder lets it in, `canonical.settle` takes it
# out again before anybody sees the record, so readers of these types need not think of None.
if TYPE_CHECKING:
    Text: TypeAlias = str
    Flag: TypeAlias = bool
    Status: TypeAlias = Literal["active", "tobedeleted"]
else:
    Text = str | None
    Flag = bool | None
    Status = str | None


class Ref(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """A pointer to another object. Its `href` is never followed, so it is not kept."""

    # A blank one fails to decode, and the patient way makes it None.
    sourced_id: Annotated[str, msgspec.Meta(min_length=1)]


class UserId(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """One of the further identifiers of a user, with the name of the system it belongs to."""

    type: Text = ""
    identifier: Text = ""


if TYPE_CHECKING:
    Refs: TypeAlias = tuple[Ref, ...]
    UserIds: TypeAlias = tuple[UserId, ...]
else:
    Refs = tuple[Ref, ...] | None
    UserIds = tuple[UserId, ...] | None


class Record(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """The base of every object. `sourced_id` is kept exactly as sent: case, spaces, slashes."""

    sourced_id: str
    status: Status = ""  # type: ignore[assignment]  # replaced or refused by canonical.settle
    date_last_modified: Text = ""


class Org(Record, frozen=True, gc=False, rename="camel"):
    name: Text = ""
    type: Text = ""
    identifier: Text = ""
    parent: Ref | None = None


class AcademicSession(Record, frozen=True, gc=False, rename="camel"):
    title: Text = ""
    type: Text = ""
    start_date: Text = ""
    end_date: Text = ""
    parent: Ref | None = None
    school_year: Text = ""


class Course(Record, frozen=True, gc=False, rename="camel"):
    title: Text = ""
    course_code: Text = ""
    org: Ref | None = None


class Class(Record, frozen=True, gc=False, rename="camel"):
    title: Text = ""
    class_code: Text = ""
    class_type: Text = ""
    course: Ref | None = None
    school: Ref | None = None
    terms: Refs = ()


class User(Record, frozen=True, gc=False, rename="camel"):
    username: Text = ""
    enabled_user: Flag = True
    given_name: Text = ""
    family_name: Text = ""
    middle_name: Text = ""
    role: Text = ""
    identifier: Text = ""
    email: Text = ""
    user_ids: UserIds = ()
    agents: Refs = ()
    orgs: Refs = ()


if TYPE_CHECKING:
    NeededRef: TypeAlias = Ref
else:
    NeededRef = Ref | None


class Enrollment(Record, frozen=True, gc=False, rename="camel"):
    user: NeededRef = None  # type: ignore[assignment]  # an enrollment without it is a Problem
    class_: NeededRef = msgspec.field(name="class", default=None)  # type: ignore[assignment]  # as above
    role: Text = ""
    primary: Flag = False
    begin_date: Text = ""
    end_date: Text = ""


class Identified(Protocol):
    """Whatever a page may hold."""

    @property
    def sourced_id(self) -> str: ...


R = TypeVar("R", bound=Record)
Item = TypeVar("Item", bound=Identified)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why one record cannot be used. It stops only that record. `kind` is as in `users`.

    A record with an id is still *there*: its absence from the page says nothing about it.
    `refs`: what it points to, as far as that can be read: (name, sourcedId) pairs.
    `stand_in`: where it has no id, tells it from others as long as it is read.
    """

    kind: str
    sourced_id: str
    field: str
    code: str
    reason: str
    remedy: str
    refs: tuple[tuple[str, str], ...] = ()
    stand_in: str = dataclasses.field(default="", compare=False)

    @property
    def key(self) -> str:
        """Its id, or what stands in for it."""
        return self.sourced_id or self.stand_in

    def ref(self, name: str) -> str:
        """The sourcedId of what the record points to as its `class`, `user` and so on, or ""."""
        return dict(self.refs).get(name, "")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """What one answer held, in the order of the answer."""

    records: Sequence[Item]
    problems: list[Problem] = field(default_factory=list)

    def without_first(self, key: str) -> "Page[Item]":
        """Without what the answer began with; of a record and a problem of that id, with both."""
        is_record = any(one.sourced_id == key for one in self.records[:1])
        is_problem = any(one.key == key for one in self.problems[:1])
        if is_record and is_problem:
            return self
        return Page(self.records[is_record:], self.problems[is_problem:])


@dataclass(frozen=True, slots=True)
class Kind(Generic[R]):
    """An object type, with the names under which an answer carries it."""

    record: type[R]
    key: str
    single: str


ORG = Kind(Org, "orgs", "org")
ACADEMIC_SESSION = Kind(AcademicSession, "academicSessions", "academicSession")
COURSE = Kind(Course, "courses", "course")
CLASS = Kind(Class, "classes", "class")
USER = Kind(User, "users", "user")
ENROLLMENT = Kind(Enrollment, "enrollments", "enrollment")

KINDS: tuple[Kind[Any], ...] = (ORG, ACADEMIC_SESSION, COURSE, CLASS, USER, ENROLLMENT)
