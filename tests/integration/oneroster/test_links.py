"""The walk over pages where only links lead on: what they leave out, and where they end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.integration.oneroster.test_paging import arrival, walk_through


@given(
    number=st.integers(0, 60),
    limit=st.integers(1, 20),
    most=st.integers(1, 20),
)
def test_what_a_link_leaves_out_because_pages_are_clamped_is_read(number, limit, most):
    rows = [f"u{n}" for n in range(number)]

    def provider(ask):
        page = rows[ask.offset : ask.offset + min(ask.limit, most)]
        following = ask.offset + ask.limit
        return arrival(page, next_offset=following if following < number else None)

    proof, got = walk_through(provider, limit=limit)
    assert got == rows
    assert proof.complete


@given(
    limit=st.integers(1, 20),
    more=st.integers(1, 40),
    hidden=st.sets(st.integers(0, 59)),
)
def test_a_provider_that_hides_some_records_of_each_page_is_read_whole(limit, more, hidden):
    number = limit + more

    def provider(ask):
        until = ask.offset + ask.limit
        page = [f"u{n}" for n in range(ask.offset, min(until, number)) if n not in hidden]
        return arrival(page, next_offset=until if until < number else None)

    proof, got = walk_through(provider, limit=limit)
    assert got == [f"u{n}" for n in range(number) if n not in hidden]
    # Nobody can tell a page whose records are all hidden from one that failed.
    starts = range(0, number - limit, limit)
    assert proof.complete or any(set(range(one, one + limit)) <= hidden for one in starts)


@pytest.mark.parametrize("empty", [0, 10, 20])
def test_an_empty_page_that_says_more_follows_ends_nothing_and_proves_nothing(empty):
    rows = [f"u{n}" for n in range(25)]

    def provider(ask):
        page = [] if ask.offset == empty else rows[ask.offset : ask.offset + ask.limit]
        following = ask.offset + ask.limit
        return arrival(page, next_offset=following if following < len(rows) + 10 else None)

    proof, got = walk_through(provider, limit=10)
    assert got == rows[:empty] + rows[empty + 10 :]
    assert not proof.complete


def test_a_provider_that_always_links_on_is_read_whole_and_left_after_ten_empty_pages():
    rows = [f"u{n}" for n in range(25)]

    def provider(ask):
        page = rows[ask.offset : ask.offset + ask.limit]
        return arrival(page, next_offset=ask.offset + ask.limit)

    proof, got = walk_through(provider, limit=10)
    assert got == rows
    assert proof.complete
    assert proof.pages == 3 + 1 + 10  # the last page is short: is there anything behind it?


def test_a_gap_that_is_refused_leaves_the_reading_unproven():
    rows = [f"u{n}" for n in range(30)]

    def provider(ask):
        page = rows[ask.offset : ask.offset + min(ask.limit, 8)]
        following = ask.offset + 10
        return arrival(page, next_offset=following if following < len(rows) else None)

    proof, got = walk_through(provider, limit=10, refuses=lambda ask: ask.purpose == "gap")
    assert len(got) == 26
    assert not proof.complete
