"""Many rows at once, on whichever database there is."""

from __future__ import annotations

import traceback
from datetime import UTC, datetime

import pytest
from django.db import IntegrityError
from hypothesis import given
from hypothesis import strategies as st

from integration import bulk
from integration.models import Change, District, RosterRow, Run

FIELDS = ("district", "kind", "key", "school", "digest", "row", "origin", "removed_at", "run")
AT = datetime(2026, 8, 15, 7, 0, 0, 123456, tzinfo=UTC)


@given(st.lists(st.integers(), max_size=30), st.integers(1, 7))
def test_batches_hold_everything_once_in_order_and_never_too_much(items, size):
    batches = list(bulk.batches(iter(items), size))
    assert [item for batch in batches for item in batch] == items
    assert all(0 < len(batch) <= size for batch in batches)
    assert all(len(batch) == size for batch in batches[:-1])


def test_batches_take_no_more_than_they_give():
    taken = []
    source = (taken.append(number) or number for number in range(100))
    assert next(bulk.batches(source, 3)) == [0, 1, 2]
    assert taken == [0, 1, 2]


@pytest.fixture
def district(db):
    return District.objects.create(slug="lakeside", name="Lakeside")


def row(district, key="u1", *, digest=b"\x00\xff" * 8, text="[]", at=AT, run=None):
    return (district.pk, "users", key, "north", digest, text, "ours", at, run)


def stored(key: str) -> RosterRow:
    return RosterRow.objects.get(key=key)


def test_a_row_comes_back_as_it_went_in(district):
    bulk.insert(RosterRow, FIELDS, [row(district)])
    one = stored("u1")
    assert (one.district, one.kind, one.origin, one.removed_at) == (district, "users", "ours", AT)
    assert (bytes(one.digest), one.run, one.school) == (b"\x00\xff" * 8, None, "north")


@pytest.mark.parametrize(
    "text",
    ["", "\\N", "\\", "a\tb", "a\nb", "a\r\nb", "\x1f", "Zoë 😀", "‏עברית", "%s", "'; --", "{"],
)
def test_text_of_every_kind_comes_back_as_it_was(district, text):
    bulk.insert(RosterRow, FIELDS, [row(district, key=f"key {text}", text=text)])
    assert stored(f"key {text}").row == text


def test_nothing_is_told_from_blank(district):
    bulk.insert(RosterRow, FIELDS, [row(district, at=None)])
    assert stored("u1").removed_at is None


def test_columns_named_by_words_of_sql_are_columns(district):
    run = Run.objects.create(district=district, kind=Run.Kind.PROVISIONING)
    fields = ("run", "kind", "key", "group", "action", "before", "after", "digest")
    fields += ("reason", "state", "message")
    values = (run.pk, "users", "u1", "north", "added", "", "[]", b"\x01", "", "planned", "")
    bulk.insert(Change, fields, [values])
    assert Change.objects.get().group == "north"


def test_no_rows_are_no_rows(district):
    bulk.insert(RosterRow, FIELDS, iter([]))
    assert not RosterRow.objects.exists()


def test_more_rows_than_a_batch_all_arrive(district):
    count = bulk.BATCH + 1
    bulk.insert(RosterRow, FIELDS, (row(district, str(number)) for number in range(count)))
    assert RosterRow.objects.count() == count


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("place", [1, bulk.BATCH + 5], ids=["first batch", "second batch"])
def test_either_all_rows_arrive_or_none(place):
    district = District.objects.create(slug="lakeside", name="Lakeside")
    rows = (row(district, str(min(number, place - 1))) for number in range(place + 1))
    with pytest.raises(IntegrityError):
        bulk.insert(RosterRow, FIELDS, rows)
    assert not RosterRow.objects.exists()


def test_a_source_that_fails_leaves_nothing_behind(district):
    def rows():
        yield row(district)
        raise RuntimeError("Q hung up")

    with pytest.raises(RuntimeError, match="hung up"):
        bulk.insert(RosterRow, FIELDS, rows())
    assert not RosterRow.objects.exists()


def test_what_is_refused_is_not_quoted(district):
    name = "Reed"[::-1]
    with pytest.raises(IntegrityError) as told:
        bulk.insert(RosterRow, FIELDS, [row(district), row(district, key=name, text=None)])
    assert "null" in str(told.value).lower()
    assert name not in "".join(traceback.format_exception(told.value))


def test_a_thousand_rows_are_no_thousand_queries(district, django_assert_max_num_queries):
    with django_assert_max_num_queries(5):
        bulk.insert(RosterRow, FIELDS, (row(district, str(number)) for number in range(1000)))


def test_names_that_change_places_are_not_confused(district):
    bulk.insert(RosterRow, FIELDS, [row(district, key=key) for key in ("u1", "u2", "u3")])
    for key in ("u1", "u2", "u3"):
        RosterRow.objects.filter(key=key).update(school=key)
    bulk.rename(RosterRow.objects.all(), "school", {"u1": "u2", "u2": "u1", "u9": "u3"})
    assert {one.key: one.school for one in RosterRow.objects.all()} == {
        "u1": "u2",
        "u2": "u1",
        "u3": "u3",
    }


def test_a_thousand_names_are_few_questions(district, django_assert_max_num_queries):
    bulk.insert(RosterRow, FIELDS, [row(district, key=f"u{one}") for one in range(1000)])
    with django_assert_max_num_queries(8):
        bulk.rename(
            RosterRow.objects.filter(district=district),
            "key",
            {f"u{one}": f"guid-{one}" for one in range(1000)},
        )
    assert not RosterRow.objects.filter(key__startswith="u").exists()
