"""A tool's configuration: the manual key's JSON, what it has to hold, and what it comes to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sandbox.canvas.lti.models import LtiKey

PLATFORM = "canvas.instructure.com"
RESOURCE_LINK = "LtiResourceLinkRequest"
DEEP_LINKING = "LtiDeepLinkingRequest"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
ACCOUNT_LOOKUP = "https://canvas.instructure.com/lti/account_lookup/scope/show"

# What Canvas knows. Services behind most of these scopes are not there.
_AGS = "https://purl.imsglobal.org/spec/lti-ags/scope"
_CANVAS = "https://canvas.instructure.com"
SCOPES = (
    NRPS,
    ACCOUNT_LOOKUP,
    *(f"{_AGS}/{name}" for name in ("lineitem", "lineitem.readonly", "result.readonly", "score")),
    "https://purl.imsglobal.org/spec/lti/scope/noticehandlers",
    f"{_CANVAS}/lti/public_jwk/scope/update",
    f"{_CANVAS}/lti-ags/progress/scope/show",
    f"{_CANVAS}/lti/page_content/show",
    f"{_CANVAS}/lti/feature_flags/scope/show",
)
PLACEMENTS: dict[str, tuple[str, ...]] = {
    "course_navigation": (RESOURCE_LINK,),
    "account_navigation": (RESOURCE_LINK,),
    "post_grades": (RESOURCE_LINK,),
    "user_navigation": (RESOURCE_LINK,),
    "global_navigation": (RESOURCE_LINK,),
    "course_settings_sub_navigation": (RESOURCE_LINK,),
    "course_home_sub_navigation": (RESOURCE_LINK,),
    "assignment_menu": (RESOURCE_LINK, DEEP_LINKING),
    "assignment_view": (RESOURCE_LINK,),
    "assignment_edit": (RESOURCE_LINK,),
    "student_context_card": (RESOURCE_LINK,),
    "tool_configuration": (RESOURCE_LINK,),
    "similarity_detection": (RESOURCE_LINK,),
    "assignment_selection": (RESOURCE_LINK, DEEP_LINKING),
    "link_selection": (RESOURCE_LINK, DEEP_LINKING),
    "homework_submission": (DEEP_LINKING,),
    "editor_button": (DEEP_LINKING,),
    "migration_selection": (DEEP_LINKING,),
    "collaboration": (DEEP_LINKING, RESOURCE_LINK),
}
PRIVACY_LEVELS = ("public", "name_only", "email_only", "anonymous")
VISIBILITIES = ("admins", "members", "public")
DISPLAY_TYPES = (
    "default",
    "full_width",
    "full_width_in_context",
    "full_width_with_nav",
    "in_nav_context",
    "borderless",
)


class Unusable(ValueError):
    """The configuration lacks something, or has what Canvas does not know."""


@dataclass(frozen=True)
class Placement:
    """One place a tool wants to be seen at."""

    name: str
    settings: Mapping[str, Any]
    message_type: str
    text: str
    target_link_uri: str

    @property
    def visibility(self) -> str:
        return str(self.settings.get("visibility") or "public")

    @property
    def required_permissions(self) -> set[str]:
        text = str(self.settings.get("required_permissions") or "")
        return {each.strip() for each in text.split(",") if each.strip()}

    @property
    def is_hidden_by_default(self) -> bool:
        return self.settings.get("default") == "disabled"

    @property
    def is_for_root_only(self) -> bool:
        return str(self.settings.get("root_account_only", "")).lower() == "true"

    @property
    def opens_new_tab(self) -> bool:
        return self.settings.get("windowTarget") == "_blank"


class Tool:
    """A developer key as Canvas uses it: its configuration without what an admin took away."""

    def __init__(self, key: LtiKey) -> None:
        self.key = key
        self._configuration: Mapping[str, Any] = key.configuration
        self._extension = extension(key.configuration)
        self._settings: Mapping[str, Any] = self._extension.get("settings", {})

    @property
    def client_id(self) -> str:
        return str(self.key.pk)

    @property
    def title(self) -> str:
        return str(self._configuration.get("title", ""))

    @property
    def login_url(self) -> str:
        return str(self._configuration.get("oidc_initiation_url", ""))

    @property
    def target_link_uri(self) -> str:
        return str(self._configuration.get("target_link_uri", ""))

    @property
    def privacy_level(self) -> str:
        found = self.key.overlay.get("privacy_level") or self._extension.get("privacy_level")
        return str(found or "anonymous")

    @property
    def scopes(self) -> list[str]:
        gone = self.key.overlay.get("scopes", [])
        return [each for each in self._configuration.get("scopes", []) if each not in gone]

    @property
    def custom_fields(self) -> dict[str, Any]:
        return {
            **(self._configuration.get("custom_fields") or {}),
            **(self._settings.get("custom_fields") or {}),
        }

    @property
    def public_jwk(self) -> dict[str, Any] | None:
        return self._configuration.get("public_jwk")

    @property
    def public_jwk_url(self) -> str:
        return str(self._configuration.get("public_jwk_url") or "")

    def placements(self) -> list[Placement]:
        """Those that are enabled."""
        gone = self.key.overlay.get("placements", [])
        return [
            self._placement(each)
            for each in self._settings.get("placements", [])
            if each.get("enabled", True) is not False and each["placement"] not in gone
        ]

    def _placement(self, settings: Mapping[str, Any]) -> Placement:
        own = settings.get("text") or self._settings.get("text")
        return Placement(
            name=settings["placement"],
            settings=settings,
            message_type=settings.get("message_type", RESOURCE_LINK),
            text=str(own or self.title),
            target_link_uri=str(settings.get("target_link_uri") or self.target_link_uri),
        )

    def placement(self, name: str) -> Placement | None:
        return next((each for each in self.placements() if each.name == name), None)


def extension(configuration: Mapping[str, Any]) -> Mapping[str, Any]:
    """The part of the configuration that is meant for Canvas."""
    for each in configuration.get("extensions", []):
        if each.get("platform") == PLATFORM:
            return dict(each)
    return {}


def check(configuration: Any) -> None:
    """Refuse what Canvas would refuse of a manual key's JSON. Raises Unusable."""
    if not isinstance(configuration, Mapping):
        raise Unusable("The configuration is not a JSON object")
    for name in ("title", "description", "oidc_initiation_url", "target_link_uri"):
        if not configuration.get(name):
            raise Unusable(f"The {name} is missing")
    for name in ("oidc_initiation_url", "target_link_uri"):
        if not is_url(configuration[name]):
            raise Unusable(f"The {name} is not a URL")
    if not configuration.get("public_jwk") and not is_url(configuration.get("public_jwk_url")):
        raise Unusable("A public_jwk or public_jwk_url is missing")
    unknown = [each for each in configuration.get("scopes", []) if each not in SCOPES]
    if unknown:
        raise Unusable(f"Invalid scopes: {', '.join(unknown)}")
    ours = extension(configuration)
    if ours.get("privacy_level", "anonymous") not in PRIVACY_LEVELS:
        raise Unusable(f"privacy_level must be one of: {', '.join(PRIVACY_LEVELS)}")
    for placement in ours.get("settings", {}).get("placements", []):
        _check_placement(placement)


def _check_placement(settings: Mapping[str, Any]) -> None:
    name = settings.get("placement")
    if name not in PLACEMENTS:
        raise Unusable(f"Invalid placement: {name}")
    if settings.get("message_type", RESOURCE_LINK) not in PLACEMENTS[name]:
        kind = settings["message_type"]
        raise Unusable(f"The {name} placement does not support the message type {kind}")


def is_url(value: object) -> bool:
    """Whether it is an address by http or https."""
    if not isinstance(value, str):
        return False
    parts = urlsplit(value)
    return parts.scheme in {"http", "https"} and bool(parts.hostname)
