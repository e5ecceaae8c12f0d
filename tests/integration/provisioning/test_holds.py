"""When a plan waits for a person."""

from __future__ import annotations

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from integration.provisioning.holds import (
    SENTENCES,
    Hold,
    Limits,
    Tally,
    adoption,
    holds,
    id_scheme,
    sentence,
)
from integration.saying import said

DEFAULT = Limits()


def test_large_numbers_are_grouped_as_the_readers_language_does():
    told = sentence(Hold("too-many-removed", "enrollments", 6_995, 0.043, 2_000))
    assert told == "6,995 enrollments would be removed (4.3%; the limit is 2,000)."
    with translation.override("es"):
        assert "6\N{NO-BREAK SPACE}995 inscripciones" in said(told)
        assert "2\N{NO-BREAK SPACE}000" in said(told)


def found(*tallies: Tally, limits: Limits = DEFAULT) -> list[tuple[str, str]]:
    return [(hold.code, hold.school) for hold in holds(tallies, limits)]


REMOVED = [
    # accepted, removed, held
    (1000, 0, False),
    (1000, 100, False),  # exactly 10 %
    (1000, 101, True),  # 10 % and one row
    (50, 5, False),
    (50, 6, True),
    (59, 5, False),
    (10, 5, False),  # half of a small kind: the floor
    (10, 6, True),
    (3, 2, False),
    (7, 6, True),
    (19_999, 1_999, False),
    (20_000, 2_000, False),  # 10 % is the ceiling here
    (20_000, 2_001, True),
    (1_000_000, 2_000, False),
    (1_000_000, 2_001, True),  # 0.2 %, and more people than one wants to lose
]


@pytest.mark.fault("F39")
@pytest.mark.parametrize(("accepted", "removed", "held"), REMOVED)
def test_removals_wait_above_a_tenth_or_above_two_thousand(accepted, removed, held):
    tally = Tally("enrollments", "", accepted, removed=removed)
    assert found(tally) == ([("too-many-removed", "")] if held else [])


@pytest.mark.parametrize(
    ("accepted", "changed", "held"),
    [
        (100, 75, False),
        (100, 76, True),
        (10_000, 7_500, False),
        (10_000, 7_501, True),
        (50, 50, False),
        (60, 50, False),
        (60, 51, True),
    ],
)
def test_changes_wait_above_three_quarters(accepted, changed, held):
    tally = Tally("users", "", accepted, changed=changed)
    assert found(tally) == ([("too-many-changed", "")] if held else [])


@pytest.mark.fault("F39")
@pytest.mark.parametrize("removed", [0, 5, 5000])
def test_a_first_run_has_nothing_to_lose(removed):
    assert found(Tally("users", "", 0, removed=removed, changed=removed, kept=removed)) == []


@pytest.mark.parametrize("count", [1, 3, 40_000])
@pytest.mark.parametrize("how", ["removed", "kept"])
def test_a_kind_that_falls_to_zero_waits_however_small(count, how):
    assert found(Tally("terms", "", count, **{how: count})) == [("empty-feed", "")]


def test_removed_and_kept_together_can_be_all_there_was():
    assert found(Tally("terms", "", 3, removed=1, kept=2)) == [("empty-feed", "")]


def test_one_school_falling_to_zero_is_not_an_empty_feed():
    tallies = [Tally("users", "n", 3, kept=3), Tally("users", "s", 100)]
    assert found(*tallies) == []


@pytest.mark.parametrize(
    ("kept", "codes"), [(10, []), (11, [("short-feed", "")]), (100, [("empty-feed", "")])]
)
def test_many_that_are_gone_from_q_and_never_taken_away_mean_a_short_feed(kept, codes):
    assert found(Tally("users", "", 100, kept=kept)) == codes


def test_a_school_has_limits_of_its_own():
    tallies = [Tally("users", "n", 100, removed=11), Tally("users", "s", 900)]
    assert found(*tallies) == [("too-many-removed", "n")]


def test_the_total_counts_where_no_school_breaks_a_limit():
    tallies = [Tally("users", f"s{number:02}", 40, removed=5) for number in range(10)]
    (hold,) = holds(tallies, DEFAULT)
    assert hold == Hold("too-many-removed", "users", 50, 0.125, 40)


def test_a_share_is_told_to_the_hundredth_of_a_percent():
    (hold,) = holds([Tally("users", "", 300, removed=100)], DEFAULT)
    assert hold.share == 0.3333


def test_changes_and_removals_are_told_apart_and_both_told():
    tally = Tally("users", "n", 100, removed=11, changed=80, kept=30)
    assert found(tally) == [
        *(("too-many-changed", ""), ("too-many-removed", "")),
        *(("too-many-changed", "n"), ("too-many-removed", "n")),
    ]


@pytest.mark.parametrize("how", ["removed", "kept", "changed"])
def test_rows_of_no_school_are_not_taken_for_the_whole_district(how):
    alone = Tally("users", "", 60, **{how: 60})
    assert found(alone, Tally("users", "n", 10_000)) == []


def test_kinds_do_not_mix():
    tallies = [Tally("users", "", 10, removed=6), Tally("terms", "", 1000)]
    assert [hold.kind for hold in holds(tallies, DEFAULT)] == ["users"]


@pytest.mark.parametrize(
    ("share", "accepted", "limit"),
    [(0.29, 100, 29), (0.57, 100, 57), (0.1, 70, 7), (0.07, 100, 7), (0.33, 10, 5), (0.1, 99, 9)],
)
def test_a_share_is_counted_as_it_is_written(share, accepted, limit):
    assert Limits(removed_share=share).removable(accepted) == limit
    assert Limits(changed_share=share, changed_floor=5).changeable(accepted) == limit


def test_a_district_may_set_every_limit():
    limits = Limits(0.5, 2, 10, 0.2, 1)
    assert [limits.removable(accepted) for accepted in (1, 4, 10, 100)] == [2, 2, 5, 10]
    assert [limits.changeable(accepted) for accepted in (1, 10)] == [1, 2]


schools = st.lists(st.tuples(st.integers(1, 3000), st.integers(0, 300)), min_size=1, max_size=8)


@given(schools)
def test_holds_do_not_depend_on_the_order_of_the_schools(counts):
    tallies = [
        Tally("users", f"s{number}", accepted, removed=min(accepted, removed))
        for number, (accepted, removed) in enumerate(counts)
    ]
    assert holds(tallies, DEFAULT) == holds(reversed(tallies), DEFAULT)


@given(st.integers(0, 100_000), st.integers(0, 100_000))
def test_a_larger_kind_never_has_a_smaller_limit(one, other):
    small, large = sorted((one, other))
    assert DEFAULT.removable(small) <= DEFAULT.removable(large) <= 2000
    assert DEFAULT.changeable(small) <= DEFAULT.changeable(large)


# --- in words -----------------------------------------------------------------------------------


def test_a_hold_as_an_object_names_a_school_only_if_there_is_one():
    hold = Hold("short-feed", "users", 11, 0.11, 10).as_dict()
    assert list(hold.items())[:3] == [("code", "short-feed"), ("kind", "users"), ("count", 11)]
    assert "school" not in hold
    assert Hold("short-feed", "users", 11, 0.11, 10, "n").as_dict() == hold | {"school": "n"}


def test_a_hold_in_words_gives_count_share_and_limit():
    text = "11 users would be removed (11.0%; the limit is 10)."
    assert sentence(Hold("too-many-removed", "users", 11, 0.11, 10)) == text
    assert sentence(Hold("too-many-removed", "users", 11, 0.11, 10, "n")) == f"School n: {text}"


@pytest.mark.parametrize("code", SENTENCES)
def test_every_hold_has_a_whole_sentence(code):
    said = sentence(Hold(code, "users", 11, 0.11, 10))
    assert said.endswith(".") and "11" in said and "{" not in said


# --- beside the limits --------------------------------------------------------------------------


def test_whoever_would_take_over_an_account_made_by_hand_waits():
    assert adoption(0, 9) == []
    assert adoption(1, 8) == [Hold("adopts-logins", "users", 1, 0.125, 0)]


@pytest.mark.fault("F11")
@pytest.mark.parametrize(
    ("count", "accepted", "limit"), [(5, 10, None), (6, 10, 5), (50, 1000, None), (51, 1000, 50)]
)
def test_more_than_a_twentieth_and_five_under_new_ids_is_a_change_of_ids(count, accepted, limit):
    assert [hold.limit for hold in id_scheme("users", count, accepted)] == [limit] * bool(limit)
