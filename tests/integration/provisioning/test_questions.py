"""Whom and what an undo asks Canvas about: as few questions as will do."""

from __future__ import annotations

import random

import pytest

from integration.provisioning.questions import persons_to_ask


def sections_left(pairs, persons):
    return {section for section, person in pairs if person not in persons}


def test_a_new_student_in_seven_classes_is_one_question():
    assert persons_to_ask([(f"K{number}", "NEW") for number in range(7)]) == {"NEW"}


def test_a_class_of_thirty_is_one_question():
    assert persons_to_ask([("K1", f"P{number}") for number in range(30)]) == set()


def test_a_new_student_and_a_class_that_filled_up_are_two_questions():
    pairs = [(f"K{number}", "NEW") for number in range(7)]
    pairs += [("BAND", f"P{number}") for number in range(30)]
    persons = persons_to_ask(pairs)
    assert (persons, sections_left(pairs, persons)) == ({"NEW"}, {"BAND"})


def test_nobody_is_asked_about_whose_sections_are_asked_about_anyway():
    pairs = [("BAND", "NEW"), *(("BAND", f"P{number}") for number in range(30))]
    assert persons_to_ask(pairs) == set()


@pytest.mark.parametrize("seed", range(20))
def test_there_are_never_more_questions_than_sections(seed):
    dice = random.Random(seed)
    sections, people = dice.randint(1, 40), dice.randint(1, 40)
    pairs = list(
        {
            (f"K{dice.randrange(sections)}", f"P{dice.randrange(people)}")
            for _ in range(dice.randint(1, 200))
        }
    )
    persons = persons_to_ask(pairs)
    asked = len(persons) + len(sections_left(pairs, persons))
    assert asked <= len({section for section, _ in pairs})
