"""What the local Canvas keeps of tools: its own keys, developer keys, deployments, launches."""

from django.db import models


def _text(length: int = 255) -> models.CharField:
    return models.CharField(max_length=length, default="", blank=True)


class PlatformKey(models.Model):
    """A key that launches are signed with: `past`, `present` or `future`; all are published."""

    kid = models.CharField(max_length=80, primary_key=True)
    private_pem = models.TextField()
    state = models.CharField(max_length=10)

    class Meta:
        indexes = [models.Index(fields=["state"])]

    def __str__(self) -> str:
        return f"{self.kid} ({self.state})"


class LtiKey(models.Model):
    """An LTI developer key. `configuration` is the manual key's JSON, whoever made the key.

    `account_id` is the root account it belongs to; 0: one that all root accounts inherit.
    `overlay` is what an admin took away on the review page: `scopes`, `placements`,
    `privacy_level`.
    """

    id = models.BigIntegerField(primary_key=True)
    account_id = models.BigIntegerField(default=0)
    name = _text()
    redirect_uris = models.JSONField(default=list)
    configuration = models.JSONField(default=dict)
    overlay = models.JSONField(default=dict)
    workflow_state = models.CharField(max_length=30, default="off")
    created_at = _text(30)

    def __str__(self) -> str:
        return self.name


class Registration(models.Model):
    """A dynamic registration: the token's uuid, and what the tool posted, once it has."""

    guid = models.CharField(max_length=40, primary_key=True)
    number = models.BigIntegerField(unique=True)
    account_id = models.BigIntegerField()
    key_id = models.BigIntegerField(default=0)
    document = models.JSONField(default=dict)


class Deployment(models.Model):
    """A key added to an account or a course: what Canvas calls an external tool."""

    id = models.BigIntegerField(primary_key=True)
    key_id = models.BigIntegerField(db_index=True)
    context_type = models.CharField(max_length=10, default="Account")
    context_id = models.BigIntegerField()
    workflow_state = models.CharField(max_length=30, default="active")

    class Meta:
        indexes = [models.Index(fields=["context_type", "context_id"])]


class Tab(models.Model):
    """Whether a course shows a tool, where somebody changed what the tool asks for."""

    course_id = models.BigIntegerField()
    deployment_id = models.BigIntegerField()
    shown = models.BooleanField()

    class Meta:
        unique_together = [("course_id", "deployment_id")]


class PendingLaunch(models.Model):
    """A launch made when the login was asked for, to be fetched once."""

    verifier = models.CharField(max_length=80, primary_key=True)
    user_id = models.BigIntegerField()
    claims = models.JSONField()
    made_at = models.FloatField()


class UsedAssertion(models.Model):
    """The `jti` of a client assertion, which is good once."""

    jti = models.CharField(max_length=200, primary_key=True)
    expires_at = models.FloatField()
