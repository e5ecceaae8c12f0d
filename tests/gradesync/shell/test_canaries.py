"""A day in which everything goes wrong once: no secret is in the database, no word in a log.

Names, scores and secrets are planted; pages, commands, workers and mails have to do with all of
them (S76, S81, S82).
"""

from __future__ import annotations

import logging
import logging.config
import shutil
import subprocess
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from multiprocessing import Queue, Value
from typing import Any

import pytest
from django.conf import settings as configured
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils.log import configure_logging
from django_q.models import OrmQ, Task
from django_q.monitor import monitor
from django_q.worker import worker

from gradesync.actions import plans
from gradesync.models import CourseSync
from integration import alerts, tasks
from integration.bells import ring
from integration.models import CanvasConnection, District, QConnection, Run
from integration.secrets import decrypt
from lti import tool_keys
from tests.canaries import found
from tests.gradesync.shell.course import Course, gradebook_of
from tests.integration.account.test_invited import invited
from tests.integration.account.test_signing_in import KEY, agreed, back, opened, word_of
from tests.integration.account.visiting import Visit, installed, visit
from tests.integration.provisioning.records import small_district, user

pytestmark = pytest.mark.django_db(transaction=True)

GIVEN, FAMILY, MAIL = "Qwertzina", "Zyxwvutsky", "zyxwvutsky.q@example.org"
SCORE, OTHER_SCORE = "87.6543", "76.5432"
# As Q gets them.
SCORES = ("87.65", "76.54")
WORDS = (GIVEN, FAMILY, MAIL, *SCORES)
ROW = f"could not convert {GIVEN},{FAMILY},{MAIL},{SCORE}"
THIRD_PARTIES = ("django", "django.request", "django-q", "urllib3", "requests", "asyncio", "csp")


@pytest.fixture
def roster(students) -> dict[str, Any]:
    records = small_district(students=students)
    for one in records["users"]:
        if one["sourcedId"] == "P1-0":
            one.update(givenName=GIVEN, familyName=FAMILY, email=MAIL, username=MAIL)
    return records | gradebook_of()


class Kept(logging.Handler):
    """Every record at every level, as both of our formatters write it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        made = logging.config.DictConfigurator(deepcopy(configured.LOGGING))
        self.formatters = [
            made.configure_formatter(made.config["formatters"][name]) for name in ("text", "json")
        ]
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines += [one.format(record) for one in self.formatters]


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """What all loggers tell, others' too, however little they are asked to."""
    configure_logging(configured.LOGGING_CONFIG, configured.LOGGING)
    kept, root = Kept(), logging.getLogger()
    names = ("", "integration", "gradesync", "lti", *THIRD_PARTIES)
    levels = {name: logging.getLogger(name).level for name in names}
    root.addHandler(kept)
    for name in names:
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield kept.lines
    root.removeHandler(kept)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@dataclass
class Day:
    """What a person, programs and workers do; `secrets` are those that came up."""

    admin: Visit
    course: Course
    sync: Callable[..., Any]
    secrets: dict[str, str] = field(default_factory=dict)

    def work(self) -> None:
        """Let a real worker of django-q hear every bell, and write down what came of it."""
        todo: Any = Queue()
        done: Any = Queue()
        bells = [bell.task for bell in OrmQ.objects.all()]
        OrmQ.objects.all().delete()
        for bell in bells:
            todo.put(bell)
        todo.put("STOP")
        worker(todo, done, Value("f", -1))
        done.put("STOP")
        monitor(done)


@pytest.fixture
def day(logged, course, sync, settings) -> Day:
    settings.BASE_URL = "http://127.0.0.1"
    district = District.objects.get()
    district.recipients.create(address="dana@example.org")
    return Day(visit(installed(district)), course, sync)


def plant(day: Day, sandbox: Any) -> None:
    """Every secret there is, through the pages and commands that take or make it."""
    q, canvas, planted = sandbox.q, sandbox.canvas, day.secrets
    planted |= {"Q’s secret": q.secret, "Canvas token": canvas.token}
    planted |= {"session": next(iter(day.admin.client.cookies.values())).value}
    path, word = invited(day.admin)
    planted["link"] = path.split("/")[2]
    typed = {"base_url": q.url, "token_url": q.token_url, "key": q.key, "auth": "oauth2"}
    for secret, said in (("wr0ng-planted-secret", word), (q.secret, "000 000"), (q.secret, word)):
        Client().post(path, typed | {"secret": secret, "word": said})
    planted["mistyped secret"] = "wr0ng-planted-secret"
    page = day.admin.post("tokens/make/", name="script", rights=["read", "run"], days=5)
    planted["API token"] = _after(page.content.decode(), "qsync_")
    key = {"base_url": canvas.url, "root_account_id": "self", **KEY, "asks_for_scopes": "on"}
    tab, url = opened(word_of(day.admin, key))
    back(tab, agreed(url))
    row = CanvasConnection.objects.get()
    planted |= {"client secret": KEY["client_secret"], "refresh token": row.refresh_token}
    sealed = tool_keys.signing_key()
    place = f"tool key {sealed.kid}"
    private = decrypt(sealed.sealed_private_key, bound_to=place)
    planted["private key"] = max(private.splitlines(), key=len)
    assert all(len(one) > 7 for one in planted.values()), planted
    assert QConnection.objects.get().secret == q.secret


def go_wrong(day: Day, provision: Any, q_fault: Any, change_q: Any, monkeypatch: Any) -> None:
    """Each side fails once with words that quote what it was sent, and so does our own code."""
    secret = day.secrets["Q’s secret"]
    quoting = {"error": f"{ROW}; Authorization: Basic {secret}"}
    course = day.course
    essay = course.make("Essay", points_possible=100)
    course.grade(essay, "P1-0", SCORE)
    q_fault({"method": "PUT", "path": "/results/"}, status=500, body=quoting, apply=False)
    day.sync()
    course.control("q", "DELETE", "faults")
    assert day.sync()[0] == 0
    assert SCORES[0] in str(course.scores())
    course.grade(essay, "P1-0", OTHER_SCORE)
    q_fault({"method": "PUT", "path": "/results/"}, status=422, body=quoting, apply=False)
    day.sync()
    course.control("q", "DELETE", "faults")

    renamed = user("P1-0", givenName=f"{GIVEN}x", familyName=FAMILY, email=MAIL, username=MAIL)
    change_q(upsert={"users": [renamed]})
    fails = {"match": {"method": "POST", "path": "sis_imports"}}
    body = {"errors": [{"message": ROW}]}
    course.control("canvas", "POST", "faults", fails | {"do": {"status": 422, "body": body}})
    provision()
    course.control("canvas", "DELETE", "faults")
    assert provision()[0] == 0
    q_fault({"path": "/users"}, status=403, body=quoting)
    day.admin.post("runs/start/", what="run")
    day.work()
    course.control("q", "DELETE", "faults")
    assert Run.objects.latest("pk").state == Run.State.FAILED

    our_own_code_fails(day, monkeypatch)
    alerts.sweep()
    assert mail.outbox


def our_own_code_fails(day: Day, monkeypatch: Any) -> None:
    """With a record's words in the error: a night, a check, a preview, a page and the API."""

    def failing(*_: Any, **__: Any) -> None:
        row = {"familyName": FAMILY, "score": SCORE}
        raise ValueError(ROW, row)

    with monkeypatch.context() as broken:
        broken.setattr(tasks, "_finish", failing)
        broken.setattr("integration.checking.steps_of", failing)
        broken.setattr("gradesync.tasks.advance", failing)
        day.admin.post("runs/start/", what="run")
        day.admin.post("connections/check/")
        plans.preview(CourseSync.objects.get(), by="Ada")
        day.work()
        broken.setattr("integration.account.screens.audit.page_of", failing)
        broken.setattr("integration.api.views.wanted", failing)
        day.admin.client.raise_request_exception = False
        assert day.admin.get("audit/").status_code == 500
        program = {"Authorization": f"Bearer {day.secrets['API token']}"}
        asked = Client(raise_request_exception=False)
        path = "/api/v1/districts/lakeside/history/"
        assert asked.get(path, headers=program).status_code == 500


def dumped() -> str:
    """Every value of every table, and on SQLite the file with all that lies about in it."""
    parts: list[str] = []
    connection.ensure_connection()
    if connection.vendor == "sqlite":
        database: Any = connection.connection
        parts += [*database.iterdump(), database.serialize().decode("latin-1")]
    else:
        with connection.cursor() as cursor:
            for table in connection.introspection.table_names(cursor):
                with cursor.copy(f'COPY "{table}" TO STDOUT') as rows:
                    parts += [bytes(row).decode() for row in rows]
        parts.append(_pg_dump())
    # What stands packed in the queue's tables.
    parts += [str(bell.task) for bell in OrmQ.objects.all()]
    parts += [f"{one.args} {one.kwargs} {one.result}" for one in Task.objects.all()]
    return "\n".join(parts)


def _pg_dump() -> str:
    if not (program := shutil.which("pg_dump")):
        return ""
    at = connection.settings_dict
    words = [program, f"--host={at['HOST']}", f"--port={at['PORT']}", f"--username={at['USER']}"]
    ended = subprocess.run([*words, at["NAME"]], capture_output=True, text=True, check=True)
    return ended.stdout


def test_s76_s82_no_secret_is_in_a_dump_and_no_planted_word_in_a_log_a_task_or_a_mail(
    day, sandbox, provision, q_fault, change_q, monkeypatch, logged, manage
):
    plant(day, sandbox)
    go_wrong(day, provision, q_fault, change_q, monkeypatch)
    ring(tasks.ADVANCE, Run.objects.latest("pk").pk)

    dump = dumped()
    assert found([FAMILY], dump), "the dump holds what it must"
    assert found(day.secrets.values(), dump) == []

    words = [*WORDS, *day.secrets.values()]
    log = "\n".join(logged)
    for told in ("django.request", "urllib3", "django-q", "ValueError", "integration."):
        assert told in log, f"nothing was heard of {told}"
    assert [line for line in logged if found(words, line)] == []

    failed = [one for one in Task.objects.all() if not one.success]
    assert len(failed) >= 3
    packed = [f"{one.func} {one.args} {one.kwargs} {one.result}" for one in Task.objects.all()]
    packed += [str(bell.task) for bell in OrmQ.objects.all()]
    assert [one for one in packed if found(words, one)] == []

    mails = [f"{one.subject}\n{one.body}" for one in mail.outbox]
    assert [one for one in mails if found(words, one)] == []


def _after(page: str, start: str) -> str:
    """The word on a page that begins so."""
    text = page[page.index(start) :]
    return text[: next(at for at, letter in enumerate(text) if letter in '<" \n')]
