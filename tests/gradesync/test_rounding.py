"""One rounding, and the same number however often it is made (F55)."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradesync.rounding import percent, rounded

TABLE = [
    ("89.995", 2, "90"),
    ("0.30000000000000004", 2, "0.3"),
    ("33.333333", 2, "33.33"),
    ("1e-7", 2, "0"),
    ("-0.001", 2, "0"),
    ("-0.005", 2, "-0.01"),
    ("2.5", 0, "3"),
    ("3.5", 0, "4"),
    ("100", 2, "100"),
    ("1E+3", 2, "1000"),
    ("17.50", 2, "17.5"),
]


@pytest.mark.parametrize(("given_", "places", "expected"), TABLE)
def test_f55_half_up_at_the_places_that_were_chosen(given_, places, expected):
    assert str(rounded(Decimal(given_), places)) == expected


def test_f55_a_hundred_by_three_is_rounded_once():
    assert rounded(percent(Decimal(1), Decimal(3)), 2) == Decimal("33.33")
    # Rounded to two places first, this would be 0.445 and then 0.45.
    assert rounded(percent(Decimal("0.4449"), Decimal(100)), 2) == Decimal("0.44")


@given(st.decimals(-(10**6), 10**6, places=8), st.integers(0, 4))
def test_f55_the_same_number_after_thirty_runs(number, places):
    first = rounded(number, places)
    again = first
    for _ in range(30):
        again = rounded(Decimal(str(again)), places)  # over the wire and back
    assert str(again) == str(first)
    assert abs(first - number) <= Decimal("0.5").scaleb(-places)


@pytest.mark.parametrize("odd", ["NaN", "Infinity", "1E+70"])
def test_what_is_no_number_is_refused(odd):
    with pytest.raises(InvalidOperation):
        rounded(Decimal(odd), 2)
