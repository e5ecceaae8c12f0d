"""The ID token of a launch, claim by claim."""

import time
from dataclasses import dataclass
from typing import Any

from sandbox.canvas.lti import ids
from sandbox.canvas.lti.configuration import NRPS, Placement, Tool
from sandbox.canvas.lti.models import Deployment
from sandbox.canvas.lti.placements import deployment_id
from sandbox.canvas.lti.roles import context_uris
from sandbox.canvas.lti.variables import Facts, expand, names
from sandbox.canvas.models import Account, Course, Enrollment, User
from sandbox.rules import on

LTI = "https://purl.imsglobal.org/spec/lti/claim"
LIFETIME_SECONDS = 3600

_AGS = "https://purl.imsglobal.org/spec/lti-ags"
_COURSE = "http://purl.imsglobal.org/vocab/lis/v2/course#CourseOffering"

Claims = dict[str, Any]


@dataclass(frozen=True)
class Launching:
    """A tool about to be launched: which, from where, and what is known then."""

    tool: Tool
    deployment: Deployment
    placement: Placement
    facts: Facts
    issuer: str
    document_target: str = "iframe"

    @property
    def context_path(self) -> str:
        kind = "courses" if isinstance(self.facts.context, Course) else "accounts"
        return f"{kind}/{self.facts.context.pk}"


def id_token(launching: Launching) -> Claims:
    """All claims but the nonce, which comes with the authentication request."""
    facts, tool = launching.facts, launching.tool
    now = int(time.time())
    claims: Claims = {
        "iss": launching.issuer,
        "aud": tool.client_id,
        "azp": tool.client_id,
        "iat": now,
        "exp": now + LIFETIME_SECONDS,
        "sub": ids.subject(facts.acting.user),
        f"{LTI}/message_type": launching.placement.message_type,
        f"{LTI}/version": "1.3.0",
        f"{LTI}/deployment_id": deployment_id(launching.deployment),
        f"{LTI}/target_link_uri": launching.placement.target_link_uri,
        f"{LTI}/resource_link": {"id": ids.opaque(facts.context), "title": tool.title},
        f"{LTI}/context": _context(facts),
        f"{LTI}/tool_platform": {
            "guid": ids.guid(facts.root),
            "name": facts.root.name,
            "version": "cloud",
            "product_family_code": "canvas",
        },
        f"{LTI}/launch_presentation": {
            "document_target": launching.document_target,
            "return_url": _return_url(launching),
            "locale": facts.locale,
        },
        "locale": facts.locale,
        f"{LTI}/roles": list(facts.standing.uris),
        f"{LTI}/custom": _custom(launching),
        f"{LTI}/lti11_legacy_user_id": ids.legacy_user(facts.acting.user),
        f"{LTI}/lti1p1": {"user_id": ids.legacy_user(facts.acting.user)},
        "https://www.instructure.com/placement": launching.placement.name,
    }
    return claims | _personal(facts, tool.privacy_level) | _services(launching)


def _context(facts: Facts) -> Claims:
    if isinstance(facts.context, Account):
        found = {"id": ids.opaque(facts.context), "title": facts.context.name}
        return found | {"type": ["Account"]}
    return {
        "id": ids.opaque(facts.context),
        "label": facts.course.course_code,
        "title": facts.course.name,
        "type": [_COURSE],
    }


def _return_url(launching: Launching) -> str:
    where = "external_content/success/external_tool_redirect"
    return f"{launching.facts.origin}/{launching.context_path}/{where}"


def _custom(launching: Launching) -> Claims:
    fields = {
        **launching.tool.custom_fields,
        **(launching.placement.settings.get("custom_fields") or {}),
    }
    return dict(expand(fields, launching.facts))


def _personal(facts: Facts, level: str) -> Claims:
    level = level if on("canvas.lti-privacy") else "public"
    user = facts.acting.user
    found: Claims = {}
    if level in {"public", "name_only"}:
        given, family = names(user.sortable_name)
        found |= {"name": user.name, "given_name": given, "family_name": family}
        person = {"person": "$Person.sourcedId", "course": "$CourseSection.sourcedId"}
        sourced = expand(person, facts)
        found[f"{LTI}/lis"] = {
            "person_sourcedid": sourced["person"],
            "course_offering_sourcedid": sourced["course"],
        }
    if level in {"public", "email_only"} and user.email:
        found["email"] = user.email
    if level == "public":
        found["picture"] = f"{facts.origin}/images/messages/avatar-50.png"
        if mentored := _mentored(facts):
            found[f"{LTI}/role_scope_mentor"] = mentored
    return found


def _mentored(facts: Facts) -> list[str]:
    observed = [each.associated_user_id for each in facts.standing.enrollments]
    found = User.objects.filter(pk__in=[number for number in observed if number])
    return [ids.subject(user) for user in found.order_by("id")]


def _services(launching: Launching) -> Claims:
    if not isinstance(launching.facts.context, Course):
        return {}
    found: Claims = {}
    base = f"{launching.facts.origin}/api/lti/{launching.context_path}"
    if NRPS in launching.tool.scopes:
        found["https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"] = {
            "context_memberships_url": f"{base}/names_and_roles",
            "service_versions": ["2.0"],
        }
    grading = [each for each in launching.tool.scopes if each.startswith(f"{_AGS}/scope/")]
    if grading:
        endpoint = {"scope": grading, "lineitems": f"{base}/line_items"}
        found[f"{_AGS}/claim/endpoint"] = endpoint
    return found


def member(user: User, inside: list[Enrollment], level: str) -> Claims:
    """A person in names and roles: as much as the privacy level allows."""
    uris = [uri for each in inside for uri in context_uris(each.type)]
    found: Claims = {
        "status": "Active",
        "user_id": ids.subject(user),
        "lti11_legacy_user_id": ids.legacy_user(user),
        "roles": list(dict.fromkeys(uris)),
    }
    level = level if on("canvas.lti-privacy") else "public"
    if level in {"public", "name_only"}:
        given, family = names(user.sortable_name)
        found |= {"name": user.name, "given_name": given, "family_name": family}
    if level in {"public", "email_only"} and user.email:
        found["email"] = user.email
    return found
