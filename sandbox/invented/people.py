"""Staff, families and demographics of the invented district."""

from collections.abc import Iterator
from typing import Final

from sandbox.invented import names
from sandbox.invented.maker import Maker, Record, ref

GUARDIAN_ROLES: Final = ("parent", "guardian", "relative")
STATES: Final = ("CA", "OR", "WA", "NV", "AZ", "TX")
RACES: Final = (
    "americanIndianOrAlaskaNative",
    "asian",
    "blackOrAfricanAmerican",
    "nativeHawaiianOrOtherPacificIslander",
    "white",
)


class People:
    """Everybody gets a number; logins, e-mail addresses and state ids are made from it."""

    def __init__(self, maker: Maker, domain: str, year: int) -> None:
        self._maker = maker
        self._dice = maker.dice
        self._domain = domain
        self._year = year
        self._number = 100_000
        self._plain = {name: names.plain(name) for name in (*names.GIVEN, *names.FAMILY)}
        self._households: list[tuple[str, list[Record]]] = []

    def staff(self, role: str, orgs: list[Record]) -> Record:
        """A teacher, aide or administrator."""
        user = self._user(role, self._dice.choice(names.FAMILY), orgs, "staff")
        user["userIds"] = [{"type": "StaffID", "identifier": f"T{self._number}"}]
        return user

    def begin(self, year: int) -> None:
        """From now on, ages are those of the school year that begins in `year`."""
        self._year = year

    def renamed(self, user: Record, family: str) -> Record:
        """What changes with a family name, where logins are made from names."""
        login = f"{self._plain[user['givenName']]}.{self._plain[family]}{user['identifier']}"
        return {"familyName": family, **_reached_at(user, login)}

    def moved_to_short_login(self, user: Record) -> Record:
        """What changes where a login becomes the first letter, the family name and the number."""
        first, family = self._plain[user["givenName"]][0], self._plain[user["familyName"]]
        return _reached_at(user, f"{first}{family}{user['identifier']}")

    def student(self, school: Record, grade: str) -> Record:
        """A student; about every fourth belongs to a family that is already at the school."""
        if self._households and self._dice.random() < 0.25:
            family, adults = self._dice.choice(self._households)
        else:
            family = self._dice.choice(names.FAMILY)
            adults = [self._guardian(family, school) for _ in range(self._dice.choice((1, 1, 2)))]
            self._households.append((family, adults))
        student = self._user("student", family, [school], "students")
        student["grades"] = [grade]
        student["userIds"] = [
            {"type": "StateID", "identifier": f"{9_000_000_000 + self._number}"},
            {"type": "SISID", "identifier": student["identifier"]},
        ]
        student["agents"] = [ref("user", adult) for adult in adults]
        for adult in adults:
            adult["agents"].append(ref("user", student))
        return student

    def guardians(self) -> Iterator[Record]:
        """Those of all students since the last call; the next school has families of its own."""
        for _, adults in self._households:
            yield from adults
        self._households.clear()

    def _guardian(self, family: str, school: Record) -> Record:
        if self._dice.random() < 0.2:
            family = self._dice.choice(names.FAMILY)
        guardian = self._user(self._dice.choice(GUARDIAN_ROLES), family, [school], "families")
        guardian["phone"] = f"555-01{self._number % 100:02}"
        guardian["agents"] = []
        return guardian

    def _user(self, role: str, family: str, orgs: list[Record], at: str) -> Record:
        self._number += 1
        given = self._dice.choice(names.GIVEN)
        login = f"{self._plain[given]}.{self._plain[family]}{self._number}"
        user = self._maker.record(
            username=login,
            enabledUser="true",
            givenName=given,
            familyName=family,
            role=role,
            identifier=str(self._number),
            email=f"{login}@{at}.{self._domain}",
            orgs=orgs,
        )
        if self._number % 3 == 0:
            user["middleName"] = self._dice.choice(names.GIVEN)
        return user

    def demographics(self, student: Record) -> Record:
        """What Q knows of a student and no consumer of rosters should ask for."""
        grade = student["grades"][0]
        age = 5 if grade == "KG" else 5 + int(grade)
        race = self._dice.choice(RACES)
        number = int(student["identifier"])
        return {
            "sourcedId": student["sourcedId"],
            "status": "active",
            "dateLastModified": student["dateLastModified"],
            "birthDate": f"{self._year - age}-{1 + number % 8:02}-{1 + number % 28:02}",
            "sex": "female" if number % 2 else "male",
            **{each: "true" if each == race else "false" for each in RACES},
            "demographicRaceTwoOrMoreRaces": "false",
            "hispanicOrLatinoEthnicity": "true" if number % 4 == 0 else "false",
            "countryOfBirthCode": "US",
            "stateOfBirthAbbreviation": STATES[number % len(STATES)],
        }


def _reached_at(user: Record, login: str) -> Record:
    return {"username": login, "email": f"{login}@{user['email'].partition('@')[2]}"}
