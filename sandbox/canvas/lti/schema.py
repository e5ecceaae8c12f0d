"""The schema of a posted registration, in Canvas's words, and what becomes of one that fits."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.canvas.lti.configuration import (
    DISPLAY_TYPES,
    PLACEMENTS,
    PLATFORM,
    PRIVACY_LEVELS,
    SCOPES,
    VISIBILITIES,
    is_url,
)

TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"
_EXTENSION = f"https://{PLATFORM}/lti"
_DOMAIN = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(:\d{1,5})?\Z", re.I
)
_GRANTS = {"client_credentials", "implicit"}
_IMS_NAMES = {"ContentArea": "link_selection", "RichTextEditor": "editor_button"}
_MESSAGE_TYPES = {kind for kinds in PLACEMENTS.values() for kind in kinds}
_PRESENT = (
    "application_type",
    "grant_types",
    "response_types",
    "redirect_uris",
    "initiate_login_uri",
    "client_name",
    "jwks_uri",
    "token_endpoint_auth_method",
)

_ADDRESSES = (
    "initiate_login_uri",
    "jwks_uri",
    "logo_uri",
    "client_uri",
    "tos_uri",
    "policy_uri",
)

Errors = dict[str, list[str]]
Test = Callable[[Any], bool]


def errors(document: Any) -> Errors:
    """What is wrong with it, by field; nothing where all is well."""
    if not isinstance(document, dict):
        return {"base": ["The body is no JSON object"]}
    found: Errors = {}
    wrong = [(name, "can't be blank") for name in _PRESENT if not document.get(name)]
    wrong += [(name, text) for name, text, is_right in _RULES if not is_right(document)]
    wrong += [
        (name, "is invalid")
        for name in _ADDRESSES
        if document.get(name) and not is_url(document[name])
    ]
    wrong += _scope_errors(document)
    if TOOL not in document:
        wrong.append(("lti_tool_configuration", "can't be blank"))
    elif problems := _tool(document[TOOL]):
        wrong.append(("lti_tool_configuration", json.dumps({"errors": problems})))
    for name, text in wrong:
        found.setdefault(name, []).append(text)
    return found


def _scope_errors(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    unknown = [each for each in str(document.get("scope") or "").split() if each not in SCOPES]
    return [("scopes", f"Invalid scopes: {', '.join(unknown)}")] if unknown else []


def _texts(document: Mapping[str, Any], name: str) -> set[str]:
    value = document.get(name)
    return {each for each in value if isinstance(each, str)} if isinstance(value, list) else set()


_RULES: list[tuple[str, str, Test]] = [
    (
        "grant_types",
        "Must include client_credentials, implicit",
        lambda document: _texts(document, "grant_types") >= _GRANTS,
    ),
    (
        "response_types",
        "Must include id_token",
        lambda document: "id_token" in _texts(document, "response_types"),
    ),
    (
        "token_endpoint_auth_method",
        "Must be 'private_key_jwt'",
        lambda document: document.get("token_endpoint_auth_method") == "private_key_jwt",
    ),
    (
        "application_type",
        "Must be 'web'",
        lambda document: document.get("application_type") == "web",
    ),
    (
        "redirect_uris",
        "Must only contain valid URIs",
        lambda document: all(map(is_url, _texts(document, "redirect_uris"))),
    ),
]


def _is_text(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _is_fields(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(each, str) for each in value.values())


def _one_of(*choices: str) -> Test:
    return lambda value: value is None or value in choices


def _is_placement(value: Any) -> bool:
    return isinstance(value, str) and placement_name(value) in PLACEMENTS


_TOOL_RULES: dict[str, Test] = {
    "domain": lambda value: isinstance(value, str) and bool(_DOMAIN.match(value)),
    "messages": lambda value: isinstance(value, list),
    "claims": lambda value: isinstance(value, list) and all(isinstance(x, str) for x in value),
    "target_link_uri": _is_text,
    "custom_parameters": _is_fields,
    "description": _is_text,
    f"{_EXTENSION}/privacy_level": _one_of(*PRIVACY_LEVELS),
    f"{_EXTENSION}/tool_id": _is_text,
}
_MESSAGE_RULES: dict[str, Test] = {
    "type": lambda value: value in _MESSAGE_TYPES,
    "target_link_uri": lambda value: value is None or is_url(value),
    "icon_uri": lambda value: value is None or is_url(value),
    "label": _is_text,
    "custom_parameters": _is_fields,
    "roles": lambda value: isinstance(value, list),
    "placements": lambda value: isinstance(value, list) and all(map(_is_placement, value)),
    f"{_EXTENSION}/course_navigation/default_enabled": lambda value: isinstance(value, bool),
    f"{_EXTENSION}/visibility": _one_of(*VISIBILITIES),
    f"{_EXTENSION}/display_type": _one_of(*DISPLAY_TYPES, "new_window"),
    f"{_EXTENSION}/launch_width": lambda value: isinstance(value, int | str | None),
    f"{_EXTENSION}/launch_height": lambda value: isinstance(value, int | str | None),
}


def _tool(tool: Any) -> list[dict[str, str]]:
    """The faults of a tool configuration."""
    if not isinstance(tool, dict):
        return [{"error": "value at root is not an object", "field": ""}]
    required = [name for name in ("domain", "messages", "claims") if name not in tool]
    found = [_missing("", name) for name in required]
    found += _broken(tool, _TOOL_RULES, "")
    messages = tool.get("messages")
    for number, message in enumerate(messages if isinstance(messages, list) else []):
        where = f"/messages/{number}"
        if not isinstance(message, dict):
            found.append({"error": f"value at `{where}` is not an object", "field": where})
            continue
        found += [] if "type" in message else [_missing(where, "type")]
        found += _broken(message, _MESSAGE_RULES, where)
    return found


def _missing(where: str, name: str) -> dict[str, str]:
    place = f"`{where}`" if where else "root"
    return {"error": f"object at {place} is missing required properties: {name}", "field": where}


def _broken(
    value: Mapping[str, Any], rules: Mapping[str, Test], where: str
) -> list[dict[str, str]]:
    return [
        {"error": f"value at `{where}/{name}` is not what it has to be", "field": f"{where}/{name}"}
        for name, test in rules.items()
        if name in value and not test(value[name])
    ]


def placement_name(name: str) -> str:
    """A placement as Canvas names it: 1EdTech's names and the long form are understood."""
    return _IMS_NAMES.get(name, name.removeprefix(f"{_EXTENSION}/"))


def as_manual(document: Mapping[str, Any]) -> dict[str, Any]:
    """The registration as the configuration of a key, as if it had been entered by hand."""
    tool = document.get(TOOL, {})
    level = tool.get(f"{_EXTENSION}/privacy_level") or _privacy_of(tool.get("claims", []))
    return {
        "title": document.get("client_name", ""),
        "description": tool.get("description") or "",
        "oidc_initiation_url": document.get("initiate_login_uri", ""),
        "target_link_uri": tool.get("target_link_uri") or "",
        "scopes": str(document.get("scope") or "").split(),
        "public_jwk_url": document.get("jwks_uri", ""),
        "custom_fields": tool.get("custom_parameters") or {},
        "extensions": [
            {
                "platform": PLATFORM,
                "domain": tool.get("domain", ""),
                "tool_id": tool.get(f"{_EXTENSION}/tool_id") or document.get("client_name", ""),
                "privacy_level": level,
                "settings": {
                    "text": document.get("client_name", ""),
                    "icon_url": document.get("logo_uri") or "",
                    "placements": _placements(tool.get("messages", [])),
                },
            }
        ],
    }


def _privacy_of(claims: list[str]) -> str:
    """The level that follows from the claims a tool asks for, where it names none."""
    asked = set(claims)
    lis = "https://purl.imsglobal.org/spec/lti/claim/lis"
    name = asked & {"name", "given_name", "family_name", lis}
    if "picture" in asked or (name and "email" in asked):
        return "public"
    if name:
        return "name_only"
    return "email_only" if "email" in asked else "anonymous"


def _placements(messages: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The first message of each placement; without any, it is meant for links."""
    found: dict[str, dict[str, Any]] = {}
    for message in messages:
        for each in message.get("placements") or ["link_selection"]:
            name = placement_name(each)
            found.setdefault(name, _placement(name, message))
    return list(found.values())


def _placement(name: str, message: Mapping[str, Any]) -> dict[str, Any]:
    display = message.get(f"{_EXTENSION}/display_type")
    is_off = message.get(f"{_EXTENSION}/course_navigation/default_enabled") is False
    settings = {
        "placement": name,
        "enabled": True,
        "message_type": message.get("type"),
        "target_link_uri": message.get("target_link_uri"),
        "text": message.get("label"),
        "icon_url": message.get("icon_uri"),
        "custom_fields": message.get("custom_parameters"),
        "display_type": "default" if display == "new_window" else display,
        "windowTarget": "_blank" if display == "new_window" else None,
        "visibility": message.get(f"{_EXTENSION}/visibility"),
        "default": "disabled" if is_off and name == "course_navigation" else None,
        "launch_width": message.get(f"{_EXTENSION}/launch_width"),
        "launch_height": message.get(f"{_EXTENSION}/launch_height"),
    }
    return {key: value for key, value in settings.items() if value is not None}
