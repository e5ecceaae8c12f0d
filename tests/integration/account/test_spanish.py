"""Every text of the administrator's and the invited pages can be translated, and Spanish has it."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

import pytest

import integration
from gradesync import explain as of_scores
from integration.account import causes
from integration.errors import QSyncError
from integration.models import District, ProvisioningPolicy
from integration.provisioning import explain, found_about, holds, not_yet, problems
from tests.gradesync.screens.test_spanish import FUNCTIONS, ROOT, is_said, of_template, spanish
from tests.integration.account.test_pages import a_plan, ended
from tests.integration.account.visiting import installed, visit, words
from tests.lti import people

LOCALE = "https://purl.imsglobal.org/spec/lti/claim/launch_presentation"
# Said to programs and to whoever types commands.
TO_MACHINES = ("integration.api", "integration.management", "integration.cluster")


def of_templates() -> Iterator[str]:
    for path in (*ROOT.glob("templates/account/*.html"), *ROOT.glob("templates/invited/*.html")):
        yield from of_template(path)


def of_python() -> Iterator[str]:
    paths = [*(ROOT / "integration").rglob("*.py"), *(ROOT / "gradesync").rglob("*.py")]
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text())):
            named = getattr(getattr(node, "func", None), "id", "")
            is_text = isinstance(node, ast.Call) and node.args and named in {*FUNCTIONS, "Phrase"}
            if is_text and isinstance(node.args[0], ast.Constant):  # type: ignore[attr-defined]
                yield str(node.args[0].value)  # type: ignore[attr-defined]


def of_tables() -> Iterator[str]:
    """What Python says through phrases and `|said`."""
    for reason, remedy in problems.TABLE.values():
        yield from (reason, remedy)
    yield from holds.SENTENCES.values()
    for table in (explain.ACCEPTED, explain.PLANNED, not_yet.PLANS, not_yet.NIGHTS):
        yield from table.values()
    yield from (explain.IMPORTED, explain.NEVER, explain.NOT_KNOWN, explain.NOT_THERE)
    yield from (explain.OF_RESTING_SCHOOL, not_yet.OUT_OF_DATE, not_yet.HELD_BY_WISH)
    yield causes.ADVICE
    yield from (found_about.OUTDATED, found_about.CROWDED)
    for one in (explain.Verdict, of_scores.Verdict):
        yield from one.__args__
    yield from (*of_scores._STATUS.values(), *of_scores._HAPPENED.values())


def of_errors() -> Iterator[str]:
    """What to do about each error that a person may meet on a page."""
    for module in pkgutil.walk_packages(integration.__path__, "integration."):
        if not module.name.startswith((*TO_MACHINES, "integration.settings", "integration.wsgi")):
            importlib.import_module(module.name)
    found: list[type[QSyncError]] = [QSyncError]
    for one in found:
        found += one.__subclasses__()
        if one.__module__.startswith("integration") and not one.__module__.startswith(TO_MACHINES):
            yield one.remedy


def test_spanish_has_every_text():
    known = spanish()
    asked = {*of_templates(), *of_python(), *of_tables(), *of_errors()} - {""}
    assert len(asked) > 750
    assert sorted(one for one in asked if not known.get(one)) == []


PAGES = ("", "runs/", "rules/", "connections/", "connections/q/", "connections/canvas/", "why/",
         "connections/canvas/sign-in/", "tokens/", "evaluation/", "supported/", "audit/", "help/",
         "grades/why/")  # fmt: skip


@pytest.mark.django_db
@pytest.mark.one_database
def test_a_spanish_speaking_administrator_meets_no_english():
    district = District.objects.create(slug="lakeside", name="Unificado")
    ProvisioningPolicy.objects.create(district=district)
    run = a_plan(district, schools=2, lines=8)
    ended(district, state="failed", error={"message": "Q: 503.", "remedy": "", "code": "x"})
    admin = visit(installed(district), people.ada() | {LOCALE: {"locale": "es"}})
    long = [one for one, said in spanish().items() if len(one) > 14 and "%" not in one
            and "{" not in one and "|" not in one and one != said]  # fmt: skip
    for path in (*PAGES, f"runs/{run.pk}/", f"runs/{run.pk}/changes/"):
        answer: Any = admin.get(path)
        assert b'<html lang="es"' in answer.content, path
        read = words(answer)
        assert [one for one in long if is_said(one, read)] == [], path


def test_a_phrase_is_said_again_with_its_words_in_the_other_language(settings: Any):
    from django.utils.translation import override

    from integration.phrases import Phrase
    from integration.saying import said

    told = Phrase("Of its {what} {id}: {reason}", what=Phrase("class"), id="{K1}", reason="x")
    assert told == "Of its class {K1}: x"
    with override("es"):
        assert said(told) == "De su clase {K1}: x"
