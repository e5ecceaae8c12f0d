"""What a OneRoster CSV bundle means for Canvas, worked out from its files alone.

Written against the CSV binding and the README's tables, with none of the product's code: the
second opinion that the provisioning tests compare with.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections import defaultdict
from pathlib import Path

Table = list[dict[str, str]]
DATA = Path(__file__).parents[2] / "data"


class Truth:
    """The tables of one bundle, and the sets that Canvas must hold."""

    def __init__(self, bundle: str) -> None:
        self.path = DATA / bundle
        with zipfile.ZipFile(self.path) as archive:
            self.tables: dict[str, Table] = {
                Path(name).stem: list(
                    csv.DictReader(io.TextIOWrapper(archive.open(name), "utf-8-sig", newline=""))
                )
                for name in archive.namelist()
                if name.endswith(".csv")
            }
        self.classes = {row["sourcedId"]: row for row in self.tables["classes"]}
        self.primary = {
            row["classSourcedId"]: row["userSourcedId"]
            for row in self.tables["enrollments"]
            if row["role"] == "teacher" and row["primary"] == "true"
        }

    def accounts(self) -> set[tuple[str, str]]:
        return {
            (row["sourcedId"], row["name"])
            for row in self.tables["orgs"]
            if row["type"] != "district"
        }

    def terms(self) -> set[str]:
        return {row["title"] for row in self.tables["academicSessions"] if row["type"] == "term"}

    def users(self) -> set[tuple[str, str, str, str, str]]:
        fields = ("sourcedId", "username", "givenName", "familyName", "email")
        return {tuple(row[field] for field in fields) for row in self.tables["users"]}  # type: ignore[misc]

    def sections(self) -> set[tuple[str, str]]:
        return {(row["sourcedId"], row["title"]) for row in self.tables["classes"]}

    def enrollments(self) -> set[tuple[str, str, str]]:
        return {
            (row["classSourcedId"], row["userSourcedId"], row["role"])
            for row in self.tables["enrollments"]
        }

    def courses(self, grouping: str) -> set[frozenset[str]]:
        """Which sections share a course, as sets of section SIS IDs."""
        together: dict[tuple[str, ...], set[str]] = defaultdict(set)
        for sourced_id, row in self.classes.items():
            by = {
                "class": (sourced_id,),
                "course": (row["courseSourcedId"], row["schoolSourcedId"], row["termSourcedIds"]),
                "teacher": (
                    row["courseSourcedId"],
                    self.primary[sourced_id],
                    row["termSourcedIds"],
                ),
            }
            together[by[grouping]].add(sourced_id)
        return {frozenset(sections) for sections in together.values()}
