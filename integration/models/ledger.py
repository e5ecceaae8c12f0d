"""Runs and what they plan and do. Free of rostering words: the grade side uses it too."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q

from integration.models.district import District


class Run(models.Model):
    """One go at one piece of work, from reading to reading back."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        # What was sent is in another system's hands, for longer than usual; it is looked at again.
        WAITING = "waiting"
        HELD = "held"
        DONE = "done"
        FAILED = "failed"

    class Kind(models.TextChoices):
        PROVISIONING = "provisioning"
        UNDO = "undo"
        DRIFT = "drift"
        EVALUATION = "evaluation"
        # Changed ids that a person approved out of a plan whose rest had gone already.
        RENAMES = "renames"
        GRADES = "grades"
        GRADES_UNDO = "grades undo"
        # Reads back what was sent before, and tells what Q does not hold any more; sends nothing.
        GRADES_CHECK = "grades check"

    district = models.ForeignKey(District, models.CASCADE, related_name="runs")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    # How far it has come, for whoever goes on with it; `stage` is for people.
    cursor = models.CharField(max_length=16, blank=True)
    stage = models.CharField(max_length=64, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    trigger = models.CharField(max_length=16, default="command")
    actor = models.CharField(max_length=255, blank=True)
    plan_only = models.BooleanField(default=False)
    # The local date that this run is the nightly run of; a person's run has none.
    night = models.DateField(null=True, blank=True)
    # A night that failed for a passing reason waits until then for its next attempt.
    not_before = models.DateTimeField(null=True, blank=True)
    # The run that this one takes back.
    undoes = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="undos")
    fence = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    # Since when only this summary counts: its lines and findings go, portion by portion, and what
    # is left of them is no whole any more (retention.py).
    pruned_at = models.DateTimeField(null=True, blank=True)
    # Since when none of them is left.
    emptied_at = models.DateTimeField(null=True, blank=True)
    # {kind: {"added", "changed", "removed", "same", "blocked"}}
    counts = models.JSONField(default=dict)
    # [{"code", "kind", "school", "count", "share", "limit"}]
    holds = models.JSONField(default=list)
    # {"imports": [{"id", "rows", "state"}]}
    sent = models.JSONField(default=dict)
    progress = models.JSONField(default=dict)
    plan_digest = models.CharField(max_length=64, blank=True)
    policy_digest = models.CharField(max_length=64, blank=True)
    # {"code", "message", "remedy"}
    error = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["district", "kind", "-created_at"], name="run_latest")]
        # Between two sweepers on two hosts this decides (F73).
        constraints = [
            models.UniqueConstraint(
                fields=["district", "kind", "night"],
                condition=Q(night__isnull=False),
                name="one_run_a_night",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} run {self.pk}"


class Change(models.Model):
    """One line of a plan: what is there, what will be there, and why. Written in bulk."""

    class Action(models.TextChoices):
        ADDED = "added"
        CHANGED = "changed"
        REMOVED = "removed"
        # Q no longer holds it, and it is left in Canvas: a user, a course, a term.
        KEPT = "kept"
        # It is already as wanted; recorded, never sent, and not part of the plan's digest.
        EQUAL = "equal"
        # The words of a plan of grades (gradesync/compare.py).
        NEW = "new"
        CLEARED = "cleared"
        SAME = "same"
        CONFLICT = "conflict"
        WAITING = "waiting"
        BLOCKED = "blocked"
        # The words of an evaluation (evaluation/entries.py), beside "new".
        MATCHED = "matched"
        GONE = "gone"
        COLLIDES = "collides"
        UNCLEAR = "unclear"
        ADOPTS = "adopts"
        LOSES = "loses"

    class State(models.TextChoices):
        PLANNED = "planned"
        CONFIRMED = "confirmed"
        REFUSED = "refused"
        BLOCKED = "blocked"
        # A person approved the rest of the plan without it.
        SET_ASIDE = "set aside"
        # A changed id: nothing of its record goes before a person says that it is the same.
        PROPOSED = "proposed"
        # It was overtaken, or it is not known whether it arrived: the next plan decides.
        LEFT = "left"

    run = models.ForeignKey(Run, models.CASCADE, related_name="changes")
    kind = models.CharField(max_length=16)
    key = models.CharField(max_length=800)
    group = models.CharField(max_length=255, blank=True)
    action = models.CharField(max_length=8, choices=Action.choices)
    before = models.TextField(blank=True)
    after = models.TextField()
    # Names the content of `after`.
    digest = models.BinaryField(max_length=16)
    reason = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PLANNED)
    message = models.TextField(blank=True)
    # For pages of a plan, where its lines are looked at by these: what a line belongs to inside its
    # group, whose it is, and in which places (" 12 13 ", each between spaces) it may be seen.
    item = models.CharField(max_length=255, blank=True, db_default="")
    person = models.CharField(max_length=64, blank=True, db_default="")
    places = models.TextField(blank=True, db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "kind", "key"], name="one_change_per_key"),
        ]
        indexes = [models.Index(fields=["run", "kind", "action", "group"], name="change_counts")]


class Finding(models.Model):
    """One thing that a person should know: which record, which field, why, and what to do."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="findings")
    kind = models.CharField(max_length=24)
    sourced_id = models.CharField(max_length=800, blank=True)
    field = models.CharField(max_length=64, blank=True)
    code = models.CharField(max_length=64)
    reason = models.TextField()
    remedy = models.TextField()
    # Of a line that stands for many: how many more there are than are listed.
    more = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["run", "code"], name="finding_code")]

    def as_dict(self) -> dict[str, Any]:
        """The shape that `--json` prints."""
        names = ("kind", "sourced_id", "field", "code", "reason", "remedy", "more")
        return {name: getattr(self, name) for name in names if getattr(self, name)}


class Operation(models.Model):
    """One effect on another system, written down before it is tried: the outbox."""

    class State(models.TextChoices):
        PENDING = "pending"
        SENDING = "sending"
        UNKNOWN = "unknown"
        DONE = "done"
        FAILED = "failed"

    run = models.ForeignKey(Run, models.CASCADE, related_name="operations")
    dedupe_key = models.CharField(max_length=255, unique=True)
    body_digest = models.CharField(max_length=64)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    fence = models.BigIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(null=True, blank=True)
    # What the other system called it, and what it answered.
    remote_id = models.CharField(max_length=64, blank=True)
    answer = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)


class Lease(models.Model):
    """Who may work on a resource, until when, by the database's clock."""

    resource = models.CharField(max_length=128, unique=True)
    holder = models.CharField(max_length=128, blank=True)
    fence = models.BigIntegerField(default=0)
    expires_at = models.DateTimeField()


class Approval(models.Model):
    """One person's yes to one plan, whole or in part."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="approvals")
    digest = models.CharField(max_length=64)
    by = models.CharField(max_length=255)
    reason = models.TextField(blank=True)
    # {} means the whole plan; {"kinds": [...], "groups": [...]} a part.
    scope = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(by=""), name="an_approval_has_a_person"),
        ]
