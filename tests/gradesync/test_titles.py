"""Titles that fit, are unique, and stay (F60)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradesync.titles import Given, cut, fitted, folded, tidy

LONG = "Persuasive essay: should the school day begin later?"
sources = st.dictionaries(
    st.integers(1, 9999).map(str),
    st.sampled_from(["Quiz", "quiz ", "Quiz 1", LONG, LONG + "!", "", "é́́" * 40, "👩‍👩‍👧‍👦" * 12])
    | st.text(max_size=60),
    max_size=12,
)
limits = st.sampled_from([8, 30, 255])


def test_a_title_that_fits_is_sent_as_it_is():
    assert fitted({"1": "Quiz 1"}, 30) == {"1": "Quiz 1"}


def test_a_long_title_is_cut_at_a_word_and_tagged():
    [title] = fitted({"7": LONG}, 30).values()
    assert title.startswith("Persuasive essay: should #")
    assert len(title) <= 30


def test_the_older_of_two_equal_titles_keeps_it():
    titles = fitted({"10": "Quiz", "9": "quiz"}, 30)
    assert titles["9"] == "quiz"
    assert titles["10"].startswith("Quiz #")


def test_a_title_that_q_holds_already_is_not_used_again():
    titles = fitted({"1": "Quiz"}, 30, taken=["QUIZ"])
    assert titles["1"] != "Quiz"
    assert titles["1"].startswith("Quiz #")


def test_two_tags_that_would_be_equal_are_told_apart():
    first = fitted({"1": LONG}, 30)["1"]
    again = fitted({"1": LONG}, 30, taken=[first])["1"]
    assert again != first
    assert len(again) <= 30


def test_a_work_without_a_name_has_a_title():
    assert fitted({"1": " \n"}, 30) == {"1": "Untitled"}


def test_a_title_that_was_sent_stays_when_the_older_one_goes():
    both = fitted({"1": "Quiz", "2": "Quiz"}, 30)
    given_ = {"2": Given("Quiz", both["2"])}
    assert fitted({"2": "Quiz"}, 30, given=given_) == {"2": both["2"]}


def test_a_renamed_work_gets_a_new_title():
    given_ = {"2": Given("Quiz", "Quiz #abcd")}
    assert fitted({"2": "Test"}, 30, given=given_) == {"2": "Test"}


def test_a_title_given_under_a_longer_limit_is_made_again():
    given_ = {"1": Given(LONG, LONG)}
    assert len(fitted({"1": LONG}, 30, given=given_)["1"]) <= 30


def test_a_sign_is_not_cut_in_two():
    family = "👩‍👩‍👧"
    assert cut(family * 3, 6) == family
    assert cut("cafe\u0301", 4) == "caf"


def test_a_limit_without_room_for_a_tag_is_refused():
    with pytest.raises(ValueError, match="7 characters"):
        fitted({"1": "Quiz"}, 7)


@given(sources, limits)
def test_f60_every_title_fits_and_is_unique(works, limit):
    titles = fitted(works, limit)
    assert titles.keys() == works.keys()
    assert all(0 < len(title) <= limit for title in titles.values())
    assert len({folded(title) for title in titles.values()}) == len(titles)


@given(sources, limits, st.randoms(use_true_random=False))
def test_f60_titles_do_not_depend_on_the_order(works, limit, random):
    shuffled = list(works.items())
    random.shuffle(shuffled)
    assert fitted(dict(shuffled), limit) == fitted(works, limit)


@given(sources, sources, st.sampled_from([30, 255]))
def test_f60_a_title_that_was_sent_stays_whoever_comes_or_goes(works, others, limit):
    given_ = {key: Given(works[key], title) for key, title in fitted(works, limit).items()}
    later = {**others, **dict(list(works.items())[::2])}
    titles = fitted(later, limit, given=given_)
    assert all(titles[key] == given_[key].title for key in list(works)[::2])


@given(st.text())
def test_tidying_twice_is_tidying_once(title):
    assert tidy(tidy(title)) == tidy(title)
