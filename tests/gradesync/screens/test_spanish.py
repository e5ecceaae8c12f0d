"""Every text of the teacher's screens can be translated, and Spanish has each of them."""

from __future__ import annotations

import ast
import gettext
import inspect
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.template import engines
from django.templatetags.i18n import BlockTranslateNode, TranslateNode

from gradesync.catalogue import CATALOGUE
from lti import errors
from tests.gradesync.screens.algebra import algebra
from tests.gradesync.screens.stage import Stage, text
from tests.lti import people

ROOT = Path(__file__).parents[3]
SPANISH = ROOT / "locale" / "es" / "LC_MESSAGES"
FUNCTIONS = {"_", "gettext", "gettext_lazy", "ngettext"}
TEMPLATES = [
    path
    for room in ("", "course/", "components/", "lti/")
    for path in ROOT.glob(f"templates/{room}*.html")
]


def spanish() -> dict[str, str]:
    with (SPANISH / "django.mo").open("rb") as file:
        found = gettext.GNUTranslations(file)._catalog
    return {
        key if isinstance(key, str) else key[0]: words
        for key, words in found.items()
        if isinstance(key, str) or key[1] == 0
    }


def of_templates() -> Iterator[str]:
    for path in TEMPLATES:
        yield from of_template(path)


def of_template(path: Path) -> Iterator[str]:
    for node in nodes_in(engines["django"].from_string(path.read_text()).template.nodelist):
        if isinstance(node, TranslateNode):
            context = f"{literal(node.message_context)}\x04" if node.message_context else ""
            yield context + literal(node.filter_expression).replace("%", "%%")
        elif isinstance(node, BlockTranslateNode):
            yield node.render_token_list(node.singular)[0]


def nodes_in(nodes: Iterable[Any]) -> Iterator[Any]:
    """All of them; Django's own search does not look into the blocks of our components."""
    for node in nodes:
        yield node
        for name in {*node.child_nodelists, "nodelist"}:
            yield from nodes_in(getattr(node, name, None) or ())


def literal(expression: Any) -> str:
    return str(getattr(expression.var, "literal", expression.var))


def of_python() -> Iterator[str]:
    for path in (*(ROOT / "gradesync").rglob("*.py"), *(ROOT / "lti").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            is_call = isinstance(node, ast.Call) and getattr(node.func, "id", "") in FUNCTIONS
            if is_call and node.args and isinstance(node.args[0], ast.Constant):
                yield str(node.args[0].value)


def of_tables() -> Iterator[str]:
    """What Python says through `words.sentence` and `|said`."""
    for entry in CATALOGUE.values():
        yield from {entry.sentence, entry.remedy} - {"Nothing."}
    for _, error in inspect.getmembers(errors, inspect.isclass):
        if issubclass(error, errors.LtiError):
            yield error.remedy


def is_said(words: str, page: str) -> bool:
    """Whether they stand on it, not only as the end of longer ones."""
    # Most are not there at all, which is known without a pattern.
    return words in page and bool(re.search(rf"\b{re.escape(words)}", page))


def test_spanish_has_every_text():
    known = spanish()
    asked = {*of_templates(), *of_python(), *of_tables()}
    assert len(asked) > 600
    assert sorted(one for one in asked if not known.get(one)) == []


def test_what_is_compiled_is_what_is_written():
    known, said = spanish(), (SPANISH / "django.po").read_text()
    entry = r'^msgid ("(?:[^"\\]|\\.)*")\n(?:msgid_plural .*\n)?msgstr(?:\[0\])? (".*")$'
    written = re.findall(entry, said, re.MULTILINE)
    assert len(written) > 600
    pairs = ((ast.literal_eval(one), ast.literal_eval(other)) for one, other in written)
    for english, words in pairs:
        if english:
            assert known.get(english, known.get(f"page\x04{english}")) == words


def test_places_to_fill_in_are_the_same():
    for english, words in spanish().items():
        if english:
            for kind in (r"%\((\w+)\)", r"\{([^{}]+)\}"):
                assert set(re.findall(kind, english)) == set(re.findall(kind, words)), english


@pytest.mark.one_database
def test_a_spanish_speaking_teacher_meets_no_english(stage: Stage):
    run = stage.plan(algebra())
    visit = stage.visit(
        people.rosa(section_sis_ids="c1,c2"),
        **{"https://purl.imsglobal.org/spec/lti/claim/launch_presentation": {"locale": "es"}},
    )
    pages = ["", f"previews/{run.pk}/", "settings/", "help/", "history/"]
    shown = [visit.page(path) for path in pages]
    stage.carry_out(run, refuse=2)
    shown += [visit.page(path) for path in (f"runs/{run.pk}/", "history/", "")]
    long = [one for one, words in spanish().items() if len(one) > 14 and "%" not in one
            and "{" not in one and "|" not in one and one != words]  # fmt: skip
    for page in shown:
        assert '<html lang="es"' in page
        read = text(page).replace("&#x27;", "'")
        assert [one for one in long if is_said(one, read)] == []
