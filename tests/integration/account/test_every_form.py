"""Each field of each form, wrong in each way: told beside it, kept as typed, and nothing changed.

The table is `every_form.py`; what it does not name, of all addresses and all pages, fails here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.urls import URLPattern, resolve, reverse

import gradesync.account_urls
import integration.account.urls
from gradesync.models import CourseSync
from integration import consent, invitations, tokens
from integration.account import overview, snoozing
from integration.models import Change, District, Recipient, RosterRow, SetAside
from integration.provisioning.rows import ACCOUNTS, CHANGE_SIS_ID, as_text, digest
from lti.models import LaunchSession
from tests.integration.account.every_form import ASKED, FORMS, NUL, SERVER, Form
from tests.integration.account.forms_on_page import Shown, forms
from tests.integration.account.test_pages import a_plan, ended
from tests.integration.account.visiting import Visit, installed, visit, words

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).parents[3]
PLACE = "place"
ADDRESSES = (
    ("account:", integration.account.urls),
    ("grading:", gradesync.account_urls),
)
# What is not asked of Q here: whether it answers is another matter.
ASKS_Q = ("account:suggest", "credentials")


@dataclass
class Stage:
    """A district with one of each thing that a form may speak of, and who opens its pages."""

    admin: Visit
    stranger: Visit
    known: dict[str, str]

    def path(self, name: str, args: tuple[str, ...] = ()) -> str:
        return reverse(name, args=[self.named(one) for one in args])

    def named(self, value: Any) -> Any:
        """A value of the table, with `{plan}` and the like filled in."""
        if isinstance(value, str) and (found := re.fullmatch(r"\{(\w+)\}", value)):
            return self.known[found[1]]
        return value

    def sent(self, form: Form, **fields: Any) -> Any:
        """The answer to a form; each field as `right` has it, or as it is given."""
        typed = {name: self.named(one) for name, one in {**form.right, **fields}.items()}
        return self._visit(form.name)(self.path(form.name, form.args), typed)

    def _visit(self, name: str) -> Any:
        if name in ("credentials", "account:canvas-authorize"):
            return Client().post
        visit = self.stranger if name == "account:claim" else self.admin
        return lambda path, typed: visit.client.post(f"{path}?{PLACE}={visit.place}", typed)

    def page(self, path: str, **query: str) -> Any:
        if path.startswith("/invitations/"):
            return Client().get(path)
        visit = self.stranger if path == reverse("account:claim") else self.admin
        return visit.client.get(path, {PLACE: visit.place, **query})


@pytest.fixture
def stage(district: District, admin: Visit, settings: Any) -> Stage:
    settings.ALLOW_PRIVATE_ADDRESSES = [SERVER]
    new_year = {"from": "2099-08-01", "until": "2099-08-09", "reason": "New year"}
    district.policy.rollovers = [new_year]
    district.policy.save()
    done = ended(district, sent={"imports": [{"id": 1, "rows": 3, "state": "imported"}]})
    plan = a_plan(district, schools=2, lines=4)
    renamed = ("P-old", "P-new", "user")
    Change.objects.create(
        run=plan, kind=CHANGE_SIS_ID.name, key="user P-old", action=Change.Action.CHANGED,
        state=Change.State.PROPOSED, after=as_text(renamed), digest=digest(renamed),
    )  # fmt: skip
    row = ("hillside-1", "", "Hillside Primary", "active")
    RosterRow.objects.create(
        district=District.objects.create(slug="hillside", name="Hillside"),
        kind=ACCOUNTS.name, key=row[0], digest=digest(row), row=as_text(row),
    )  # fmt: skip
    SetAside.objects.create(
        district=district, kind="users", key="P-rests", action="added", digest=b"0", by="Ada"
    )
    CourseSync.objects.create(district=district, canvas_id="5", name="Biology", term_id="7")
    Recipient.objects.create(district=district, address="told@lakeside.example")
    used, _ = invitations.invite(by="the operator", district=district)
    invitations.redeem(used, "claim", by="Ada")
    claim, _ = invitations.invite(by="the operator", district=district)
    code, word, link = invitations.invite_credentials(by="Ada Admin (u7)", district=district)
    _secret, token = tokens.make(
        district=district, name="Old", rights=["read"], life=timedelta(days=9), by="Ada"
    )
    key = consent.Key(f"http://{SERVER}", "self", "1", "shh", asks_for_scopes=True)
    ask = consent.begin(district, LaunchSession.objects.get(), key, by="Ada")
    deployment = installed(District.objects.create(slug="new", name="New"))
    deployment.installation.delete()
    line, other, *_ = (one for one in overview.of_district(district).attention if one.key)
    snoozing.snooze(district, other, by="Ada")
    level = admin.client.get(reverse("grading:whole"), {PLACE: admin.place}).content.decode()
    version = re.search(r'name="version" value="(\w+)"', level)
    assert version
    known = {
        "plan": plan.pk, "ids": plan.pk, "done": done.pk, "link": link.pk, "token": token.pk,
        "code": code, "word": word, "claim": claim, "used": used, "consent": ask,
        "version": version[1], "line": line.key,
    }  # fmt: skip
    return Stage(admin, visit(deployment), {name: str(one) for name, one in known.items()})


def stored() -> dict[str, Any]:
    """Everything that the district's tables hold."""
    models = (
        one for app in ("integration", "gradesync") for one in apps.get_app_config(app).get_models()
    )
    return {one.__name__: list(one.objects.order_by("pk").values()) for one in models}


def shown(stage: Stage, form: Form, answer: Any, name: str) -> Shown:
    """The form again, as the answer has it."""
    path = stage.path(form.name, form.args)
    told = [one for one in forms(answer, path) if one.path == path]
    (found,) = (one for one in told if any(c.tag != "button" for c in one.controls(name)))
    return found


WRONG = [pytest.param(form, name, id=f"{form} {name}") for form in FORMS for name in form.wrong]


@pytest.mark.one_database
@pytest.mark.parametrize(("form", "name"), WRONG)
def test_what_is_wrong_is_told_beside_it_kept_as_typed_and_changes_nothing(stage, form, name):
    before = stored()
    for value in map(stage.named, form.wrong[name]):
        answer = stage.sent(form, **{name: value})
        assert answer.status_code == 400, (value, words(answer))
        again = shown(stage, form, answer, name)
        assert again.said_beside(name), (value, words(answer))
        assert again.linked(name), (value, words(answer))
        assert_kept(stage, form, again, {**form.right, name: value})
        for secret in form.secrets:
            assert again.values(secret) == [""], (value, secret)
            assert form.right[secret] not in answer.content.decode(), (value, secret)
    assert stored() == before


def assert_kept(stage: Stage, form: Form, again: Shown, typed: Mapping[str, Any]) -> None:
    """What was typed stands in the fields again; a list of choices shows no other than its own."""
    for name in typed.keys() - form.hidden - form.secrets:
        value = stage.named(typed[name])
        values = value if isinstance(value, list) else [value]
        if value == form.right.get(name) or again.controls(name)[0].attrs.get("type") in TYPED:
            assert again.values(name) == values, (name, value)


TYPED = ("text", "url", "email", "number", "time", "date")


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_what_is_right_goes_through(stage, form):
    if form.name in ASKS_Q:
        pytest.skip("Q is asked; test_invited.py and test_rules.py do it with one.")
    before = stored()
    anyway = {"anyway": "1"} if "anyway" in form.hidden else {}
    answer = stage.sent(form, **anyway)
    assert answer.status_code in (200, 303), words(answer)
    assert stored() != before


@pytest.mark.parametrize("scope", ["schools", "kinds", "all", "none", "ids", "not-ids"])
def test_a_plan_that_has_changed_since_is_not_decided_on(stage, scope):
    form = next(one for one in FORMS if one.name == "account:decide")
    before = stored()
    for stale in ("e" * 64, "", NUL):
        answer = stage.sent(form, digest=stale, scope=scope)
        assert (answer.status_code, "is another one than" in words(answer)) == (409, True)
    assert stored() == before


def addresses() -> Iterator[tuple[str, URLPattern]]:
    for space, module in ADDRESSES:
        for one in module.urlpatterns:
            yield f"{space}{one.name}", one


ARGUMENTS = {"run_id": "plan", "invitation_id": "link", "token_id": "token"}


def test_every_address_that_takes_something_is_in_the_table(stage):
    known = {one.name for one in FORMS}
    for name, pattern in addresses():
        given = {"where": "term", "place": "7"} if name == "grading:level" else {
            one: stage.known[ARGUMENTS[one]] for one in pattern.pattern.converters
        }  # fmt: skip
        visit = stage.admin
        answer = visit.client.post(f"{reverse(name, kwargs=given)}?{PLACE}={visit.place}")
        assert (answer.status_code != 405) <= (name in known), name


PAGES = (
    "account:overview", "account:claim", "account:runs", "account:connections",
    "account:connect-q", "account:connect-canvas", "account:sign-in", "account:evaluation",
    "account:rules", "account:schools", "account:tokens", "account:why", "account:audit",
    "account:supported", "grading:levels", "grading:courses", "grading:why", "grading:whole",
)  # fmt: skip


def every_page(stage: Stage) -> Iterator[tuple[str, Any]]:
    """Each page with a form on it, in each state that has one of its own."""
    for name in PAGES:
        yield reverse(name), stage.page(reverse(name))
    for name, args in (
        ("account:run", ("{plan}",)), ("account:run", ("{done}",)),
        ("account:changes", ("{plan}",)), ("grading:level", ("term", "7")),
        ("credentials", ("{code}",)),
    ):  # fmt: skip
        path = stage.path(name, args)
        yield path, stage.page(path)
    by_name = {one.name: one for one in FORMS}
    naming = by_name["account:save-rules"]
    yield stage.path(naming.name), stage.sent(naming, sis_id_prefix="q-")
    yield stage.path("account:sign-in"), stage.sent(by_name["account:sign-in"])
    for name in ("account:connect-q", "account:connect-canvas"):  # nobody answers there
        yield stage.path(name), stage.sent(by_name[name])
    District.objects.filter(slug="lakeside").update(state="paused", pause_reason="Summer")
    yield reverse("account:rules"), stage.page(reverse("account:rules"))


def test_every_form_on_every_page_is_in_the_table_with_all_its_fields(stage):
    table: dict[str, set[str]] = {}
    for one in FORMS:
        table.setdefault(one.name, set()).update(one.fields)
    unseen = {name: set(fields) for name, fields in table.items()}
    for path, answer in every_page(stage):
        assert answer.status_code in (200, 400), (path, words(answer))
        for shown_ in forms(answer, path):
            name = resolve(shown_.path).view_name
            fields = shown_.names() - {"csrfmiddlewaretoken", PLACE}
            is_sent = shown_.form.attrs.get("method") == "post"
            known = table.get(name, set()) if is_sent else set(ASKED.get(name, ()))
            assert fields <= known, (path, name, fields - known)
            unseen.get(name, set()).difference_update(fields)
    assert {name: fields for name, fields in unseen.items() if fields} == {}


def test_every_form_of_every_template_was_looked_at():
    known = {one.name for one in FORMS} | ASKED.keys() | {"{{ url }}"}
    for folder in ("account", "invited"):
        for path in (ROOT / "templates" / folder).glob("*.html"):
            for action in re.findall(r"<form[^>]*? action=\"({%.*?%}|[^\"]*)\"", path.read_text()):
                name = re.search(r"'([\w:-]+)'", action)
                assert name is None or name[1] in known, (path.name, action)


@pytest.mark.parametrize("name", ASKED)
def test_whatever_is_asked_for_an_answer_comes(stage, name):
    args = ("{plan}",) if name == "account:changes" else ()
    usual = {"account:why": {"kind": "user"}, "grading:why": {"course": "5"}}.get(name, {})
    for field, values in ASKED[name].items():
        for value in values:
            answer = stage.page(stage.path(name, args), **usual | {field: value})
            assert answer.status_code in (200, 303, 404, 502), (field, value)
