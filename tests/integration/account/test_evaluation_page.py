"""The evaluation from the page: begun, read, taken away as files."""

from __future__ import annotations

import pytest

from integration import tasks
from integration.models import District, Run
from tests.integration.account.visiting import installed, visit, words
from tests.integration.provisioning.records import small_district

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_evaluation_is_begun_read_and_taken_away(q_holds, connect, provision):
    q_holds(small_district(students=2))
    connect()
    provision()
    records = small_district(students=2)
    records["users"] = [one | {"sourcedId": f"=Q-{one['sourcedId']}"} for one in records["users"]]
    q_holds(records)
    admin = visit(installed(District.objects.get()))
    assert "Not evaluated yet" in admin.page("evaluation/")
    assert admin.post("runs/start/", what="evaluation").status_code == 303
    run = Run.objects.latest("pk")
    assert "How far it is" in admin.page("evaluation/")
    tasks.advance_run(run.pk)

    page = admin.page("evaluation/")
    assert "Not ready yet: " in page
    assert "3 users have another ID in Canvas than in Q." in page
    assert "0.0% of the users and 100.0% of the sections" in page
    lines = admin.page(f"runs/{run.pk}/changes/", kind="users", action="matched")
    assert "1 to 3 of 3" in lines
    everything = admin.page(f"runs/{run.pk}/changes.csv", action="matched")
    assert "'=Q-P1-0" in everything
    ids = words(admin.get(f"evaluation/{run.pk}/change_sis_id.csv"))
    assert "P1-0,=Q-P1-0,user" in ids
    assert "Users 3 " in admin.page(f"runs/{run.pk}/")


def test_an_evaluation_that_failed_says_what_to_do(q_holds, connect):
    q_holds(small_district(students=1))
    connect(q_secret="wrong")
    admin = visit(installed(District.objects.get()))
    admin.post("runs/start/", what="evaluation")
    tasks.advance_run(Run.objects.latest("pk").pk)
    assert "Check the client key and secret" in admin.page("evaluation/")
