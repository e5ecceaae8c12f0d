"""What a consumer of a feed's records holds, read by their words alone."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from sandbox.invented.truth import Membership
from sandbox.invented.year import Year


class Feed:
    """Records by collection and id, and what they say."""

    def __init__(self) -> None:
        self.held: dict[str, dict[str, dict]] = defaultdict(dict)

    def take(self, name: str, records: Iterable[dict]) -> None:
        self.held[name].update({each["sourcedId"]: each for each in records})

    def active(self, name: str) -> dict[str, dict]:
        return {k: each for k, each in self.held[name].items() if each["status"] == "active"}

    def members(self) -> Iterator[tuple[Membership, str, str]]:
        """Each enrollment that counts, with its dates."""
        users, classes = self.active("users"), self.active("classes")
        for each in self.active("enrollments").values():
            class_id, user = each["class"]["sourcedId"], each["user"]["sourcedId"]
            if class_id in classes and user in users:
                member = Membership(class_id, user, each["role"])
                yield member, each["beginDate"], each["endDate"]

    def taught(self, date: str) -> set[Membership]:
        return {member for member, begin, end in self.members() if begin <= date < end}

    def coming(self, date: str) -> set[Membership]:
        return {member for member, begin, _ in self.members() if date < begin}

    def unstamped(self) -> dict[str, dict[str, dict]]:
        return {
            name: {
                sourced_id: {k: v for k, v in each.items() if k != "dateLastModified"}
                for sourced_id, each in those.items()
            }
            for name, those in self.held.items()
        }


class Followed(Feed):
    """A feed that is kept up with a district's days."""

    def __init__(self, year: Year) -> None:
        super().__init__()
        self.year = year
        self.day = 0
        for name, record in year.records():
            self.take(name, [record])

    def until(self, day: int) -> "Followed":
        while self.day < day:
            self.day += 1
            changes = self.year.day(self.day)
            for name, records in changes.upsert.items():
                self.take(name, records)
            for name, ids in changes.delete.items():
                for each in ids:
                    del self.held[name][each]
        return self
