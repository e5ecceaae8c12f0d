"""The rows' shapes: what Canvas reads, and what digests and keys are made of."""

from __future__ import annotations

import json

import pytest

from integration.provisioning.rows import BY_NAME, KINDS, as_text, digest

HEADERS = {
    "accounts": "account_id,parent_account_id,name,status",
    "terms": "term_id,name,status,start_date,end_date",
    "courses": "course_id,short_name,long_name,account_id,term_id,status",
    "sections": "section_id,course_id,name,status,start_date,end_date",
    "users": "user_id,login_id,first_name,last_name,email,status",
    "enrollments": "section_id,user_id,role,status,start_date,end_date",
    "observers": "observer_id,student_id,status",
}


def test_the_kinds_come_in_the_order_in_which_canvas_works():
    assert [kind.name for kind in KINDS] == list(HEADERS)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_columns_of_a_kind_never_change(kind):
    assert ",".join(kind.columns) == HEADERS[kind.name]
    assert BY_NAME[kind.name] is kind


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        *((name, "a") for name in ("accounts", "terms", "courses", "sections", "users")),
        ("observers", "a\x1fb"),
        ("enrollments", "a\x1fb\x1fc"),
    ],
)
def test_a_row_is_named_by_its_key_columns(kind, key):
    assert BY_NAME[kind].key(("a", "b", "c", "d", "e", "f")) == key


def test_only_enrollments_and_observers_are_ever_taken_away():
    gone = {kind.name: kind.gone for kind in KINDS if kind.gone}
    assert gone == {"enrollments": "inactive", "observers": "deleted"}


def test_columns_that_canvas_clears_when_absent_are_carried():
    assert {kind.name: kind.carried for kind in KINDS if kind.carried} == {
        "accounts": ("integration_id",),
        "terms": ("integration_id",),
        "courses": ("integration_id",),
        "sections": ("integration_id",),
        "users": ("authentication_provider_id",),
    }


def test_a_column_is_found_by_its_name():
    assert BY_NAME["users"].index("email") == 4
    with pytest.raises(ValueError, match="tuple"):
        BY_NAME["users"].index("nickname")


def test_a_digest_tells_rows_apart_that_only_differ_in_where_a_column_ends():
    assert digest(("ab", "c")) != digest(("a", "bc"))
    assert digest(("a", "b")) == digest(("a", "b"))
    assert len(digest(("é", "😀"))) == 16


def test_a_row_is_kept_as_the_plainest_json_whatever_it_holds():
    row = (None, "", *map(chr, range(0xD800)), "😀")
    assert as_text(row) == json.dumps(row, ensure_ascii=False, separators=(",", ":"))
