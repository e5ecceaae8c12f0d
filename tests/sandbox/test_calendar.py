"""The invented district from day to day: what changes, how much of it, and what is true."""

from collections import defaultdict

import pytest

from sandbox.invented.truth import Membership
from sandbox.invented.year import Year


class Feed:
    """What a consumer of Q's records holds, read by their words alone."""

    def __init__(self, year: Year) -> None:
        self.year = year
        self.day = 0
        self.held: dict[str, dict[str, dict]] = defaultdict(dict)
        for name, record in year.records():
            self.held[name][record["sourcedId"]] = record

    def until(self, day: int) -> "Feed":
        while self.day < day:
            self.day += 1
            changes = self.year.day(self.day).asked()
            for name, records in changes["upsert"].items():
                self.held[name].update({each["sourcedId"]: each for each in records})
            for name, ids in changes["delete"].items():
                for each in ids:
                    del self.held[name][each]
        return self

    def active(self, name: str) -> dict[str, dict]:
        return {k: each for k, each in self.held[name].items() if each["status"] == "active"}

    def members(self) -> list[tuple[Membership, str, str]]:
        """Each enrollment that counts, with its dates."""
        users, classes = self.active("users"), self.active("classes")
        return [
            (Membership(class_id, user, each["role"]), each["beginDate"], each["endDate"])
            for each in self.active("enrollments").values()
            if (class_id := each["class"]["sourcedId"]) in classes
            and (user := each["user"]["sourcedId"]) in users
        ]


def taught(feed: Feed, date: str) -> set[Membership]:
    return {member for member, begin, end in feed.members() if begin <= date < end}


@pytest.mark.parametrize("seed", range(6))
def test_on_every_day_the_records_say_what_is_true(seed):
    year = Year(120, seed)
    feed = Feed(year)
    for number in range(215):
        truth = year.truth(number)
        feed.until(number)
        assert taught(feed, truth.date) == truth.taught, number
        coming = {member for member, begin, _ in feed.members() if truth.date < begin}
        assert coming == truth.coming, number
        assert set(feed.active("users")) == truth.users, number
        standing = set(feed.active("classes"))
        assert truth.classes <= standing <= truth.classes | truth.finished_classes, number


@pytest.mark.parametrize("students", [1, 12, 59, 60])
def test_a_district_of_any_size_lives_through_a_year(students):
    year = Year(students, 2)
    feed = Feed(year).until(215)
    assert taught(feed, year.date(215).date) == year.truth(215).taught != set()
