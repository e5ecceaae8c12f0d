"""The walk over pages, without a network: against every provider that hypothesis can think of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration.oneroster.asks import Arrival
from integration.oneroster.headers import next_offset, read_total
from integration.oneroster.paging import Walk
from integration.oneroster.tally import PagingStuck

HERE = "https://q.example.org/ims/oneroster/v1p1/users?limit=100&offset=0"


def walk_through(provider, *, limit, ahead=1, refuses=lambda _: False):
    """Walk until the end, `ahead` asks under way; the ids in the order of arrival."""
    walk, waiting, got = Walk(limit), [], []
    while True:
        while len(waiting) < ahead and (ask := walk.next_ask()):
            waiting.append((ask, provider(ask)))
        if not waiting:
            return walk.proof(), got
        ask, arrival = waiting.pop(0)
        if refuses(ask):
            assert walk.refused(ask, is_answer=True)
            continue
        fit = walk.take(ask, arrival)
        got += {"none": [], "rest": arrival.ids[1:]}.get(fit, arrival.ids)


def arrival(ids, **others):
    return Arrival(ids=ids, **others)


def honest(rows, *, most=10_000, says_total=True):
    def provider(ask):
        page = rows[ask.offset : ask.offset + min(ask.limit, most)]
        return arrival(page, total=len(rows) if says_total else None)

    return provider


@given(
    number=st.integers(0, 60),
    limit=st.integers(1, 20),
    most=st.integers(1, 20),
    says_total=st.booleans(),
    ahead=st.integers(1, 6),
)
def test_an_honest_provider_is_read_whole_and_proven_so(number, limit, most, says_total, ahead):
    rows = [f"u{n}" for n in range(number)]
    provider = honest(rows, most=most, says_total=says_total)
    proof, got = walk_through(provider, limit=limit, ahead=ahead)
    assert got == rows
    assert proof.complete
    assert proof.joined == (says_total and (number <= min(limit, most) or min(limit, most) > 1))
    assert proof.distinct == proof.received == number


@pytest.mark.fault("F7")
@given(
    number=st.integers(2, 60),
    limit=st.integers(1, 20),
    ahead=st.integers(1, 4),
    data=st.data(),
)
def test_a_row_that_is_lost_on_the_way_is_never_proven_absent(number, limit, ahead, data):
    rows = [f"u{n}" for n in range(number)]
    lost = data.draw(st.sampled_from(rows))

    def provider(ask):
        page = rows[ask.offset : ask.offset + ask.limit]
        return arrival([row for row in page if row != lost], total=number)

    proof, got = walk_through(provider, limit=limit, ahead=ahead)
    assert lost not in got
    assert not proof.complete


@given(
    number=st.integers(3, 60),
    limit=st.integers(1, 20),
    when=st.integers(1, 5),
    ahead=st.integers(1, 4),
    counts_again=st.booleans(),
)
def test_a_row_deleted_while_reading_never_makes_another_one_absent(
    number, limit, when, ahead, counts_again
):
    rows = [f"u{n}" for n in range(number)]
    kept, asked = list(rows), []

    def provider(ask):
        asked.append(ask)
        if len(asked) == when + 1:
            kept.pop(0)
        page = kept[ask.offset : ask.offset + ask.limit]
        return arrival(page, total=len(kept) if counts_again else number)

    proof, got = walk_through(provider, limit=limit, ahead=ahead)
    assert not proof.complete or set(rows[1:]) <= set(got)


@pytest.mark.fault("F6", "F7")
@given(
    number=st.integers(3, 60),
    limit=st.integers(2, 20),
    ahead=st.integers(1, 4),
    data=st.data(),
)
def test_rows_that_come_and_go_in_equal_numbers_never_make_another_one_absent(
    number, limit, ahead, data
):
    rows = [f"u{n:03}" for n in range(number)]
    kept, asked = list(rows), []
    changes = data.draw(
        st.lists(st.tuples(st.integers(1, 9), st.sampled_from(rows), st.integers(0, 60)))
    )

    def provider(ask):
        asked.append(ask)
        for when, gone, place in changes:
            if when == len(asked) and gone in kept:
                kept.remove(gone)
                kept.append(f"u{place:03}-new-{len(asked)}")
                kept.sort()
        return arrival(kept[ask.offset : ask.offset + ask.limit], total=number)

    try:
        proof, got = walk_through(provider, limit=limit, ahead=ahead)
    except PagingStuck:  # a small page of which all had come: nothing is read, nothing removed
        return
    always = set(rows) - {gone for _, gone, _ in changes}
    assert not (proof.complete and proof.joined) or always <= set(got)


@pytest.mark.fault("F7")
@pytest.mark.parametrize("pages", [1, 2, 3])
@pytest.mark.parametrize("more_go", [0, 1])
def test_a_row_that_is_off_a_full_last_page_for_one_moment_is_never_proven_absent(pages, more_go):
    """One comes while the last page is read, and goes, or another does, before the end is seen."""
    rows = [f"u{n:03}" for n in range(10 + 9 * (pages - 1))]
    kept, asked = list(rows), []

    def provider(ask):
        asked.append(ask)
        if len(asked) == pages:
            kept.insert(len(rows) - 3, "new")
        elif len(asked) == pages + 1:
            del kept[0 : 1 + more_go]
        return arrival(kept[ask.offset : ask.offset + ask.limit], total=len(rows))

    proof, _ = walk_through(provider, limit=10)
    assert not (proof.complete and proof.joined)


def test_a_full_last_page_whose_end_is_not_given_again_is_joined_to_nothing():
    rows = [f"u{n:03}" for n in range(19)]

    def refuses(ask):
        return ask.purpose == "end" and ask.joins

    proof, got = walk_through(honest(rows), limit=10, refuses=refuses)
    assert got == rows
    assert (proof.complete, proof.joined) == (True, False)


@pytest.mark.parametrize("how", ["floor", "ceiling", "nothing"])
def test_a_provider_whose_pages_begin_only_where_others_end_is_read_whole(how):
    rows = [f"u{n}" for n in range(57)]

    def provider(ask):
        number, between = divmod(ask.offset, 10)
        if between and how == "nothing":
            return arrival([], total=57)
        start = 10 * (number + (how == "ceiling" and between > 0))
        return arrival(rows[start : start + 10], total=57)

    proof, got = walk_through(provider, limit=10, ahead=4)
    assert got == rows
    assert (proof.complete, proof.joined) == (True, False)
    assert "pages-not-joined" in proof.deviations


@given(
    pages=st.lists(st.integers(1, 9), min_size=1, max_size=20),
    says_total=st.booleans(),
    ahead=st.integers(1, 4),
)
def test_pages_of_any_size_are_joined_without_a_gap(pages, says_total, ahead):
    rows = [f"u{n}" for n in range(60)]
    asked = []

    def provider(ask):
        asked.append(ask)
        most = pages[len(asked) % len(pages)]
        page = rows[ask.offset : ask.offset + min(ask.limit, most)]
        return arrival(page, total=60 if says_total else None)

    proof, got = walk_through(provider, limit=10, ahead=ahead)
    assert set(got) == set(rows)
    assert proof.complete or "repeated-records" in proof.deviations


@given(
    count=st.integers(1, 30), says_total=st.booleans(), is_shuffled=st.booleans(), data=st.data()
)
def test_a_provider_that_stands_still_ends_the_walk(count, says_total, is_shuffled, data):
    rows = [f"u{n}" for n in range(count)]
    asked = []

    def provider(ask):
        asked.append(ask)
        page = data.draw(st.permutations(rows)) if is_shuffled else rows
        return arrival(page, total=1000 if says_total else None)

    with pytest.raises(PagingStuck):
        walk_through(provider, limit=10)
    assert len(asked) <= 3


def test_a_moved_row_on_a_short_last_page_is_no_standstill():
    rows = [f"u{n}" for n in range(11)]
    moved = {10: ["u9"], 11: []}
    proof, got = walk_through(
        lambda ask: arrival(moved.get(ask.offset, rows[:10]), total=None), limit=10
    )
    assert len(got) == 11
    assert proof.reason == "records came twice, so others may be missing"


def test_a_total_below_the_first_page_is_not_believed():
    rows = [f"u{n}" for n in range(25)]
    proof, got = walk_through(
        lambda ask: arrival(rows[ask.offset : ask.offset + 10], total=3), limit=10
    )
    assert len(got) == 25
    assert proof.complete
    assert "total-too-low" in proof.deviations


def test_a_record_added_behind_the_total_while_reading_is_read_and_noticed():
    rows = {0: (["a", "b"], 2), 1: (["b", "c"], 3), 3: ([], 3)}
    proof, got = walk_through(
        lambda ask: arrival(rows[ask.offset][0], total=rows[ask.offset][1]), limit=2
    )
    assert got == ["a", "b", "c"]
    assert proof.reason == "the total changed from 2 to 3"


def test_a_total_that_counts_the_page_is_no_total_that_moves():
    rows = [f"u{n}" for n in range(50)]

    def provider(ask):
        page = rows[ask.offset : ask.offset + 30]
        return arrival(page, total=len(page))

    proof, got = walk_through(provider, limit=100)
    assert got == rows
    assert proof.complete


def test_rows_behind_the_total_are_read_too():
    rows = [f"u{n}" for n in range(35)]
    proof, got = walk_through(
        lambda ask: arrival(rows[ask.offset : ask.offset + ask.limit], total=15), limit=10
    )
    assert got == rows
    assert proof.complete


def test_a_total_without_a_single_record_is_not_an_empty_collection():
    proof, _ = walk_through(lambda ask: arrival([], total=40), limit=10)
    assert proof.reason == "0 of 40 records came"


def test_a_page_ignoring_both_offset_and_limit_may_be_all_but_only_if_it_was_not_full():
    proof, _ = walk_through(lambda ask: arrival(["a", "b"], total=2), limit=2)
    assert "the first page was full" in proof.reason


@pytest.mark.parametrize("total", [10**12, None])
def test_a_total_that_is_never_reached_ends_after_ten_empty_pages(total):
    """`None`: the total grows with every page."""
    asked = []

    def provider(ask):
        asked.append(ask)
        page = [f"u{n}" for n in range(25)][ask.offset : ask.offset + 10]
        return arrival(page, total=total or 1000 * len(asked))

    proof, got = walk_through(provider, limit=10, ahead=4)
    assert len(got) == 25
    assert not proof.complete
    assert len(asked) < 20


def test_a_provider_without_an_end_is_left_after_many_pages(monkeypatch):
    monkeypatch.setattr("integration.oneroster.paging.MAX_PAGES", 5)
    proof, got = walk_through(lambda ask: arrival([f"u{ask.offset}"]), limit=1)
    assert len(got) == 5
    assert not proof.complete


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("", (None, False)),
        (f'<{HERE[:-1]}100>; rel="next"', (100, False)),
        ("<?offset=100&limit=100>; rel=next", (100, False)),
        ("</ims/oneroster/v1p1/users?offset=7>; rel=next", (7, False)),
        (f'<{HERE}>; rel="first", <{HERE[:-1]}200>; rel="next"', (200, False)),
        (f'<{HERE[:-1]}200>; title="a; b, c"; rel="prev next"', (200, False)),
        ("<https://inner:8443/ims/oneroster/v1p1/users?offset=100>; rel=next", (None, True)),
        ("<http://q.example.org/ims/oneroster/v1p1/users?offset=100>; rel=next", (None, True)),
        ("</ims/oneroster/v1p1/orgs?offset=100>; rel=next", (None, True)),
        ("//evil.example/ims/oneroster/v1p1/users?offset=1; rel=next", (None, False)),
        ("<https://q.example.org@evil.example/x?offset=100>; rel=next", (None, True)),
        (f"<{HERE}>; rel=last", (None, False)),
        ("<?page=2>; rel=next", (None, False)),
        ("<?offset=-5>; rel=next", (None, False)),
        ("<?offset=²>; rel=next", (None, False)),
        (f"<?offset={'9' * 5000}>; rel=next", (None, False)),
        ("<http://[bad>; rel=next", (None, True)),
        ("nonsense", (None, False)),
    ],
)
def test_only_the_offset_of_a_link_to_the_same_place_is_taken(link, expected):
    assert next_offset(link, HERE) == expected


@pytest.mark.parametrize(
    ("text", "total"),
    [
        ("0", 0),
        (" 250 ", 250),
        ("", None),
        (None, None),
        ("-1", None),
        ("1e5", None),
        ("12 of 40", None),
    ],
)
def test_a_total_is_a_number_or_none(text, total):
    assert read_total(text) == total
