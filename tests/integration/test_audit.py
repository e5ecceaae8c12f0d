"""The audit log: added to, never changed, and other hands are found out (S84)."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.db.models import CharField

from integration import audit
from integration.models import AuditEvent, AuditSeal, District
from integration.schedule import Wish, change

EVENTS, SEALS = AuditEvent._meta.db_table, AuditSeal._meta.db_table


def event(number: int) -> AuditEvent:
    return AuditEvent.objects.create(
        district="lakeside", actor="Ada", action="plan.approved", after={"rows": number}
    )


@pytest.fixture
def chain(db) -> list[AuditEvent]:
    """Five events, sealed in two sweeps."""
    events = [event(number) for number in range(3)]
    assert audit.seal() == 3
    events += [event(number) for number in range(3, 5)]
    assert audit.seal() == 2
    return events


def by_other_hands(sql: str) -> None:
    """Somebody who owns the database and takes the triggers away."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for table in (EVENTS, SEALS):
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        else:
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            for (name,) in cursor.fetchall():
                cursor.execute(f"DROP TRIGGER {name}")
        cursor.execute(sql)


def manage(*words: str) -> tuple[int, dict[str, Any]]:
    out, code = io.StringIO(), 0
    try:
        call_command(*words, "--json", stdout=out, stderr=io.StringIO())
    except SystemExit as ended:
        code = int(ended.code or 0)
    return code, json.loads(out.getvalue())


@pytest.mark.parametrize("table", [EVENTS, SEALS])
@pytest.mark.parametrize("sql", ["UPDATE {} SET at = at", "DELETE FROM {}"])
def test_s84_the_database_refuses_to_change_or_to_delete(chain, table, sql):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        connection.cursor().execute(sql.format(table))
    assert AuditEvent.objects.count() == 5


@pytest.mark.parametrize(
    "act",
    [
        lambda one: AuditEvent.objects.filter(pk=one.pk).update(actor="Eve"),
        lambda one: AuditEvent.objects.all().delete(),
        lambda one: AuditEvent.objects.bulk_update([one], ["actor"]),
        lambda one: one.delete(),
        lambda one: one.save(),
        lambda one: AuditSeal.objects.all().delete(),
    ],
)
def test_s84_no_code_of_ours_changes_or_deletes(chain, act: Callable[[AuditEvent], object]):
    with pytest.raises(TypeError, match="audit"), transaction.atomic():
        act(chain[0])
    assert AuditEvent.objects.count() == 5


def test_s84_there_is_no_admin_site_to_change_it_in():
    assert "django.contrib.admin" not in settings.INSTALLED_APPS


def test_s84_a_log_that_nobody_touched_is_whole(chain):
    waiting = event(6)
    found = audit.verify()
    assert (found.sealed, found.waiting, found.faults) == (5, 1, [])
    assert audit.seal() == 1
    assert audit.verify(head=found.head).faults == []
    assert AuditSeal.objects.get(event=waiting.pk).number == 6


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        (f"UPDATE {EVENTS} SET actor = 'Eve' WHERE id = {{third}}", "is not what was written"),
        (f"UPDATE {EVENTS} SET reason = 'asked' WHERE id = {{third}}", "is not what was written"),
        (f"UPDATE {EVENTS} SET at = '2020-01-01 00:00:00+00:00' WHERE id = {{third}}", "is not"),
        (f"UPDATE {EVENTS} SET after = '{{{{}}}}' WHERE id = {{third}}", "is not what was written"),
        (f"DELETE FROM {EVENTS} WHERE id = {{third}}", "is gone"),
        (f"DELETE FROM {SEALS} WHERE event = {{third}}", "Links 3 to 3 are gone"),
    ],
)
def test_s84_whoever_changes_it_with_the_triggers_off_is_found_out(chain, sql, told):
    by_other_hands(sql.format(third=chain[2].pk))
    faults = audit.verify().faults
    assert told in " ".join(faults), faults


def test_s84_a_chain_made_anew_lacks_the_head_that_was_written_down(chain):
    head = audit.verify().head
    by_other_hands(f"DELETE FROM {SEALS}")
    by_other_hands(f"UPDATE {EVENTS} SET actor = 'Eve'")
    assert audit.seal() == 5
    assert audit.verify().faults == []
    assert "written down" in str(audit.verify(head=head).faults)


def test_s84_the_command_tells_the_head_and_fails_where_the_log_was_changed(chain):
    code, told = manage("audit")
    assert (code, told["sealed"], told["faults"]) == (0, 5, [])
    assert told["head"] == AuditSeal.objects.get(number=5).hash
    assert manage("audit", f"--head={told['head']}")[0] == 0
    assert manage("audit", "--head=abc")[0] == 1
    by_other_hands(f"UPDATE {EVENTS} SET actor = 'Eve' WHERE id = {chain[0].pk}")
    code, told = manage("audit")
    assert code == 1
    assert "is not what was written" in told["faults"][0]


def test_s84_each_sweep_seals_what_is_new(db):
    from integration import tasks

    district = District.objects.create(slug="lakeside", name="Lakeside")
    change(district=district, wish=Wish(pause="holidays"), by="Ada")
    tasks.sweep()
    found = audit.verify()
    assert (found.sealed, found.waiting, found.faults) == (1, 0, [])


def test_s84_an_event_has_actor_district_time_before_and_after(db):
    district = District.objects.create(slug="lakeside", name="Lakeside")
    change(district=district, wish=Wish(pause="holidays"), by="Ada Admin")
    (told,) = AuditEvent.objects.all()
    assert (told.actor, told.district, told.reason) == ("Ada Admin", "lakeside", "holidays")
    assert told.at is not None
    assert (told.before["paused"], told.after["paused"]) == (False, True)


def test_s84_a_link_of_long_ago_holds_whatever_columns_an_event_gets_later(db, monkeypatch):
    told = AuditEvent(
        pk=7,
        district="lakeside",
        actor="Ada Ñ",
        action="plan.approved",
        subject="12",
        before={"b": 1, "a": [None]},
        after={"rows": 2},
        reason="asked",
        at=datetime(2026, 9, 1, 2, 3, 4, 567, tzinfo=UTC),
    )
    link = "fda214c33fed17e60effbdead8a0389057c78d0672924b011b60f8531d049e3c"
    assert audit._link(audit.BEGINNING, told) == link
    later = CharField(max_length=9, default="new")
    later.set_attributes_from_name("channel")
    later.model = AuditEvent
    columns = [*AuditEvent._meta.concrete_fields, later]
    monkeypatch.setattr(AuditEvent._meta, "concrete_fields", columns)
    told.channel = "new"
    assert audit._link(audit.BEGINNING, told) == link
