"""The invented district: exact in size, whole in its references, the same for the same seed."""

from collections import Counter, defaultdict
from itertools import islice

import pytest

from sandbox.generate import district

OF_TYPE = {
    "academicSession": "academicSessions",
    "category": "categories",
    "class": "classes",
    "course": "courses",
    "lineItem": "lineItems",
    "org": "orgs",
    "user": "users",
}


@pytest.fixture(scope="module")
def town() -> dict[str, dict[str, dict]]:
    """A district of 700 students: collection → sourcedId → record."""
    held: dict[str, dict[str, dict]] = defaultdict(dict)
    for collection, record in district(700, seed=5):
        assert record["sourcedId"] not in held[collection]
        held[collection][record["sourcedId"]] = record
    return held


def refs(value):
    if isinstance(value, list):
        for each in value:
            yield from refs(each)
    elif isinstance(value, dict) and "sourcedId" in value:
        yield value["type"], value["sourcedId"]


def of_role(town, role):
    return [user for user in town["users"].values() if user["role"] == role]


@pytest.mark.parametrize("students", [1, 12, 59, 60, 1_301])
def test_there_are_exactly_as_many_students_as_asked_for(students):
    roles = Counter(r["role"] for name, r in district(students, 1) if name == "users")
    assert roles["student"] == students


def test_the_same_seed_gives_the_same_district():
    assert list(district(30, seed=2)) == list(district(30, seed=2))


def test_another_seed_gives_other_people_and_ids():
    first, second = (list(district(30, seed)) for seed in (2, 3))
    assert {r["sourcedId"] for _, r in first}.isdisjoint(r["sourcedId"] for _, r in second)


def test_no_reference_leads_nowhere(town):
    for records in town.values():
        for record in records.values():
            for value in record.values():
                for kind, sourced_id in refs(value):
                    assert sourced_id in town[OF_TYPE[kind]]


def test_a_student_has_about_seven_classes(town):
    enrolled = [e for e in town["enrollments"].values() if e["role"] == "student"]
    assert len(enrolled) == 7 * 700


def test_nobody_is_in_the_same_class_twice(town):
    pairs = Counter(
        (e["user"]["sourcedId"], e["class"]["sourcedId"]) for e in town["enrollments"].values()
    )
    assert pairs.most_common(1)[0][1] == 1


def test_every_class_has_one_primary_teacher_and_some_have_help(town):
    primary, roles = Counter(), Counter()
    for each in town["enrollments"].values():
        roles[each["role"], each["primary"]] += 1
        primary[each["class"]["sourcedId"]] += each["primary"] == "true"
    assert set(primary.values()) == {1}
    assert set(primary) == set(town["classes"])
    assert roles["teacher", "false"] > 0
    assert roles["aide", "false"] > 0


def test_schools_keep_their_own_copies_of_equal_terms(town):
    autumns = [s for s in town["academicSessions"].values() if s["title"] == "Fall Semester"]
    assert len(autumns) == 2
    assert len({s["sourcedId"] for s in autumns}) == 2
    assert len({(s["startDate"], s["endDate"]) for s in autumns}) == 1


def test_terms_lie_in_the_year_and_grading_periods_in_their_term(town):
    sessions = town["academicSessions"]
    for session in sessions.values():
        if parent := sessions.get(session.get("parent", {}).get("sourcedId")):
            assert parent["startDate"] <= session["startDate"] < session["endDate"]
            assert session["endDate"] <= parent["endDate"]


def test_parents_and_children_name_each_other(town):
    for student in of_role(town, "student"):
        for agent in student["agents"]:
            children = town["users"][agent["sourcedId"]]["agents"]
            assert student["sourcedId"] in {child["sourcedId"] for child in children}


def test_some_guardians_have_children_in_several_classes_of_age(town):
    guardians = [user for user in town["users"].values() if user["role"] in ("parent", "guardian")]
    assert max(len(user["agents"]) for user in guardians) > 1


def test_logins_are_unique_and_plain_while_names_are_not(town):
    users = town["users"].values()
    assert len({user["username"] for user in users}) == len(users)
    assert all(user["username"].isascii() for user in users)
    assert any(not user["familyName"].isascii() for user in users)


def test_some_teach_at_two_schools():
    places = [len(r["orgs"]) for name, r in district(3_000, 1) if name == "users"]
    assert max(places) == 2


def test_some_students_come_late_and_nobody_after_the_end(town):
    classes = town["classes"]
    late = 0
    for each in town["enrollments"].values():
        assert each["beginDate"] < each["endDate"]
        terms = classes[each["class"]["sourcedId"]]["terms"]
        begin = min(town["academicSessions"][t["sourcedId"]]["startDate"] for t in terms)
        late += each["beginDate"] > begin
    assert late > 0


def test_a_large_district_begins_at_once():
    assert len(list(islice(district(200_000, 1), 5_000))) == 5_000


def test_a_district_without_students_is_none():
    with pytest.raises(ValueError, match="at least one student"):
        district(0, 1)
