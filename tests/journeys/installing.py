"""Installing the product into the local Canvas by hand, as an operator does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.contracts.lti_tool import Platform
from tests.journeys.servers import Product


def install(platform: Platform, product: Product, districts: Mapping[str, str]) -> str:
    """One developer key for all, a deployment for each district's root account; the client id.

    `districts` says, by short name, who administers the root account.
    """
    told = product.configuration()
    key = {
        "configuration": told,
        "redirect_uris": told["redirect_uris"],
        "account_id": 0,
    }
    client_id = str(platform.control("POST", "developer-keys", key)["client_id"])
    for slug, admin in districts.items():
        account = int(platform.people[admin]["where"].rpartition("/")[2])
        asked = {"client_id": client_id, "account_id": account}
        deployed = platform.control("POST", "deployments", asked)
        product.register(slug, addresses(platform, client_id, deployed))
    return client_id


def addresses(platform: Platform, client_id: str, deployed: Mapping[str, Any]) -> dict[str, str]:
    """What `register_platform` is told."""
    canvas = platform.canvas
    return {
        "issuer": canvas.issuer,
        "client_id": client_id,
        "deployment_id": str(deployed["deployment_id"]),
        "auth_url": f"{canvas.sso}/api/lti/authorize_redirect",
        "token_url": f"{canvas.sso}/login/oauth2/token",
        "jwks_url": f"{canvas.sso}/api/lti/security/jwks",
    }
