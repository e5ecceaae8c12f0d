"""What becomes of rows when something that they name is called otherwise."""

from __future__ import annotations

import pytest

from integration.provisioning.renames import Rename, names_of, renaming, retired_id
from integration.provisioning.rows import (
    ACCOUNTS,
    BY_NAME,
    CHANGE_SIS_ID,
    SECTIONS,
    USERS,
)

NAMES = names_of(
    [
        ("S1", "S9", "account"),
        ("T1", "T9", "term"),
        ("C1", "C9", "course"),
        ("K1", "K9", "section"),
        ("U1", "U9", "user"),
    ]
)


@pytest.mark.parametrize(
    ("kind", "row", "after"),
    [
        ("accounts", ("S1", "D", "One", "active"), ("S9", "D", "One", "active")),
        ("accounts", ("S2", "S1", "Two", "active"), ("S2", "S9", "Two", "active")),
        ("terms", ("T1", "T1", "active", "", ""), ("T9", "T1", "active", "", "")),
        (
            "courses",
            ("C1", "C1", "C1", "S1", "T1", "active"),
            ("C9", "C1", "C1", "S9", "T9", "active"),
        ),
        ("sections", ("K1", "C1", "K1", "active", "", ""), ("K9", "C9", "K1", "active", "", "")),
        ("users", ("U1", "U1", "A", "B", "", "active"), ("U9", "U1", "A", "B", "", "active")),
        (
            "enrollments",
            ("K1", "U1", "student", "active", "", ""),
            ("K9", "U9", "student", "active", "", ""),
        ),
        ("observers", ("U1", "U2", "active"), ("U9", "U2", "active")),
        ("observers", ("U2", "U1", "active"), ("U2", "U9", "active")),
        # An id of another sort that looks alike is not meant.
        ("users", ("K1", "S1", "T1", "C1", "", "active"), ("K1", "S1", "T1", "C1", "", "active")),
    ],
)
def test_a_row_follows_every_id_that_it_names_and_nothing_else(kind, row, after):
    assert renaming(BY_NAME[kind], NAMES)(row) == after


def test_a_rename_is_a_row_of_canvass_own_file():
    rename = Rename(SECTIONS, "K1", "K9")
    assert rename.row == ("K1", "K9", "section")
    assert rename.key == CHANGE_SIS_ID.key(rename.row)
    assert Rename(ACCOUNTS, "a", "b").row.type == "account"
    assert Rename(USERS, "a", "b").row.type == "user"


def test_a_retired_id_is_the_same_every_night_and_fits_canvas():
    row = ("K1", "C1", "Algebra", "active", "", "")
    assert retired_id("K1", row) == retired_id("K1", row)
    assert retired_id("K1", row) != retired_id("K1", ("K1", "C1", "Biology", "active", "", ""))
    assert retired_id("K1", row).startswith("K1~")
    assert len(retired_id("K" * 255, row)) == 255
