"""Custom fields: which variables Canvas expands, from what, and when it leaves them alone.

A variable whose conditions are not met stays as it was written, `$` and all; one whose
conditions are met but that has no value becomes null.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from sandbox.canvas.lti import ids
from sandbox.canvas.lti.roles import Standing, adminable, chain, is_root_account_admin
from sandbox.canvas.lti.session import Acting
from sandbox.canvas.models import Account, Course, Enrollment, Login, Section, Term
from sandbox.rules import on

TIME_ZONE = "America/Los_Angeles"
LOCALE = "en"
_PERMISSIONS = re.compile(r"\$Canvas\.membership\.permissions<([^>]*)>\Z")
_INSIDE = re.compile(r"\$\{([^}]*)\}")
_TRUNCATE_AT = 40_000

Value = str | None


class NotHere(Exception):
    """The variable's conditions are not met in this launch."""


@dataclass(frozen=True)
class Facts:
    """What a launch knows: who, where, on which host."""

    acting: Acting
    context: ids.Context
    standing: Standing
    origin: str
    locale: str = LOCALE

    @property
    def domain(self) -> str:
        return self.origin.partition("://")[2]

    @cached_property
    def accounts(self) -> list[Account]:
        return chain(self.context)

    @property
    def account(self) -> Account:
        return self.accounts[0]

    @property
    def root(self) -> Account:
        return self.accounts[-1]

    @property
    def course(self) -> Course:
        if not isinstance(self.context, Course):
            raise NotHere
        return self.context

    @cached_property
    def term(self) -> Term:
        found = Term.objects.filter(pk=self.course.term_id).first()
        if found is None:
            raise NotHere
        return found

    @cached_property
    def login(self) -> Login:
        """The login Canvas takes for the person's own: a living one, with a SIS id if any has."""
        rows = Login.objects.filter(user_id=self.acting.user.pk).exclude(workflow_state="deleted")
        found = sorted(rows, key=lambda row: (not row.sis_id, row.pk))
        if not found:
            raise NotHere
        return found[0]

    @cached_property
    def sections(self) -> list[Section]:
        """The sections of the course that the person is in, and no others."""
        inside = {each.section_id for each in self.standing.enrollments if self.course}
        return list(Section.objects.filter(pk__in=inside).order_by("id"))


def expand(fields: Mapping[str, Any], facts: Facts) -> dict[str, Value]:
    """The custom fields as they are sent."""
    return {name: _expanded(str(value), facts) for name, value in fields.items()}


def _expanded(text: str, facts: Facts) -> Value:
    if text.startswith("$") and not text.startswith("${"):
        return _value(text, facts)

    def put(match: re.Match[str]) -> str:
        value = _value(f"${match[1]}", facts)
        return match[0] if value == f"${match[1]}" else value or ""

    return _INSIDE.sub(put, text)


def _value(text: str, facts: Facts) -> Value:
    try:
        if asked := _PERMISSIONS.match(text):
            wanted = [each.strip() for each in asked[1].split(",")]
            return ",".join(each for each in wanted if each in facts.standing.permissions)
        return VARIABLES[text](facts)
    except (KeyError, NotHere):
        return text if on("canvas.lti-literals") else ""


def _moment(text: str) -> str:
    """A term's date as Canvas writes it here, which is not ISO 8601."""
    if not text:
        raise NotHere
    return datetime.fromisoformat(text.replace("Z", "+00:00")).strftime("%Y-%m-%d %H:%M:%S %z")


def _comma(values: Any) -> str:
    return ",".join(str(value) for value in values)


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _adminable(facts: Facts) -> str:
    text = _comma(adminable(facts.acting.user))
    return text if len(text) <= _TRUNCATE_AT else f"{text[:_TRUNCATE_AT]}truncated"


def _concluded(facts: Facts) -> str:
    rows = Enrollment.objects.filter(user_id=facts.acting.user.pk, course_id=facts.course.pk)
    kinds = rows.filter(workflow_state="completed").order_by("id").values_list("type", flat=True)
    return _comma(dict.fromkeys(kinds))


def _masquerading(facts: Facts) -> str:
    if facts.acting.real is None:
        raise NotHere
    return str(facts.acting.real.pk)


def _sourced_id(facts: Facts) -> str:
    if not facts.login.sis_id:
        raise NotHere
    return facts.login.sis_id


def _course_sourced_id(facts: Facts) -> str:
    if not facts.course.sis_id:
        raise NotHere
    return facts.course.sis_id


def _enrollment_state(facts: Facts) -> Value:
    _ = facts.course
    return facts.standing.enrollments[0].workflow_state if facts.standing.enrollments else None


def _global(number: int) -> str:
    return ids.global_id(number)


VARIABLES: dict[str, Callable[[Facts], Value]] = {
    "$Canvas.api.domain": lambda f: f.domain,
    "$Canvas.api.baseUrl": lambda f: f.origin,
    "$Canvas.account.id": lambda f: str(f.account.pk),
    "$Canvas.account.name": lambda f: f.account.name,
    "$Canvas.account.sisSourceId": lambda f: f.account.sis_id or None,
    "$Canvas.rootAccount.id": lambda f: str(f.root.pk),
    "$Canvas.rootAccount.sisSourceId": lambda f: f.root.sis_id or None,
    "$Canvas.root_account.id": lambda f: str(f.root.pk),
    "$Canvas.root_account.sisSourceId": lambda f: f.root.sis_id or None,
    "$Canvas.root_account.global_id": lambda f: _global(f.root.pk),
    "$vnd.Canvas.root_account.uuid": lambda f: f.root.uuid,
    "$Canvas.shard.id": lambda f: "1",
    "$Canvas.course.id": lambda f: str(f.course.pk),
    "$Canvas.course.name": lambda f: f.course.name,
    "$Canvas.course.sisSourceId": lambda f: f.course.sis_id or None,
    "$Canvas.course.startAt": lambda f: f.course.start_at or None,
    "$Canvas.course.endAt": lambda f: f.course.end_at or None,
    "$Canvas.course.workflowState": lambda f: f.course.workflow_state,
    "$Canvas.course.sectionIds": lambda f: _comma(one.pk for one in f.sections),
    "$Canvas.course.sectionSisSourceIds": lambda f: _comma(
        one.sis_id for one in f.sections if one.sis_id
    ),
    "$Canvas.course.sectionRestricted": lambda f: _flag(
        bool(f.course) and any(each.limit_section for each in f.standing.enrollments)
    ),
    "$Canvas.course.previousCourseIds": lambda f: "" if f.course else None,
    "$com.instructure.Course.integrationId": lambda f: f.course.integration_id or None,
    "$vnd.instructure.Course.uuid": lambda f: f.course.uuid,
    "$com.instructure.contextLabel": lambda f: f.course.course_code,
    "$com.instructure.User.sectionNames": lambda f: json.dumps([one.name for one in f.sections]),
    "$Context.id.history": lambda f: "" if f.course else None,
    "$Canvas.term.name": lambda f: f.term.name,
    "$Canvas.term.startAt": lambda f: _moment(f.term.start_at),
    "$Canvas.term.endAt": lambda f: _moment(f.term.end_at),
    "$Canvas.enrollment.enrollmentState": _enrollment_state,
    "$Canvas.membership.roles": lambda f: _comma(f.standing.names()),
    "$Canvas.membership.concludedRoles": _concluded,
    "$com.instructure.User.allRoles": lambda f: _comma(f.standing.uris),
    "$Canvas.user.id": lambda f: str(f.acting.user.pk),
    "$Canvas.user.globalId": lambda f: _global(f.acting.user.pk),
    "$Canvas.user.loginId": lambda f: f.login.unique_id,
    "$Canvas.user.sisSourceId": lambda f: f.login.sis_id or None,
    "$Canvas.user.sisIntegrationId": lambda f: f.login.integration_id or None,
    "$Canvas.user.isRootAccountAdmin": lambda f: _flag(
        is_root_account_admin(f.acting.user, f.root)
    ),
    "$Canvas.user.adminableAccounts": _adminable,
    "$Canvas.user.prefersHighContrast": lambda f: _flag(f.acting.high_contrast),
    "$Canvas.masqueradingUser.id": _masquerading,
    "$Person.address.timezone": lambda f: TIME_ZONE,
    "$Person.name.full": lambda f: f.acting.user.name,
    "$Person.name.display": lambda f: f.acting.user.short_name or f.acting.user.name,
    "$Person.name.given": lambda f: names(f.acting.user.sortable_name)[0],
    "$Person.name.family": lambda f: names(f.acting.user.sortable_name)[1],
    "$Person.email.primary": lambda f: f.acting.user.email or None,
    "$Person.sourcedId": _sourced_id,
    "$CourseSection.sourcedId": _course_sourced_id,
    "$User.id": lambda f: ids.subject(f.acting.user),
    "$Context.title": lambda f: f.context.name,
    "$Message.locale": lambda f: f.locale,
    "$Message.documentTarget": lambda f: "iframe",
    "$com.instructure.brandConfigJSON.url": lambda f: f"{f.origin}/brand_config.json",
}


def names(sortable: str) -> tuple[str, str]:
    """Given and family name, out of `Family, Given`."""
    family, comma, given = sortable.partition(",")
    return (given.strip(), family.strip()) if comma else (sortable.strip(), "")
