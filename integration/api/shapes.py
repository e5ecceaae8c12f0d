"""What the operations of this room take and give."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from integration.api.pages import Filter
from integration.models import (
    AuditEvent,
    ConnectionCheck,
    District,
    ProvisioningPolicy,
)
from integration.policies import RULES
from integration.who_acts import WHO_IS
from lti.own_urls import absolute


class Out(serializers.Serializer[Any]):
    """Base of what is given."""

    def address(self, name: str, *args: object) -> str:
        """Of something in the district that is asked about."""
        return absolute(f"api:{name}", self.context["view"].district.slug, *args)


class Nothing(serializers.Serializer[Any]):
    """An empty object."""


# --- districts ----------------------------------------------------------------------------------


class ScheduleOut(serializers.Serializer[Any]):
    automatic = serializers.BooleanField()
    at = serializers.CharField(help_text="HH:MM in the district's time zone")
    next_at = serializers.DateTimeField(allow_null=True)


class SideOut(serializers.Serializer[Any]):
    name = serializers.ChoiceField(["Canvas", "Q"])
    address = serializers.CharField(allow_blank=True)
    is_set = serializers.BooleanField()


class DistrictOut(serializers.Serializer[Any]):
    slug = serializers.CharField()
    url = serializers.SerializerMethodField()
    name = serializers.CharField()
    time_zone = serializers.CharField()
    state = serializers.ChoiceField(District.State.choices)
    pause_reason = serializers.CharField(allow_blank=True)
    provisioned_at = serializers.DateTimeField(allow_null=True)

    def get_url(self, district: District) -> str:
        return absolute("api:district", district.slug)


class OverviewOut(serializers.Serializer[Any]):
    district = DistrictOut()
    connections = SideOut(many=True)
    schedule = ScheduleOut()
    waiting = serializers.ListField(
        child=serializers.IntegerField(), help_text="runs that wait for a person, newest first"
    )
    holdings = serializers.DictField(
        child=serializers.IntegerField(), help_text="rows that Canvas has accepted, by kind"
    )


class RulesOut(serializers.ModelSerializer[ProvisioningPolicy]):
    """What a district has chosen for its provisioning; shares are 0 to 1."""

    sis_id_prefix = serializers.CharField(allow_blank=True, required=False, max_length=32)

    class Meta:
        model = ProvisioningPolicy
        fields = RULES


class RulesWish(RulesOut):
    """Those that are named are changed."""

    class Meta(RulesOut.Meta):
        extra_kwargs = {name: {"required": False} for name in RULES}


class WindowWish(serializers.Serializer[Any]):
    """Days of the district's own calendar, both included."""

    until = serializers.DateField()
    reason = serializers.CharField(max_length=200)

    def get_fields(self) -> dict[str, Any]:
        # A word of Python's own.
        return {"from": serializers.DateField(), **super().get_fields()}


class TimetableWish(serializers.Serializer[Any]):
    automatic = serializers.BooleanField(required=False)
    at = serializers.TimeField(required=False, format="%H:%M", input_formats=["%H:%M"],
                               help_text="HH:MM in the district's time zone")  # fmt: skip
    pause = serializers.CharField(
        required=False, allow_blank=True, max_length=255, help_text="the reason; blank resumes"
    )
    blackouts = serializers.ListField(child=WindowWish(), required=False, max_length=100)
    rollovers = serializers.ListField(child=WindowWish(), required=False, max_length=100)


class WindowOut(WindowWish):
    pass


class TimetableOut(serializers.Serializer[Any]):
    automatic = serializers.BooleanField()
    at = serializers.CharField(help_text="HH:MM in the district's time zone")
    time_zone = serializers.CharField()
    paused = serializers.BooleanField()
    pause_reason = serializers.CharField(allow_blank=True)
    blackouts = WindowOut(many=True)
    rollovers = WindowOut(many=True)


# --- verify, explain, history -------------------------------------------------------------------


class VerificationWish(serializers.Serializer[Any]):
    test_class = serializers.CharField(
        default="",
        allow_blank=True,
        max_length=255,
        help_text="sourcedId of a class of Q in which grades may be written and removed",
    )


class StepOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    ok = serializers.BooleanField()
    needed = serializers.BooleanField(help_text="provisioning cannot work without it")
    status = serializers.IntegerField(help_text="of HTTP; 0 where there was none")
    seconds = serializers.FloatField()
    rows = serializers.IntegerField(allow_null=True, default=None)
    message = serializers.CharField(allow_blank=True, default="")
    remedy = serializers.CharField(allow_blank=True, default="")
    who = serializers.ChoiceField(
        ["", *WHO_IS], default="", help_text="who can mend it, where it is not well"
    )
    ends_at = serializers.DateTimeField(
        allow_null=True, default=None, help_text="when what was found ends: a certificate"
    )


class VerificationOut(Out):
    """Both connections tried. It has ended once `ended_at` is set."""

    id = serializers.IntegerField()
    url = serializers.SerializerMethodField()
    by = serializers.CharField()
    created_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    steps = StepOut(many=True)

    def get_url(self, check: ConnectionCheck) -> str:
        return self.address("verification", check.pk)


class ExplainFilter(serializers.Serializer[Any]):
    kind = serializers.CharField(max_length=24)
    sourced_id = serializers.CharField(max_length=255)


class ExplanationOut(serializers.Serializer[Any]):
    kind = serializers.CharField()
    sourced_id = serializers.CharField()
    verdict = serializers.CharField()
    steps = serializers.ListField(child=serializers.CharField())


class EventFilter(Filter):
    action = serializers.CharField(required=False, max_length=64)
    actor = serializers.CharField(required=False, max_length=255)
    subject = serializers.CharField(required=False, max_length=255)


class EventOut(serializers.ModelSerializer[AuditEvent]):
    """Who did what, when, and why; secrets are masked."""

    before = serializers.JSONField()
    after = serializers.JSONField()

    class Meta:
        model = AuditEvent
        fields = ("id", "at", "actor", "action", "subject", "before", "after", "reason")
        read_only_fields = fields
