"""How one provider is reached. Pure: no I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

AuthKind = Literal["oauth2", "oauth1-sha1", "oauth1-sha256", "bearer"]


@dataclass(frozen=True, slots=True)
class Settings:
    """What an administrator enters. With `bearer` the secret is itself the token.

    `extra_headers` go with every request to the service root (Infinite Campus wants one for its
    gradebook); they may be secret. `body_hash` adds `oauth_body_hash` to signed bodies.
    """

    base_url: str
    auth: AuthKind
    key: str
    secret: str = field(repr=False)
    token_url: str = ""
    scope: str = ""
    page_size: int = 1000
    concurrency: int = 4
    extra_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body_hash: bool = False
