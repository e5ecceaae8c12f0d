"""What a launch says, as one frozen value. Pure: a verified token's claims in, a Launch out.

Canvas fills our custom fields from its own variables; one that it cannot expand arrives as the
literal `$Name`, which counts as no answer (canvas.md 0.5).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self
from urllib.parse import urlsplit

from lti.errors import Malformed, NotForUs
from lti.roles import Standing, rights

_LTI = "https://purl.imsglobal.org/spec/lti/claim/"
MESSAGE_TYPE = f"{_LTI}message_type"
VERSION = f"{_LTI}version"
DEPLOYMENT_ID = f"{_LTI}deployment_id"
TARGET_LINK_URI = f"{_LTI}target_link_uri"
CONTEXT = f"{_LTI}context"
ROLES = f"{_LTI}roles"
CUSTOM = f"{_LTI}custom"
TOOL_PLATFORM = f"{_LTI}tool_platform"
PRESENTATION = f"{_LTI}launch_presentation"
MEMBERSHIPS = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
PLACEMENT = "https://www.instructure.com/placement"

RESOURCE_LINK = "LtiResourceLinkRequest"
COURSE, ACCOUNT, ELSEWHERE = "course", "account", "elsewhere"
PLACES = {"course_navigation": COURSE, "account_navigation": ACCOUNT, "post_grades": COURSE}
PERMISSIONS = "view_all_grades,manage_grades"

# Our custom fields, and the Canvas variable that fills each (canvas.md 1.9).
CUSTOM_FIELDS = {
    "canvas_domain": "$Canvas.api.domain",
    "root_account_id": "$Canvas.rootAccount.id",
    "account_id": "$Canvas.account.id",
    "account_sis_id": "$Canvas.account.sisSourceId",
    "user_id": "$Canvas.user.id",
    "masquerading_user_id": "$Canvas.masqueradingUser.id",
    "is_root_account_admin": "$Canvas.user.isRootAccountAdmin",
    "adminable_accounts": "$Canvas.user.adminableAccounts",
    "time_zone": "$Person.address.timezone",
    "prefers_high_contrast": "$Canvas.user.prefersHighContrast",
}
COURSE_FIELDS = {
    "course_id": "$Canvas.course.id",
    "course_sis_id": "$Canvas.course.sisSourceId",
    "section_sis_ids": "$Canvas.course.sectionSisSourceIds",
    "section_restricted": "$Canvas.course.sectionRestricted",
    "permissions": f"$Canvas.membership.permissions<{PERMISSIONS}>",
}

_ID = re.compile(r"[1-9][0-9]{0,19}")
_HOST = re.compile(r"(?=.{1,253}(:|$))[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?", re.IGNORECASE)
_LOCALE = re.compile(r"[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*")
_LONGEST = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """Who launched, from where, in which role. Ids are Canvas's own; "" is "Canvas did not say"."""

    issuer: str
    client_id: str
    deployment_id: str
    subject: str
    placement: str
    place: str
    context_title: str
    context_label: str
    roles: tuple[str, ...]
    name: str
    guid: str
    platform_name: str
    locale: str
    hosts: tuple[str, ...]
    memberships_url: str
    root_account_id: str
    account_id: str
    account_sis_id: str
    course_id: str
    course_sis_id: str
    section_sis_ids: tuple[str, ...]
    # True unless Canvas says that this person is not limited to their own sections.
    section_restricted: bool
    permissions: tuple[str, ...]
    is_root_account_admin: bool
    administers: bool
    user_id: str
    masquerading_user_id: str
    time_zone: str
    high_contrast: bool

    @property
    def rights(self) -> frozenset[str]:
        return rights(self.standing, place=self.place)

    @property
    def standing(self) -> Standing:
        return Standing(
            roles=self.roles,
            permissions=self.permissions,
            is_root_admin=self.is_root_account_admin,
            administers=self.administers,
            in_root=self.in_root,
            masquerades=bool(self.masquerading_user_id),
        )

    @property
    def in_root(self) -> bool:
        return bool(self.account_id) and self.account_id == self.root_account_id

    @property
    def canvas_id(self) -> str:
        """The course's or account's id, which every link of this launch carries."""
        return {COURSE: self.course_id, ACCOUNT: self.account_id}.get(self.place, "0")

    @property
    def actor(self) -> str:
        """For the audit log."""
        known = f"Canvas user {self.user_id or self.subject}"
        return f"{known} as {self.masquerading_user_id}" if self.masquerading_user_id else known

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in _NAMES}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        values: dict[str, Any] = {name: stored[name] for name in _NAMES}
        whole: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in values.items()
        }
        return cls(**whole)


_NAMES = tuple(one.name for one in fields(Launch))


def check_message(claims: Mapping[str, Any], *, own_urls: frozenset[str]) -> None:
    """Version, message type and target are those of our one kind of launch.

    Raises:
        NotForUs, Malformed
    """
    if claims.get(VERSION) != "1.3.0":
        raise Malformed("This launch is not of LTI version 1.3.0.")
    if claims.get(MESSAGE_TYPE) != RESOURCE_LINK:
        raise NotForUs("This kind of launch is not served here.")
    target = claims.get(TARGET_LINK_URI)
    if not isinstance(target, str) or target not in own_urls:
        raise NotForUs("This launch is meant for another address.")


def read(claims: Mapping[str, Any]) -> Launch:
    """A Launch from the claims of a verified token. Raises Malformed."""
    custom = _Custom(_object(claims, CUSTOM))
    context = _object(claims, CONTEXT)
    platform = _object(claims, TOOL_PLATFORM)
    presentation = _object(claims, PRESENTATION)
    placement = _placement(claims, context)
    course_id, account_id = custom.id("course_id"), custom.id("account_id")
    wanted = PLACES[placement]
    place = wanted if {COURSE: course_id, ACCOUNT: account_id}[wanted] else ELSEWHERE
    return Launch(
        issuer=required(claims, "iss"),
        client_id=required(claims, "azp") if "azp" in claims else _audience(claims),
        deployment_id=required(claims, DEPLOYMENT_ID),
        subject=required(claims, "sub"),
        placement=placement,
        place=place,
        context_title=_text(context.get("title")),
        context_label=_text(context.get("label")),
        roles=_roles(claims.get(ROLES)),
        name=_text(claims.get("name")),
        guid=_text(platform.get("guid")),
        platform_name=_text(platform.get("name")),
        locale=_locale(presentation.get("locale") or claims.get("locale")),
        hosts=_hosts(presentation.get("return_url"), custom.text("canvas_domain")),
        memberships_url=_text(_object(claims, MEMBERSHIPS).get("context_memberships_url"), 2000),
        root_account_id=custom.id("root_account_id"),
        account_id=account_id,
        account_sis_id=custom.text("account_sis_id"),
        course_id=course_id,
        course_sis_id=custom.text("course_sis_id"),
        section_sis_ids=custom.list("section_sis_ids"),
        section_restricted=custom.text("section_restricted") != "false",
        permissions=custom.list("permissions"),
        is_root_account_admin=custom.text("is_root_account_admin") == "true",
        administers=bool(account_id) and account_id in custom.list("adminable_accounts"),
        user_id=custom.id("user_id"),
        masquerading_user_id=custom.id("masquerading_user_id"),
        time_zone=custom.text("time_zone"),
        high_contrast=custom.text("prefers_high_contrast") == "true",
    )


def required(claims: Mapping[str, Any], name: str) -> str:
    """A claim that must be there. Raises Malformed."""
    value = claims.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST or "\0" in value:
        raise Malformed("This launch lacks something that it must hold.")
    return value


class _Custom:
    """Custom fields; what Canvas left unexpanded is not there."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def _raw(self, name: str) -> str:
        value = self._values.get(name)
        if not isinstance(value, str) or value.startswith("$"):
            return ""
        return value.strip().replace("\0", "")

    def text(self, name: str) -> str:
        value = self._raw(name)
        return value if len(value) <= _LONGEST else ""

    def id(self, name: str) -> str:
        value = self._raw(name)
        return value if _ID.fullmatch(value) else ""

    def list(self, name: str) -> tuple[str, ...]:
        parts = (part.strip() for part in self._raw(name).split(","))
        return tuple(part for part in parts if part and not part.startswith("$"))


def _object(claims: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = claims.get(name)
    return value if isinstance(value, dict) else {}


def _audience(claims: Mapping[str, Any]) -> str:
    audience = claims.get("aud")
    return required({"aud": audience[0]} if isinstance(audience, list) else claims, "aud")


def _text(value: Any, longest: int = _LONGEST) -> str:
    return value.replace("\0", "")[:longest] if isinstance(value, str) else ""


def _roles(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(role for role in value if isinstance(role, str))[:100]


def _placement(claims: Mapping[str, Any], context: Mapping[str, Any]) -> str:
    """The placement as Canvas names it; elsewhere what the context's type lets us conclude."""
    named = claims.get(PLACEMENT)
    if named is not None:
        if not isinstance(named, str) or named not in PLACES:
            raise NotForUs("Q Sync does not open from this place.")
        return named
    kinds = context.get("type")
    is_account = isinstance(kinds, list) and "Account" in kinds
    return "account_navigation" if is_account else "course_navigation"


def _locale(value: Any) -> str:
    return value if isinstance(value, str) and _LOCALE.fullmatch(value) else "en"


def _hosts(return_url: Any, domain: str) -> tuple[str, ...]:
    """Where this Canvas is: as the browser sees it, and as its API is called."""
    found = [domain]
    if isinstance(return_url, str):
        try:
            found.insert(0, urlsplit(return_url).netloc)
        except ValueError:
            found = [domain]
    good = (host.lower() for host in found if _HOST.fullmatch(host))
    return tuple(dict.fromkeys(good))
