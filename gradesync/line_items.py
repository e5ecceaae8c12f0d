"""Each line item of a class beside the one in Q that it is. PURE.

By its link; else by its id, its marker or an unambiguous adoption (design 6.4).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from gradesync import preflight
from gradesync.adoption import Absent, Ambiguous, Found, Match, Sought, find_all
from gradesync.drafts import Draft, drafts
from gradesync.ids import ItemKey, line_item_id
from gradesync.problems import Problem, problem
from gradesync.readings import Memory, SentItem, Snapshot
from gradesync.sections import LinkedClass
from gradesync.titles import Given, fitted, tagged, tidy
from integration.oneroster.gradebook_types import LineItem, LineItemFields

# "found": we wrote it, without knowing; "gone": Q confirmed it once and holds it no more.
State = Literal["linked", "found", "adopted", "absent", "gone", "ambiguous"]


@dataclass(frozen=True, slots=True)
class WantedItem:
    """A line item as it should be, and as it is.

    `made_id` is the id made for it, which is its marker too; `sourced_id` the one it has, or will
    have. `there` is the one in Q, None where there is none or nobody can tell which
    of the `candidates` it is.
    """

    draft: Draft
    linked: LinkedClass
    fields: LineItemFields
    problems: tuple[Problem, ...]
    made_id: str
    sourced_id: str
    state: State
    there: LineItem | None = None
    last: LineItemFields | None = None
    candidates: tuple[LineItem, ...] = ()

    @property
    def key(self) -> ItemKey:
        return self.draft.key


def wanted_items(linked: LinkedClass, snapshot: Snapshot) -> list[WantedItem]:
    """Every line item of one class."""
    all_drafts = list(drafts(linked, snapshot))
    made = {one.key: _made_id(one.key, snapshot) for one in all_drafts}
    line_items = snapshot.q.line_items.get(linked.class_.sourced_id, ())
    matches = _matches(all_drafts, made, line_items, snapshot)
    titles = _titles(all_drafts, matches, line_items, snapshot)
    return [
        _settled(one, linked, titles[_name(one.key)], made[one.key], matches, line_items, snapshot)
        for one in all_drafts
    ]


def _made_id(key: ItemKey, snapshot: Snapshot) -> str:
    """Made once: what was written down before the first write stays, whatever is renamed since."""
    link = snapshot.memory.items.get(key)
    if link is not None and link.fields is None:
        return link.sourced_id
    return line_item_id(snapshot.rules.namespace, key)


def _name(key: ItemKey) -> str:
    """What a title is kept under, within a class. Older assignments sort first (`titles`)."""
    return key.canvas_id if key.what == "assignment" else f"course-grade:{key.canvas_id:>20}"


def _is_linked(link: SentItem | None, active_ids: set[str]) -> bool:
    """A link that was never confirmed and is not in Q may be a write that never arrived."""
    return link is not None and (link.fields is not None or link.sourced_id in active_ids)


def _active_ids(line_items: Sequence[LineItem]) -> set[str]:
    return {one.sourced_id for one in line_items if one.is_active}


def _matches(
    all_drafts: Sequence[Draft],
    made: Mapping[ItemKey, str],
    line_items: Sequence[LineItem],
    snapshot: Snapshot,
) -> dict[ItemKey, Match]:
    """Of the drafts without a link."""
    memory, active = snapshot.memory, _active_ids(line_items)
    plain = _fitted(all_drafts, snapshot, taken=())
    limit = snapshot.rules.profile.title_limit
    sought = []
    for one in all_drafts:
        if _is_linked(memory.items.get(one.key), active):
            continue
        name, source = _name(one.key), tidy(one.source)
        titles = frozenset({source, plain[name], tagged(name, source, limit)})
        sought.append(Sought(one.key, made[one.key], titles, one.fields.due_at))
    linked_ids = {link.sourced_id for link in memory.items.values() if _is_linked(link, active)}
    found = find_all(sought, line_items, linked=linked_ids, zone=snapshot.rules.zone)
    return {
        key: Absent() if _is_new_wanted(key, match, memory) else match
        for key, match in found.items()
    }


def _is_new_wanted(key: ItemKey, match: Match, memory: Memory) -> bool:
    is_ours = isinstance(match, Found) and match.is_ours
    return memory.item_decisions.get(key) == "new" and not is_ours


def _titles(
    all_drafts: Sequence[Draft],
    matches: Mapping[ItemKey, Match],
    line_items: Sequence[LineItem],
    snapshot: Snapshot,
) -> dict[str, str]:
    """Unique beside the titles in Q that are not ours."""
    items = snapshot.memory.items
    ours = {items[one.key].sourced_id for one in all_drafts if one.key in items}
    ours |= {one.line_item.sourced_id for one in matches.values() if isinstance(one, Found)}
    others = [one for one in line_items if one.is_active and one.sourced_id not in ours]
    return _fitted(all_drafts, snapshot, taken=[one.fields.title for one in others])


def _fitted(
    all_drafts: Sequence[Draft], snapshot: Snapshot, taken: Sequence[str]
) -> dict[str, str]:
    links = ((one.key, snapshot.memory.items.get(one.key)) for one in all_drafts)
    given = {
        _name(key): Given(link.source, link.fields.title)
        for key, link in links
        if link is not None and link.fields is not None
    }
    sources = {_name(one.key): one.source for one in all_drafts}
    return fitted(sources, snapshot.rules.profile.title_limit, given=given, taken=taken)


def _settled(
    draft: Draft,
    linked: LinkedClass,
    title: str,
    made_id: str,
    matches: Mapping[ItemKey, Match],
    line_items: Sequence[LineItem],
    snapshot: Snapshot,
) -> WantedItem:
    link = snapshot.memory.items.get(draft.key)
    limit = snapshot.rules.profile.title_limit
    item = WantedItem(
        draft,
        linked,
        replace(draft.fields, title=title),
        (*draft.problems, *preflight.of_title(draft.source, title, limit)),
        made_id,
        link.sourced_id if link else made_id,
        "absent",
        last=link.fields if link else None,
    )
    if draft.key not in matches:
        return _with_link(item, line_items, snapshot.memory)
    match matches[draft.key]:
        case Found(line_item, is_ours):
            state: State = "found" if is_ours else "adopted"
            return replace(item, state=state, there=line_item, sourced_id=line_item.sourced_id)
        case Ambiguous(candidates):
            told = problem("line_item.ambiguous", count=len(candidates))
            told_of = (*item.problems, told)
            return replace(item, state="ambiguous", problems=told_of, candidates=candidates)
        case _:
            return item


def _with_link(item: WantedItem, line_items: Sequence[LineItem], memory: Memory) -> WantedItem:
    there = next((one for one in line_items if one.sourced_id == item.sourced_id), None)
    if there is not None and there.is_active:
        return replace(item, state="linked", there=there)
    if memory.item_decisions.get(item.key) == "again":
        return item
    told = problem("line_item.gone")
    return replace(item, state="gone", problems=(*item.problems, told))
