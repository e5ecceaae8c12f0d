"""What this tool tells a Canvas about itself, in both of Canvas's languages (canvas.md 1.6, 1.7).

One list of placements and fields feeds the developer key's JSON and the dynamic registration.
"""

from __future__ import annotations

from typing import Any

from lti import claims
from lti.own_urls import absolute, domain, launch_url

TITLE = "Q Sync for Canvas"
DESCRIPTION = "Moves rosters from Q into Canvas, and grades from Canvas into Q."
TOOL_ID = "q-sync-for-canvas"
SCOPES = ["https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"]
# Names are shown to people and written into the audit log; nothing else of a person is needed.
PRIVACY = "name_only"
CLAIMS = ["sub", "iss", "name", "locale"]

_CANVAS = "https://canvas.instructure.com/lti/"
_TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"


def _placements() -> list[dict[str, Any]]:
    return [
        {
            "placement": "course_navigation",
            "text": "Q Grade Sync",
            "visibility": "admins",
            "display_type": "full_width_in_context",
            "custom_fields": claims.COURSE_FIELDS,
        },
        {
            "placement": "account_navigation",
            "text": "Q Sync",
            "display_type": "full_width_in_context",
            "custom_fields": {},
        },
        {
            "placement": "post_grades",
            "text": "Send to Q",
            "custom_fields": claims.COURSE_FIELDS,
        },
    ]


def canvas_json() -> dict[str, Any]:
    """For a developer key that is made by hand."""
    placements = [
        {
            **placement,
            "enabled": True,
            "message_type": claims.RESOURCE_LINK,
            "target_link_uri": launch_url(),
        }
        for placement in _placements()
    ]
    return {
        "title": TITLE,
        "description": DESCRIPTION,
        "oidc_initiation_url": absolute("lti:login"),
        "target_link_uri": launch_url(),
        "redirect_uris": [launch_url()],
        "public_jwk_url": absolute("lti:jwks"),
        "scopes": SCOPES,
        "custom_fields": claims.CUSTOM_FIELDS,
        "extensions": [
            {
                "platform": "canvas.instructure.com",
                "domain": domain(),
                "tool_id": TOOL_ID,
                "privacy_level": PRIVACY,
                "settings": {"text": TITLE, "placements": placements},
            }
        ],
    }


def registration() -> dict[str, Any]:
    """For dynamic registration."""
    return {
        "application_type": "web",
        "grant_types": ["client_credentials", "implicit"],
        "response_types": ["id_token"],
        "redirect_uris": [launch_url()],
        "initiate_login_uri": absolute("lti:login"),
        "client_name": TITLE,
        "jwks_uri": absolute("lti:jwks"),
        "token_endpoint_auth_method": "private_key_jwt",
        "scope": " ".join(SCOPES),
        _TOOL: {
            "domain": domain(),
            "description": DESCRIPTION,
            "target_link_uri": launch_url(),
            "custom_parameters": claims.CUSTOM_FIELDS,
            "claims": CLAIMS,
            "messages": [_message(placement) for placement in _placements()],
            f"{_CANVAS}privacy_level": PRIVACY,
            f"{_CANVAS}tool_id": TOOL_ID,
            f"{_CANVAS}vendor": TITLE,
        },
    }


def _message(placement: dict[str, Any]) -> dict[str, Any]:
    message = {
        "type": claims.RESOURCE_LINK,
        "target_link_uri": launch_url(),
        "label": placement["text"],
        "placements": [placement["placement"]],
        "custom_parameters": placement["custom_fields"],
    }
    if placement["placement"] == "course_navigation":
        message |= {f"{_CANVAS}visibility": "admins"}
        message |= {f"{_CANVAS}course_navigation/default_enabled": True}
    if display := placement.get("display_type"):
        message |= {f"{_CANVAS}display_type": display}
    return message
