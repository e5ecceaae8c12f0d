"""CSV for people opens in a spreadsheet as text."""

from __future__ import annotations

import csv
import io

import pytest

from integration import spreadsheets


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-2", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_what_a_spreadsheet_would_calculate_stays_text(cell):
    file = io.StringIO(newline="")
    assert spreadsheets.write(file, ["name"], [[cell], ['O\'Brien, "Al"']]) == 2
    text = file.getvalue()
    assert text.startswith("\ufeffname\r\n")
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert rows[1:] == [[f"'{cell}"], ['O\'Brien, "Al"']]
