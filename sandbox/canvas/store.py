"""Writing to the local Canvas's database: one writer at a time, ids, moments, first records."""

import secrets
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from django.apps import apps
from django.db import connections, models, transaction

from sandbox.canvas.jobs import AccessToken, DeveloperKey
from sandbox.canvas.models import (
    Account,
    Admin,
    AuthenticationProvider,
    Course,
    Login,
    Role,
    Sequence,
    Term,
    User,
)

DATABASE = "canvas"
ROOT_ACCOUNT_ID = 1
ADMIN_ID = 1
TOKEN = "canvas-token"
DEVELOPER_KEY = 10000000000001
DEVELOPER_SECRET = "canvas-developer-secret"

# Ids of other shards: real Canvas ids do not fit a JavaScript number, nor a 32-bit column.
_FAR = 21070000000000000
_FAR_EVERY = 50

# The built-in roles, with the name a SIS import gives each, and the ids Canvas began with.
BUILT_IN_ROLES = [
    (1, "AccountMembership", "AccountMembership"),
    (2, "AccountAdmin", "AccountMembership"),
    (3, "StudentEnrollment", "StudentEnrollment"),
    (4, "TeacherEnrollment", "TeacherEnrollment"),
    (5, "TaEnrollment", "TaEnrollment"),
    (6, "DesignerEnrollment", "DesignerEnrollment"),
    (7, "ObserverEnrollment", "ObserverEnrollment"),
]

_writer = threading.RLock()
# How far Canvas's clock is ahead of the machine's, where a test has set it.
ahead = timedelta(0)


@contextmanager
def writing() -> Iterator[None]:
    """A write transaction. Threads queue here, where they wait fairly, and not at SQLite's lock."""
    with _writer, transaction.atomic(using=DATABASE):
        yield


def moment() -> datetime:
    """This moment by Canvas's clock."""
    return datetime.now(UTC) + ahead


def now() -> str:
    """The same, as Canvas writes it."""
    return moment().strftime("%Y-%m-%dT%H:%M:%SZ")


def verifier() -> str:
    return secrets.token_urlsafe(24)


def next_id(model: type[models.Model]) -> int:
    """A new id for a row of `model`; call it inside `writing()`."""
    name = model._meta.db_table
    sequence, _ = Sequence.objects.get_or_create(name=name)
    sequence.value += 1
    sequence.save()
    return as_id(model, sequence.value)


def as_id(model: type[models.Model], number: int) -> int:
    """The id the n-th row of `model` gets: now and then one beyond 2^53."""
    far = number % _FAR_EVERY == 0 and model in (User, Course)
    return number + _FAR if far else number


def create(model: type[models.Model], **values: Any) -> Any:
    """A new row with an id and its moments; call it inside `writing()`."""
    names = {field.name for field in model._meta.concrete_fields}
    for name in names & {"created_at", "updated_at"}:
        values.setdefault(name, now())
    if "uuid" in names:
        values.setdefault("uuid", secrets.token_urlsafe(30))
    return model.objects.create(id=next_id(model), **values)


def clear(*, same: bool = False) -> None:
    """Back to the first records; the root account keeps its uuid if it is to be the `same`."""
    with writing():
        root = Account.objects.filter(pk=ROOT_ACCOUNT_ID).values_list("uuid", flat=True).first()
        for model in apps.get_app_config("canvas").get_models():
            model.objects.all().delete()
        seed(root if same else None)


def close() -> None:
    """Give this thread's connection back; for threads that end."""
    connections[DATABASE].close()


def seed(root_uuid: str | None = None) -> None:
    """The root account, its admin, roles and providers. Call it inside `writing()`."""
    root = create(
        Account,
        name="Sandbox Unified School District",
        uuid=root_uuid or uuid.uuid4().hex,
        workflow_state="active",
    )
    assert root.id == ROOT_ACCOUNT_ID
    create(Term, name="Default Term", workflow_state="active")
    for number, name, base in BUILT_IN_ROLES:
        Role.objects.create(id=number, name=name, base_type=base, built_in=True)
    for number, kind in enumerate(["canvas", "saml", "google"], 1):
        AuthenticationProvider.objects.create(id=number, auth_type=kind, position=number)
    person = create(
        User,
        name="Service Admin",
        sortable_name="Admin, Service",
        short_name="Service Admin",
        email="service.admin@example.org",
        workflow_state="registered",
    )
    create(
        Login,
        user_id=person.id,
        unique_id="service.admin",
        unique_id_lower="service.admin",
        authentication_provider_id=1,
        workflow_state="active",
    )
    create(Admin, user_id=person.id, account_id=root.id, role_id=2, workflow_state="active")
    AccessToken.objects.create(token=TOKEN, user_id=person.id)
    DeveloperKey.objects.create(
        id=DEVELOPER_KEY,
        name="Local product",
        secret=DEVELOPER_SECRET,
        redirect_uri="http://127.0.0.1",
    )
