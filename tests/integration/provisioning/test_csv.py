"""The files that Canvas reads."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from integration.provisioning.csv import write
from integration.provisioning.rows import COURSES, ENROLLMENTS, KINDS, OBSERVERS, USERS


def written(kind, rows) -> bytes:
    raw = io.BytesIO()
    with io.TextIOWrapper(raw, "utf-8", newline="", write_through=True) as text:
        assert write(kind, rows, text) == len(rows)
        return raw.getvalue()


def test_a_file_is_utf8_without_a_mark_and_ends_its_lines_as_the_standard_says():
    row = ("Zoë, “A”", "c1", "active")
    text = 'observer_id,student_id,status\r\n"Zoë, “A”",c1,active\r\n'
    assert written(OBSERVERS, [row]) == text.encode()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_carried_columns_stand_behind_the_row(kind):
    row = tuple(f"v{number}" for number in range(len(kind.columns)))
    carried = tuple(f"kept {name}" for name in kind.carried)
    header, line = csv.reader(io.StringIO(written(kind, [row + carried]).decode()))
    assert header == [*kind.columns, *kind.carried]
    assert line == [*row, *carried]


def test_a_kind_without_rows_has_a_header_all_the_same():
    assert written(COURSES, []).decode().splitlines() == [
        ",".join((*COURSES.columns, "integration_id"))
    ]


def test_machine_csv_is_exact_and_neutralises_nothing():
    assert b"=1+1,@x,+2,-3" in written(USERS, [("=1+1", "@x", "+2", "-3", "\t=x", "active", "")])


NASTY = st.text(
    st.one_of(
        st.sampled_from(',"\r\n\t;= \x00\ufeff‏😀é'), st.characters(exclude_categories=["Cs"])
    ),
    max_size=300,
)


@pytest.mark.fault("F23")
@given(st.lists(st.tuples(*[NASTY] * 6), max_size=5))
@example([('"', '""', ',"', "\r", "\n", "\r\n")])
@example([("", "", "", "", "", "")])
def test_whatever_people_write_comes_back_as_it_was(rows):
    text = io.StringIO(written(ENROLLMENTS, rows).decode("utf-8"), newline="")
    assert [tuple(line) for line in csv.reader(text)][1:] == rows
