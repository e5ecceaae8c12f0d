"""The address of the set-up page: signed, so that nothing is kept; good for a day.

It closes for good with the next Canvas that opens Q Sync for the first time.
"""

from __future__ import annotations

from datetime import timedelta

from django.core import signing

from lti.models import Deployment
from lti.own_urls import absolute

LIFE = timedelta(days=1)
_SALT = "integration.installation"


class Closed(Exception):
    """`by_launch`: the address was ours, and has done what it was for."""

    def __init__(self, *, by_launch: bool) -> None:
        super().__init__()
        self.by_launch = by_launch


def make() -> str:
    """A new address of the page."""
    return absolute("install", signing.dumps(_launched(), salt=_SALT))


def check(word: str) -> None:
    """Is it an address of ours that is still open? Raises Closed."""
    try:
        launched = int(signing.loads(word, salt=_SALT, max_age=LIFE))
    except (signing.BadSignature, TypeError, ValueError):
        raise Closed(by_launch=False) from None
    if _launched() > launched:
        raise Closed(by_launch=True)


def _launched() -> int:
    """Deployments that were opened: their hosts are what a launch, signed by Canvas, named."""
    return Deployment.objects.exclude(hosts=[]).count()
