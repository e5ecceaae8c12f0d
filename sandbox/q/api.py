"""The service itself: who asks, for which operation, and the answer."""

from typing import Final
from uuid import uuid4

import msgspec
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from sandbox.q import (
    answers,
    clock,
    disguise,
    gradebook,
    oauth1,
    oauth2,
    operations,
    query,
    quirks,
    records,
    store,
    writers,
)
from sandbox.q.errors import Broken, Forbidden, NotOffered, Refused, Unauthorized, Unknown
from sandbox.q.operations import PARENTS, SCOPE, SCOPES, Operation
from sandbox.q.schema import COLLECTIONS, Collection
from sandbox.q.store import Selection
from sandbox.rules import on

Ids = dict[str, str]

_NONE: Final[tuple[None, Ids]] = (None, {})


@csrf_exempt
def answer(request: HttpRequest) -> HttpResponse:
    """Answer one request below the service root."""
    body = request.body  # read also where it means nothing, or it would be the next request
    return disguise.packed(disguise.at_the_door(_path(request)) or _answer(request, body))


def _answer(request: HttpRequest, body: bytes) -> HttpResponse:
    operation: Operation | None = None
    try:
        found = _on_path(request)
        operation, ids = next((each for each in found if each[0].method == request.method), _NONE)
        granted = _granted(request, body)
        if operation is None:
            if found and not on("q.methods"):
                return HttpResponse(status=200)
            raise _no_operation(found)
        _check_scope(operation, granted)
        gradebook.check_access(request, operation)
        return _METHODS[operation.method](request, operation, ids)
    except Refused as error:
        return answers.refusal(operation.name if operation else "", error)


def broken(request: HttpRequest) -> HttpResponse:
    """A fault of Q's own, said in the words of the service."""
    return answers.refusal("", Broken("Q failed; its stderr tells where"))


def _granted(request: HttpRequest, body: bytes) -> frozenset[str]:
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    match scheme.lower():
        case "bearer":
            return oauth2.bearer(value.strip())
        case "oauth" if on("q.oauth1"):
            return oauth1.signed(request, body)
    if not on("q.token-required"):
        return frozenset(SCOPES)
    raise Unauthorized(
        "a bearer token or an OAuth 1.0 signature is needed", headers=oauth2.challenge()
    )


def _path(request: HttpRequest) -> str:
    return str(request.META["REQUEST_URI"]).partition("?")[0].removeprefix(answers.PREFIX)


def _on_path(request: HttpRequest) -> list[tuple[Operation, Ids]]:
    path = _path(request)
    if not disguise.is_offered(path):
        return []
    segments = operations.split(path, encoded_ids=on("q.encoded-ids"))
    found = list(operations.matching(segments))
    if quirks.get("no-upsert"):
        found += operations.adding(segments)
    if quirks.get("class-categories"):
        found += operations.of_class_categories(segments)
    return found


def _no_operation(found: list[tuple[Operation, Ids]]) -> Refused:
    if not found:
        return Unknown("there is no such path")
    allowed = ", ".join(sorted(operation.method for operation, _ in found))
    return NotOffered(f"this path offers {allowed}", headers={"Allow": allowed})


def _check_scope(operation: Operation, granted: frozenset[str]) -> None:
    if on("q.token-scope") and not granted & operation.scopes:
        needed = SCOPE + min(operation.scopes)
        raise Forbidden(f"the scope {needed} was not granted")


def _get(request: HttpRequest, operation: Operation, ids: Ids) -> HttpResponse:
    if operation.is_single:
        return _get_one(request, operation, ids["id"])
    _check_parents(ids)
    collection = COLLECTIONS[operation.collection]
    asked = query.parse(request.GET, collection)
    narrowed = _narrowed(operation)
    selection = Selection(
        collection,
        tuple(each for each in (narrowed, asked.condition) if each),
        {**_named(narrowed, ids), **asked.parameters},
    )
    if quirks.is_picked("empty-lists", collection.name):
        selection = Selection(collection, ("0 = 1",))
    offset = asked.offset if on("q.offset") and not quirks.get("offset-ignored") else 0
    again = min(quirks.get("duplicates") or 0, offset)
    bodies, total = store.page(
        selection, order=asked.order, limit=asked.limit + again, offset=offset - again
    )
    if not on("q.total-after-filter"):
        total = store.total(Selection(collection))
    return answers.collection(request, operation, bodies, total, asked)


def _narrowed(operation: Operation) -> str:
    if quirks.get("students-with-teachers"):
        return operations.with_teachers(operation)
    return operation.where if on("q.narrowing") else ""


def _named(sql: str, ids: Ids) -> Ids:
    return {name: value for name, value in ids.items() if f"%({name})s" in sql}


def _get_one(request: HttpRequest, operation: Operation, sourced_id: str) -> HttpResponse:
    collection = COLLECTIONS[operation.collection]
    warnings: list[tuple[str, str]] = []
    fields = query.selected(request.GET, collection, warnings)
    conditions = (operation.where,) if operation.where else ()
    found = store.body(collection, sourced_id, *conditions)
    if found is None:
        if not on("q.unknown-object"):
            return answers.single(request, operation, b"{}")
        raise Unknown("there is no such object")
    return answers.single(request, operation, found, fields, tuple(warnings))


def _check_parents(ids: Ids) -> None:
    for name, sourced_id in ids.items():
        parent = PARENTS[name]
        within = [sql for outer, sql in parent.within if outer in ids]
        conditions = [each for each in (parent.where, *within) if each]
        outer = {key: value for sql in within for key, value in _named(sql, ids).items()}
        there = Selection(
            COLLECTIONS[parent.collection],
            ("sourced_id = %(parent)s", *conditions),
            {"parent": sourced_id, **outer},
        )
        if on("q.unknown-parent") and not store.exists(there):
            raise Unknown(f"there is no such {name}")


def _put(request: HttpRequest, operation: Operation, ids: Ids) -> HttpResponse:
    collection = COLLECTIONS[operation.collection]
    if quirks.get("no-upsert") and store.body(collection, ids["id"]) is None:
        raise Unknown("there is no such object")
    if quirks.get("own-ids") and store.body(collection, ids["id"]) is None:
        return _post(request, operation, ids)
    record = gradebook.record(collection, ids["id"], request.body)
    if not on("q.put-replaces-whole"):
        record = store.merged(collection, ids["id"], record)
    row = records.row(collection.name, record, now=clock.moment())
    created = store.put(row) or not on("q.put-created-then-replaced")
    writers.note(collection.name, ids["id"], writers.CLIENT)
    return answers.single(request, operation, row.body.encode(), status=201 if created else 200)


def _post(request: HttpRequest, operation: Operation, ids: Ids) -> HttpResponse:
    """Only where Q gives records their ids."""
    collection = COLLECTIONS[operation.collection]
    sourced_id = str(uuid4())
    record = gradebook.record(collection, sourced_id, request.body, is_allocated=True)
    row = records.row(collection.name, record, now=clock.moment())
    store.put(row)
    writers.note(collection.name, sourced_id, writers.CLIENT)
    response = answers.single(request, operation, row.body.encode(), status=201)
    response["Location"] = f"{answers.origin(request)}{_path(request)}/{sourced_id}"
    return response


def _delete(request: HttpRequest, operation: Operation, ids: Ids) -> HttpResponse:
    collection = COLLECTIONS[operation.collection]
    gradebook.check_delete()
    kept = store.body(collection, ids["id"])
    if kept is None and on("q.unknown-object"):
        raise Unknown("there is no such object")
    gradebook.check_open(collection, ids["id"])
    if kept and quirks.get("delete") == "soft":
        _mark_deleted(collection, kept)
    elif on("q.delete-removes"):
        if collection.name == "lineItems":
            store.remove_results(ids["id"])
        store.remove(collection, ids["id"])
    return HttpResponse(status=204)


def _mark_deleted(collection: Collection, kept: bytes) -> None:
    gone = {"status": "tobedeleted", "dateLastModified": records.timestamp(clock.moment())}
    record = {**msgspec.json.decode(kept), **gone}
    store.put(records.row(collection.name, record, now=clock.moment()))
    writers.note(collection.name, record["sourcedId"], writers.CLIENT)


_METHODS: Final = {"GET": _get, "PUT": _put, "POST": _post, "DELETE": _delete}
