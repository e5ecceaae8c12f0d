"""Thirty students, twelve assignments of every kind: Q holds what the plan said, and no more."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest

from gradesync import stored
from gradesync.lines import intended
from integration.models import Run


@pytest.fixture
def students() -> int:
    return 30


def planned(run_id: int) -> dict[tuple[str, str], tuple[str, Decimal | None]]:
    """What a plan says that Q holds afterwards."""
    run = Run.objects.get(pk=run_id)
    titles = {one.item: one.title for one in stored.item_lines(run)}
    found = {}
    for line in stored.score_lines(run):
        value = intended(line) if line.verb else line.q
        if value is not None:
            found[titles[line.item], line.student_sourced_id] = (value.status, value.score)
    return found


def test_q_holds_exactly_what_the_plan_said_and_then_nothing_is_written(course, sync, choose):
    course.fill()
    choose(closed_periods="send")
    code, shown = sync("--preview")
    assert (code, shown["state"]) == (2, "held")
    assert course.writes() == Counter()

    code, sent = sync(f"--approve={shown['digest']}")
    assert code == 0, sent
    new = shown["counts"]["result"]["new"]
    assert sent["sent"] == {"line_items": shown["counts"]["line_item"]["new"], "results": new}
    assert new > 200, shown
    assert course.scores() == planned(shown["run"])
    assert course.writes() == {"PUT lineItems": sent["sent"]["line_items"], "PUT results": new}

    course.forget()
    code, again = sync()
    assert (code, course.writes()) == (0, Counter())
    assert again["sent"] == {"line_items": 0, "results": 0}


def test_five_changed_one_excused_one_removed_one_hidden_travel_and_nothing_else(course, sync):
    essay, lab = course.make("Essay"), course.make("Lab")
    people = [f"P1-{number}" for number in range(30)]
    for number, student in enumerate(people):
        course.grade(essay, student, number % 20)
    course.grade(lab, people[0], 7)
    assert sync()[0] == 0
    assert len(course.scores()) == 31

    before = course.scores()
    for student in people[:5]:
        course.grade(essay, student, 19.5)
    course.mark(essay, people[5], excuse=True)
    course.grade(essay, people[6], "")
    course.hide(lab)
    course.grade(lab, people[0], 9)
    course.hide(lab)
    course.forget()
    code, sent = sync()

    assert code == 0, sent
    assert course.writes() == {"PUT results": 6, "DELETE results": 1}
    after = {**before, **{("Essay", one): ("fully graded", Decimal("19.5")) for one in people[:5]}}
    after["Essay", people[5]] = ("exempt", None)
    del after["Essay", people[6]]
    assert course.scores() == after
    assert after["Lab", people[0]] == ("fully graded", Decimal(7))
