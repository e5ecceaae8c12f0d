"""What the local Canvas keeps.

Texts are never NULL: "" is Canvas's null, and is shown as null. Moments are ISO 8601 texts in
UTC, as they travel. `stuck` lists the fields a person changed (a SIS import leaves those alone).
`sis_import_id` is the last import that named the object; 0 means none ever did.
"""

from django.db import models

# Django finds models by this module.
from sandbox.canvas import jobs as jobs
from sandbox.canvas.gradebook import models as gradebook_models  # noqa: F401
from sandbox.canvas.lti import models as lti_models  # noqa: F401


def _text(length: int = 255) -> models.CharField:
    return models.CharField(max_length=length, default="", blank=True)


def _number() -> models.BigIntegerField:
    return models.BigIntegerField(default=0)


class Sequence(models.Model):
    """The last number given out for a table."""

    name = models.CharField(max_length=60, primary_key=True)
    value = models.BigIntegerField(default=0)


class SisObject(models.Model):
    """Anything a SIS import can make or change."""

    id = models.BigIntegerField(primary_key=True)
    workflow_state = _text(30)
    sis_id = _text()
    integration_id = _text()
    sis_import_id = _number()
    stuck = _text()
    created_at = _text(30)
    updated_at = _text(30)

    class Meta:
        abstract = True


class Account(SisObject):
    name = _text()
    uuid = _text(60)
    parent_id = _number()
    root_account_id = _number()

    class Meta:
        indexes = [models.Index(fields=["sis_id"]), models.Index(fields=["parent_id"])]

    def __str__(self) -> str:
        return self.name


class Term(SisObject):
    name = _text()
    start_at = _text(30)
    end_at = _text(30)
    overrides = models.TextField(default="{}")

    class Meta:
        indexes = [models.Index(fields=["sis_id"])]

    def __str__(self) -> str:
        return self.name


class Course(SisObject):
    name = _text()
    course_code = _text()
    uuid = _text(60)
    account_id = _number()
    term_id = _number()
    start_at = _text(30)
    end_at = _text(30)
    restrict_dates = models.BooleanField(default=False)
    course_format = _text(20)
    grade_passback_setting = _text(20)
    homeroom_course = models.BooleanField(default=False)
    friendly_name = _text()
    blueprint = models.BooleanField(default=False)
    blueprint_course_id = _text()

    class Meta:
        indexes = [
            models.Index(fields=["sis_id"]),
            models.Index(fields=["integration_id"]),
            models.Index(fields=["account_id"]),
            models.Index(fields=["term_id"]),
        ]

    def __str__(self) -> str:
        return self.name


class Section(SisObject):
    name = _text()
    course_id = _number()
    nonxlist_course_id = _number()
    default_section = models.BooleanField(default=False)
    start_at = _text(30)
    end_at = _text(30)
    restrict_dates = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(fields=["sis_id"]),
            models.Index(fields=["integration_id"]),
            models.Index(fields=["course_id"]),
            models.Index(fields=["nonxlist_course_id"]),
        ]

    def __str__(self) -> str:
        return self.name


class User(models.Model):
    """A person. What the SIS knows of them hangs on their logins."""

    id = models.BigIntegerField(primary_key=True)
    uuid = _text(60)
    name = _text()
    sortable_name = _text()
    short_name = _text()
    email = _text()
    pronouns = _text()
    workflow_state = _text(30)
    stuck = _text()
    created_at = _text(30)
    updated_at = _text(30)

    class Meta:
        indexes = [models.Index(fields=["sortable_name", "id"])]

    def __str__(self) -> str:
        return self.name


class Login(SisObject):
    """What Canvas calls a pseudonym: one way for one person to sign in."""

    user_id = _number()
    unique_id = _text()
    unique_id_lower = _text()
    authentication_provider_id = _number()
    declared_user_type = _text(30)

    class Meta:
        indexes = [
            models.Index(fields=["sis_id"]),
            models.Index(fields=["integration_id"]),
            models.Index(fields=["unique_id_lower"]),
            models.Index(fields=["user_id"]),
        ]

    def __str__(self) -> str:
        return self.unique_id


class Enrollment(models.Model):
    id = models.BigIntegerField(primary_key=True)
    user_id = _number()
    course_id = _number()
    section_id = _number()
    login_id = _number()
    type = _text(30)
    role_id = _number()
    associated_user_id = _number()
    workflow_state = _text(30)
    start_at = _text(30)
    end_at = _text(30)
    limit_section = models.BooleanField(default=False)
    sis_import_id = _number()
    stuck = _text()
    created_at = _text(30)
    updated_at = _text(30)

    class Meta:
        indexes = [
            models.Index(fields=["section_id", "user_id"]),
            models.Index(fields=["course_id", "type"]),
            models.Index(fields=["user_id", "course_id"]),
            models.Index(fields=["associated_user_id"]),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.id}"


class Observer(models.Model):
    """Who observes whom."""

    id = models.BigIntegerField(primary_key=True)
    observer_id = _number()
    student_id = _number()
    workflow_state = _text(30)
    sis_import_id = _number()

    class Meta:
        indexes = [
            models.Index(fields=["observer_id", "student_id"]),
            models.Index(fields=["student_id"]),
        ]


class Admin(models.Model):
    """Who administers which account."""

    id = models.BigIntegerField(primary_key=True)
    user_id = _number()
    account_id = _number()
    role_id = _number()
    workflow_state = _text(30)
    sis_import_id = _number()

    class Meta:
        indexes = [models.Index(fields=["user_id", "account_id"])]


class Role(models.Model):
    """A role; `name` is what a SIS import writes, `base_type` the kind of enrollment it makes."""

    name = models.CharField(max_length=255)
    base_type = models.CharField(max_length=30)
    built_in = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.name


class AuthenticationProvider(models.Model):
    auth_type = models.CharField(max_length=30)
    position = models.IntegerField(default=1)
    workflow_state = models.CharField(max_length=30, default="active")

    def __str__(self) -> str:
        return self.auth_type
