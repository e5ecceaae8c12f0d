"""What the local Canvas keeps of work and callers: imports, reports, files, keys and tokens."""

from django.db import models


def _text(length: int = 255) -> models.CharField:
    return models.CharField(max_length=length, default="", blank=True)


def _number() -> models.BigIntegerField:
    return models.BigIntegerField(default=0)


class SisImport(models.Model):
    """One SIS import: what was asked (`options`), how far it is, what came of it (`data`)."""

    id = models.BigIntegerField(primary_key=True)
    workflow_state = models.CharField(max_length=30, default="created")
    progress = models.IntegerField(default=0)
    options = models.JSONField(default=dict)
    data = models.JSONField(default=dict)
    filename = models.CharField(max_length=255)
    upload = models.BinaryField()
    user_id = _number()
    created_at = _text(30)
    started_at = _text(30)
    ended_at = _text(30)
    updated_at = _text(30)

    class Meta:
        indexes = [models.Index(fields=["workflow_state"])]

    def __str__(self) -> str:
        return f"{self.filename}: {self.workflow_state}"


class SisImportError(models.Model):
    """One message of an import; `failure` means the file (not the row) was of no use."""

    sis_import_id = models.BigIntegerField(db_index=True)
    file = _text()
    message = models.TextField()
    row = models.IntegerField(null=True)
    failure = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.message


class StateChange(models.Model):
    """What an import did to an object's state, kept to count it and to take it back."""

    sis_import_id = models.BigIntegerField(db_index=True)
    kind = models.CharField(max_length=30)
    object_id = models.BigIntegerField()
    before = _text(30)
    after = _text(30)


class File(models.Model):
    """Something to download: a report, or what an import was given or complained of.

    Whoever knows the verifier may fetch it, without a token, as with Canvas's signed links.
    """

    id = models.BigIntegerField(primary_key=True)
    sis_import_id = _number()
    purpose = _text(20)
    filename = models.CharField(max_length=255)
    content_type = models.CharField(max_length=60)
    content = models.BinaryField()
    verifier = models.CharField(max_length=60)
    created_at = _text(30)

    class Meta:
        indexes = [models.Index(fields=["sis_import_id"])]

    def __str__(self) -> str:
        return self.filename


class Report(models.Model):
    """One report of the account."""

    id = models.BigIntegerField(primary_key=True)
    report = models.CharField(max_length=60)
    status = models.CharField(max_length=30, default="created")
    progress = models.IntegerField(default=0)
    parameters = models.JSONField(default=dict)
    message = _text()
    file_id = _number()
    user_id = _number()
    created_at = _text(30)
    started_at = _text(30)
    ended_at = _text(30)

    def __str__(self) -> str:
        return f"{self.report}: {self.status}"


class Progress(models.Model):
    """How far a piece of background work is."""

    id = models.BigIntegerField(primary_key=True)
    tag = models.CharField(max_length=60)
    context_id = _number()
    context_type = _text(30)
    user_id = _number()
    completion = models.IntegerField(default=0)
    workflow_state = models.CharField(max_length=30, default="queued")
    created_at = _text(30)
    updated_at = _text(30)


class DeveloperKey(models.Model):
    """An API developer key; with `scopes`, its tokens can do no more than they say."""

    id = models.BigIntegerField(primary_key=True)
    name = _text()
    secret = models.CharField(max_length=80)
    redirect_uri = models.CharField(max_length=500, default="", blank=True)
    scopes = models.JSONField(default=list)
    workflow_state = models.CharField(max_length=30, default="on")

    def __str__(self) -> str:
        return self.name


class AccessToken(models.Model):
    """What a caller shows; `expires_at` is seconds since 1970, 0 for a token made by hand."""

    token = models.CharField(max_length=80, primary_key=True)
    user_id = models.BigIntegerField()
    developer_key_id = _number()
    refresh_token = models.CharField(max_length=80, default="", db_index=True)
    scopes = models.JSONField(default=list)
    expires_at = models.FloatField(default=0)


class AuthorizationCode(models.Model):
    """Good once, for ten minutes."""

    code = models.CharField(max_length=80, primary_key=True)
    developer_key_id = models.BigIntegerField()
    user_id = models.BigIntegerField()
    redirect_uri = models.CharField(max_length=500)
    scopes = models.JSONField(default=list)
    expires_at = models.FloatField()
