"""Which category: by id, never of another class (F52)."""

from __future__ import annotations

import pytest

from gradesync.categories import category_for, offered
from integration.oneroster.gradebook_types import Category

HOMEWORK = Category("k1", "Homework")
OWN = Category("k2", "homework ", class_id="c1")
FOREIGN = Category("k3", "Homework", class_id="c2")
TESTS = Category("k4", "Tests")
RETIRED = Category("k5", "Homework", is_active=False)


def chosen(
    categories: list[Category], group: str = "Homework", link: str = "", default: str = ""
) -> tuple[str, str]:
    choice = category_for(group, link, default, categories, "c1")
    return choice.how, choice.category.sourced_id if choice.category else ""


@pytest.mark.parametrize(
    ("categories", "group", "link", "default", "expected"),
    [
        ([HOMEWORK, TESTS], "Homework", "k4", "", ("chosen", "k4")),
        ([HOMEWORK], "Homework", "k4", "", ("gone", "")),
        ([HOMEWORK, FOREIGN], "Homework", "k3", "", ("gone", "")),
        ([RETIRED, TESTS], "Homework", "k5", "", ("gone", "")),
        ([HOMEWORK, TESTS], " HOMEWORK", "", "", ("name", "k1")),
        ([HOMEWORK, OWN], "Homework", "", "", ("name", "k2")),
        ([HOMEWORK, FOREIGN], "Homework", "", "", ("name", "k1")),
        ([FOREIGN], "Homework", "", "", ("none", "")),
        ([HOMEWORK, Category("k6", "Homework")], "Homework", "", "", ("none", "")),
        ([RETIRED], "Homework", "", "", ("none", "")),
        ([TESTS], "Homework", "", "k4", ("default", "k4")),
        ([TESTS], "Homework", "", "tests", ("default", "k4")),
        ([TESTS], "Homework", "", "k9", ("none", "")),
        ([HOMEWORK, TESTS], "Homework", "", "k4", ("name", "k1")),
    ],
)
def test_f52_by_id_else_by_name_else_the_default(categories, group, link, default, expected):
    assert chosen(categories, group, link, default) == expected


def test_f52_a_renamed_group_or_category_keeps_its_link():
    renamed = Category("k1", "Home work")
    assert chosen([renamed], group="Übungen", link="k1") == ("chosen", "k1")


def test_f52_another_classs_category_is_not_even_offered():
    assert offered([HOMEWORK, OWN, FOREIGN, RETIRED], "c1") == [HOMEWORK, OWN]
