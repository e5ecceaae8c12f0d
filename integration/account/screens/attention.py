"""Put a line of “Needs attention” away for a week, or show it again."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse

from integration.account import overview
from integration.account.gate import actor, district_action, to
from integration.account.snoozing import snooze, wake


@district_action
def put_away(request: Any) -> HttpResponse:
    """Only what is on the list and may rest; what has gone meanwhile needs no rest."""
    key, by = request.POST.get("key", ""), actor(request.launch)
    if request.POST.get("what") == "wake":
        wake(request.district, key, by=by)
        return to(request, "account:overview")
    for line in overview.of_district(request.district).attention:
        if key and line.key == key:
            snooze(request.district, line, by=by)
    return to(request, "account:overview")
