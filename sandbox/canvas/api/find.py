"""From what stands in a path to the object: Canvas ids, SIS ids, `self` and `default`."""

from typing import Any, TypeVar

from django.db.models import Model

from sandbox.canvas import store
from sandbox.canvas.api.call import Call, not_found
from sandbox.canvas.models import Account, Course, Login, Section, Term, User

T = TypeVar("T", bound=Model)

_SIS = {
    Account: "sis_account_id",
    Term: "sis_term_id",
    Course: "sis_course_id",
    Section: "sis_section_id",
}


def find(model: type[T], text: str) -> T:
    """The object meant. Raises Refused (404) where there is none."""
    found = model.objects.filter(**_condition(model, text)).first()
    if found is None:
        raise not_found()
    return found


def _condition(model: type[Model], text: str) -> dict[str, Any]:
    if text.isdigit():
        return {"pk": int(text)} if int(text) < 1 << 63 else {"pk": 0}
    if model is Account and text in {"self", "default"}:
        return {"pk": store.ROOT_ACCOUNT_ID}
    if text.startswith("hex:"):
        kind, _, coded = text.removeprefix("hex:").partition(":")
        try:
            text = f"{kind}:{bytes.fromhex(coded).decode()}"
        except ValueError:
            raise not_found() from None
    kind, _, value = text.partition(":")
    if kind == _SIS.get(model) and value:
        return {"sis_id": value}
    if kind == "sis_integration_id" and value:
        return {"integration_id": value}
    if kind in {"uuid", "lti_context_id"} and value and hasattr(model, "uuid"):
        return {"uuid": value}
    raise not_found()


def find_user(call: Call, text: str) -> User:
    """The person meant; a SIS id or login finds them through their logins."""
    if text == "self":
        return find(User, str(call.user_id))
    if text.isdigit():
        return find(User, text)
    if text.startswith("hex:"):
        kind, _, coded = text.removeprefix("hex:").partition(":")
        try:
            text = f"{kind}:{bytes.fromhex(coded).decode()}"
        except ValueError:
            raise not_found() from None
    kind, _, value = text.partition(":")
    column = {
        "sis_user_id": "sis_id",
        "sis_login_id": "unique_id_lower",
        "sis_integration_id": "integration_id",
    }.get(kind)
    if not column or not value:
        raise not_found()
    value = value.lower() if column == "unique_id_lower" else value
    logins = Login.objects.filter(**{column: value}).exclude(workflow_state="deleted")
    login = logins.first()
    if login is None:
        raise not_found()
    return find(User, str(login.user_id))


def root_account(text: str) -> Account:
    """The account meant, which has to be the root account for what only that one has."""
    account = find(Account, text)
    if account.pk != store.ROOT_ACCOUNT_ID:
        raise not_found()
    return account
