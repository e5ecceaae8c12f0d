"""The search through what the processes of the journeys have written notices what is planted."""

from __future__ import annotations

from tests.journeys.servers import Product
from tests.journeys.teaching import FIRST

SCORE = str(FIRST)
# The database holds grades, but no secret in clear.
PLANT = """
from django.utils import timezone
from django_q.models import OrmQ, Task
from django_q.signing import SignedPackage
from integration.models import Notice
at = dict(started=timezone.now(), stopped=timezone.now(), success=False, func="planted")
Task.objects.create(id="1", name="planted", args=({word!r},), **at)
Task.objects.create(id="2", name="planted", result="ValueError: {word}", **at)
OrmQ.objects.create(key="planted", payload=SignedPackage.dumps({{"id": "x", "args": ({word!r},)}}))
Notice.objects.create(about="planted", what="failed", subject="planted", body="Row: {word}")
"""
TAKE_AWAY = """
from django_q.models import OrmQ, Task
from integration.models import Notice
Task.objects.filter(name="planted").delete()
OrmQ.objects.filter(key="planted").delete()
Notice.objects.filter(about="planted").delete()
"""


def test_a_planted_score_is_noticed_in_a_log_a_task_a_bell_and_a_mail(product: Product):
    before = len(product.leaks())
    product.canaries.append(SCORE)
    kept = product.log.stat().st_size
    product.shell(PLANT.format(word=SCORE))
    with product.log.open("a") as log:
        log.write(f"could not send {SCORE}\n")
    found = [line.partition(" ")[0] for line in product.leaks()]
    product.shell(TAKE_AWAY)
    with product.log.open("r+") as log:
        log.truncate(kept)
    product.canaries.remove(SCORE)
    assert sorted(found) == ["bell", "could", "mail", "task", "task"]
    assert before == 0


def test_a_secret_in_clear_is_noticed_in_the_database(product: Product):
    secret = product.secrets[0]
    product.shell(PLANT.format(word=secret))
    found = product.leaks()
    product.shell(
        TAKE_AWAY + "from django.db import connection\n"
        "connection.cursor().execute('VACUUM')\n"
        "connection.cursor().execute('PRAGMA wal_checkpoint(TRUNCATE)')"
    )
    assert any(one.startswith("product.sqlite3") for one in found)
    assert product.leaks() == []
