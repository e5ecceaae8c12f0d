"""Grading periods of courses and accounts, and the sets that hold them."""

from typing import Any

from sandbox.canvas import store
from sandbox.canvas.api import nested
from sandbox.canvas.api.accounts import descendants
from sandbox.canvas.api.assignment_values import is_true, whole
from sandbox.canvas.api.assignments import course_of
from sandbox.canvas.api.call import Call, Refused, not_found
from sandbox.canvas.api.find import find
from sandbox.canvas.api.gate import Created, Linked
from sandbox.canvas.api.paging import by_number
from sandbox.canvas.gradebook import lateness, periods
from sandbox.canvas.gradebook.models import GradingPeriod, GradingPeriodSet
from sandbox.canvas.models import Account, Term

Shown = dict[str, Any]


def shape(call: Call, rows: list[GradingPeriod]) -> list[Shown]:
    """Their ids are strings, whatever is accepted."""
    found = list(rows)
    last = max((row.end_date for row in found), default="")
    return [
        {
            "id": str(row.pk),
            "title": row.title,
            "start_date": row.start_date or None,
            "end_date": row.end_date or None,
            "close_date": row.close_date or row.end_date or None,
            "weight": row.weight,
            "is_closed": periods.is_closed(row),
            "is_last": row.end_date == last,
            "permissions": {
                "read": True, "create": False, "delete": call.is_admin, "update": call.is_admin
            },
        }
        for row in found
    ]  # fmt: skip


def of_course(call: Call, course_id: str) -> Linked:
    course = course_of(call, course_id)
    found = periods.set_of(course)
    rows = GradingPeriod.objects.filter(set_id=found.pk if found else 0, workflow_state="active")
    return by_number(call, rows.order_by("start_date", "id"), shape, root="grading_periods")


def of_account(call: Call, account_id: str) -> Linked:
    account = find(Account, account_id)
    call.need_admin()
    sets = GradingPeriodSet.objects.filter(
        account_id__in={account.pk, *descendants(account.pk)}, workflow_state="active"
    )
    rows = GradingPeriod.objects.filter(set_id__in=sets.values("pk"), workflow_state="active")
    return by_number(call, rows.order_by("start_date", "id"), shape, root="grading_periods")


def _shown_set(call: Call, row: GradingPeriodSet) -> Shown:
    return {
        "id": str(row.pk),
        "title": row.title,
        "weighted": row.weighted,
        "display_totals_for_all_grading_periods": row.display_totals,
        "account_id": str(row.account_id),
        "enrollment_term_ids": [str(each) for each in row.term_ids],
        "grading_periods": shape(call, periods.of_set(row.pk)),
        "permissions": {"read": True, "create": True, "update": True, "delete": True},
        "created_at": row.created_at,
    }


def sets(call: Call, account_id: str) -> Linked:
    account = find(Account, account_id)
    call.need_admin()
    rows = GradingPeriodSet.objects.filter(account_id=account.pk, workflow_state="active")

    def shown(call: Call, those: list[Any]) -> list[Shown]:
        return [_shown_set(call, each) for each in those]

    return by_number(call, rows.order_by("id"), shown, root="grading_period_sets")


def _set_values(call: Call) -> dict[str, Any]:
    sent = call.group("grading_period_set")
    values: dict[str, Any] = {}
    if "title" in sent:
        values["title"] = str(sent["title"])
    if "weighted" in sent:
        values["weighted"] = is_true(sent["weighted"])
    if "display_totals_for_all_grading_periods" in sent:
        values["display_totals"] = is_true(sent["display_totals_for_all_grading_periods"])
    terms = nested.listed(call.tree.get("enrollment_term_ids"))
    if terms:
        values["term_ids"] = [find(Term, str(each)).pk for each in terms]
    return values


def add_set(call: Call, account_id: str) -> Created:
    account = find(Account, account_id)
    call.need_admin()
    values = _set_values(call)
    if not values.get("title"):
        raise Refused(400, {"errors": {"title": [{"message": "can't be blank"}]}})
    with store.writing():
        made = store.create(GradingPeriodSet, account_id=account.pk, **values)
    return Created({"grading_period_set": _shown_set(call, made)})


def change_set(call: Call, account_id: str, set_id: str) -> Any:
    row = _set(call, account_id, set_id)
    with store.writing():
        for name, value in _set_values(call).items():
            setattr(row, name, value)
        row.save()
    return {"grading_period_set": _shown_set(call, row)}


def remove_set(call: Call, account_id: str, set_id: str) -> Any:
    row = _set(call, account_id, set_id)
    with store.writing():
        row.workflow_state = "deleted"
        row.save()
    return {}


def _set(call: Call, account_id: str, set_id: str) -> GradingPeriodSet:
    find(Account, account_id)
    call.need_admin()
    row = GradingPeriodSet.objects.filter(pk=whole(set_id), workflow_state="active").first()
    if row is None:
        raise not_found()
    return row


def batch_update(call: Call, set_id: str) -> Any:
    """`grading_periods[]`: those with an id are changed, others made; none is taken away."""
    call.need_admin()
    found = GradingPeriodSet.objects.filter(pk=whole(set_id), workflow_state="active").first()
    if found is None:
        raise not_found()
    with store.writing():
        for sent in nested.listed(call.tree.get("grading_periods")):
            _put(found, sent)
    return {"grading_periods": shape(call, periods.of_set(found.pk))}


def _put(found: GradingPeriodSet, sent: dict[str, Any]) -> None:
    names = ("title", "start_date", "end_date", "close_date")
    values: dict[str, Any] = {name: str(sent[name]) for name in names if name in sent}
    try:
        values |= {name: lateness.normal(values[name]) for name in names[1:] if name in values}
    except ValueError:
        raise Refused(422, {"errors": {"dates": [{"message": "Invalid datetime"}]}}) from None
    if "weight" in sent:
        values["weight"] = float(sent["weight"] or 0)
    known = GradingPeriod.objects.filter(set_id=found.pk, pk=whole(sent.get("id", "")))
    if not known.update(**values) if values else not known.exists():
        values.setdefault("close_date", values.get("end_date", ""))
        store.create(GradingPeriod, set_id=found.pk, **values)


def remove(call: Call, account_id: str, period_id: str) -> Any:
    find(Account, account_id)
    call.need_admin()
    with store.writing():
        GradingPeriod.objects.filter(pk=whole(period_id)).update(workflow_state="deleted")
    return {}
