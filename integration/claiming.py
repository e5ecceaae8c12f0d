"""Making a new installation a district's: with a code, anew for the same Canvas, or as a new one.

Which of these is open is decided by rows of ours and by what only the platform can say: issuer,
client id, and the root account's guid. Custom fields choose nothing here (design 3).
"""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.text import slugify

from integration import invitations
from integration.errors import QSyncError
from integration.models import AuditEvent, District, Installation, Invitation
from integration.models.district import is_time_zone
from lti.claims import Launch
from lti.models import Deployment


class ClaimRefused(QSyncError):
    """This installation does not become that district's.

    `field`: what was typed and cannot be so, "code" or "name"; "" where it is nothing typed.
    """

    code = "claim.refused"
    remedy = "Ask whoever operates Q Sync for a claim code."

    def __init__(self, message: str, *, remedy: str = "", field: str = "") -> None:
        super().__init__(message)
        self.field = field
        self.remedy = remedy or self.remedy


_NO_CODE = "This code is not known, was used before, or is out of date."
_LATE = "Somebody else has set this up a moment ago."


def canvas_of(deployment: Deployment) -> str:
    """Which Canvas this is, by its platform's word. Without a guid each deployment is its own."""
    platform = deployment.platform
    mark = deployment.guid or f"deployment {deployment.deployment_id}"
    return f"{platform.issuer} {platform.client_id} {mark}"


def of_same_canvas(deployment: Deployment) -> QuerySet[Installation]:
    """What was installed in this Canvas before, by the same key of the same platform."""
    if not deployment.guid:
        return Installation.objects.none()
    return Installation.objects.filter(
        deployment__platform=deployment.platform, deployment__guid=deployment.guid
    )


def earlier(deployment: Deployment) -> District | None:
    """The district that this very Canvas belonged to before it was installed anew."""
    known = of_same_canvas(deployment).select_related("district")
    districts = {one.district_id: one.district for one in known}
    return next(iter(districts.values())) if len(districts) == 1 else None


def with_code(*, deployment: Deployment, code: str, by: str) -> District:
    """Claim it for the district that the code names. Raises ClaimRefused."""
    with transaction.atomic():
        invitation = invitations.find(code, Invitation.Purpose.CLAIM)
        if invitation is None or invitation.district is None:
            raise ClaimRefused(_NO_CODE, field="code")
        if not invitations.redeem(code, Invitation.Purpose.CLAIM, by=by):
            raise ClaimRefused(_NO_CODE, field="code")
        return _claim(deployment, invitation.district, by=by, how="code")


def again(*, deployment: Deployment, by: str) -> District:
    """Claim it for the district that had this Canvas before. Raises ClaimRefused."""
    with transaction.atomic():
        district = earlier(deployment)
        if district is None:
            raise ClaimRefused("This Canvas was not set up here before.")
        return _claim(deployment, district, by=by, how="again")


def by_operator(*, deployment: Deployment, district: District, by: str) -> District:
    """Claim it by command. Raises ClaimRefused."""
    with transaction.atomic():
        return _claim(deployment, district, by=by, how="command")


def as_new(*, deployment: Deployment, name: str, launch: Launch, by: str) -> District:
    """Make a district of it, where none has this Canvas yet. Raises ClaimRefused."""
    name = name.strip()[:255]
    if not name or "\0" in name:
        raise ClaimRefused(
            "The district has no name yet.", remedy="Enter the district's name.", field="name"
        )
    try:
        with transaction.atomic():
            if of_same_canvas(deployment).exists():
                raise ClaimRefused("This Canvas is set up here already.")
            district = District.objects.create(
                slug=_free_slug(name), name=name, **_time_zone(launch.time_zone)
            )
            return _claim(deployment, district, by=by, how="new", is_first=True)
    except IntegrityError:
        raise ClaimRefused(_LATE) from None


def _claim(
    deployment: Deployment, district: District, *, by: str, how: str, is_first: bool = False
) -> District:
    try:
        with transaction.atomic():
            Installation.objects.create(
                district=district,
                deployment=deployment,
                canvas=canvas_of(deployment),
                is_first=is_first,
                claimed_by=by[:255],
            )
    except IntegrityError:
        raise ClaimRefused(_LATE, remedy="Load the page again.") from None
    AuditEvent.objects.create(
        district=district.slug,
        actor=by[:255],
        action="installation.claimed",
        subject=district.slug,
        after={"deployment": deployment.pk, "how": how},
    )
    return district


def _time_zone(name: str) -> dict[str, str]:
    try:
        is_time_zone(name)
    except ValidationError:
        return {}
    return {"time_zone": name}


def _free_slug(name: str) -> str:
    base = slugify(name)[:50] or "district"
    taken = set(District.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    number = 2
    slug = base
    while slug in taken:
        slug, number = f"{base}-{number}", number + 1
    return slug
