"""What Python tells an administrator: with a page to go to, without our own words, in Spanish."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.core.management import load_command_class
from django.utils.translation import override

from gradesync import trying
from gradesync.catalogue import CATALOGUE
from integration.management.by_command import COMMANDS
from integration.phrases import Phrase, Templates
from integration.provisioning.problems import TABLE
from integration.saying import said
from tests.integration.account.test_spanish import of_tables, of_templates
from tests.integration.account.texts import FILLED, Text, errors, texts

HOLE = re.compile(rf"{FILLED}|\{{\w+\}}")
# A sentence of somebody else's, and then ours.
BEFORE = re.compile(rf"^{FILLED} (?=[A-Z])")
WORD = re.compile(r"[A-Za-z]{2,}")
# Names that are the same in every language.
NAMES = {"Canvas"}
# What only whoever types commands, or has written this product, can do anything with.
OURS = {
    "a command": r"manage\.py|(?<!\S)--[a-z]|\b(provision|sync_grades|qcluster) (--|[A-Z]{3})",
    "what a command is given": r"\b(SLUG|DIGEST|OLD_ID|CANVAS_ID)\b",
    "a file of this product": r"\b\w+\.py\b|change_sis_id",
    "a variable of the environment": r"\b[A-Z]+_[A-Z_]+\b",
    "a word of its makers": r"\b(digest|fence|lease|tenant|idempoten\w+|payload|traceback)\b",
    "one of several": r"\b1 (users|sections|courses|terms|enrollments|records|rows|changes)\b",
}


def told() -> Iterator[Text]:
    """All that can stand on a page beside what the templates say."""
    yield from texts()
    yield from (Text(one.remedy, one.__name__) for one in errors())
    yield from (Text(one, "a table") for one in of_tables())
    for code, entry in CATALOGUE.items():
        yield from (Text(entry.sentence, code), Text(entry.remedy, code))
    for name, sentences in {**trying.FOUND, **trying.NUMBERS}.items():
        yield from (Text(one, name) for one in sentences)


def own_words(text: str) -> set[str]:
    return set(WORD.findall(HOLE.sub(" ", text)))


@pytest.mark.parametrize("what", OURS)
def test_no_text_of_a_page_asks_for(what: str):
    of_pages = (Text(one, "a template") for one in of_templates())
    found = {one for one in (*told(), *of_pages) if re.search(OURS[what], one.words)}
    assert sorted(found) == []


def english_left(text: str, words: str) -> list[str]:
    """Pieces of the English text, of two words or more, that stand in the Spanish one as well."""
    pieces = (piece.strip(" .:;,") for piece in HOLE.split(text))
    return [piece for piece in pieces if len(WORD.findall(piece)) > 1 and piece in words]


def test_a_spanish_speaking_administrator_is_told_everything_in_spanish():
    asked = [one for one in told() if own_words(one.words) - NAMES and one.words != "Nothing."]
    assert len(asked) > 700
    with override("es"):
        left = {
            one
            for one in asked
            if (words := said(BEFORE.sub("", one.words))) == one.words
            or english_left(one.words, words)
        }
    assert sorted(left) == []


@pytest.mark.parametrize(
    ("stored", "read"),
    [
        ("Run 12 was interrupted 3 times.", "La ejecución 12 se interrumpió 3 veces."),
        ("reading users again", "leyendo usuarios otra vez"),
        (
            "1,204 users of Canvas are not in Q.",
            "Hay 1\xa0204 usuarios de Canvas que no están en Q.",
        ),
        ("1 user of Canvas is not in Q.", "Hay 1 usuario de Canvas que no está en Q."),
        (
            "Nothing of this plan was sent, because it was made more than 24 hours ago.",
            "No se envió nada de este plan, porque se hizo hace más de 24 horas.",
        ),
        (
            "Choose “identifier” as a user's SIS ID on the page “Rules”: 6 of them have the ID "
            "that Canvas knows there. Or: Correct the record in Q.",
            "Elija «identifier» como SIS ID de un usuario en la página «Reglas»: 6 de ellos tienen "
            "allí el ID que Canvas conoce. O bien: Corrija el registro en Q.",
        ),
        (
            "Canvas refused this row. users: login is taken",
            "Canvas rechazó esta fila. users: login is taken",
        ),
        (
            "GET classes was answered with 403. The provider says: Not for you.",
            "A GET classes se respondió con 403. El proveedor dice: Not for you.",
        ),
    ],
)
def test_a_stored_text_is_read_in_spanish_and_data_stays_as_it_is(stored: str, read: str):
    assert said(stored) == stored
    with override("es"):
        assert said(stored) == read


def test_what_stands_behind_a_sentence_is_not_taken_for_a_button_of_ours():
    with override("es"):
        assert said("Help") == "Ayuda"
        stored = "Canvas refused this row. users: Help"
        assert said(stored) == "Canvas rechazó esta fila. users: Help"


def test_somebody_else_s_text_of_many_sentences_is_told_as_it_is():
    words = " ".join(["a."] * 1_500)
    with override("es"):
        assert said(words) == words


def test_what_was_filled_in_without_a_word_between_is_not_taken_apart():
    assert Templates(["{value} was sent{run}{by}."]).phrase("7 was sent in run 3 by Ada.") is None


def test_of_two_templates_that_fit_the_closer_one_is_meant():
    known = Templates(["{what} of Canvas", "{number} rows of Canvas", "{a} {b}"])
    found = known.phrase("3 rows of Canvas")
    assert isinstance(found, Phrase)
    assert (found.template, found.values) == ("{number} rows of Canvas", {"number": "3"})
    assert known.phrase("nothing alike") is None


def test_what_a_command_does_instead_of_a_page_is_a_command_that_exists():
    codes = {one.code for one in errors()} | TABLE.keys() | {"evaluation.fix.ids-differ"}
    assert COMMANDS.keys() <= codes
    for line in (line for lines in COMMANDS.values() for line in lines):
        name, *words = line.split()
        app = "gradesync" if name == "sync_grades" else "integration"
        parser = load_command_class(app, name).create_parser("manage.py", name)
        known = {option for action in parser._actions for option in action.option_strings}
        assert {word for word in words if word.startswith("--")} <= known, line
