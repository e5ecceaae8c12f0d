"""What the connection test says of a Q whose address answers, and is not the service's."""

from __future__ import annotations

import pytest

from integration.models import QConnection
from integration.verification import verify_q
from tests.integration.oneroster.provider import ROOT, refusal, reply


def of_orgs(client, base_url):
    """The step that asks for the organisations."""
    steps = verify_q(client, QConnection(base_url=base_url, service="bulk"))
    return next(step for step in steps if step.name == "Q: /orgs")


@pytest.mark.parametrize("above", [refusal(404, "unknown object"), reply(b"<html>Welcome</html>")])
def test_a_service_below_the_address_is_named(connect, q, above):
    q.rows["orgs"] = []
    q.habits.append(lambda r: above if r.path == "/orgs" else None)
    step = of_orgs(connect(base_url=q.url), q.url)
    assert (step.ok, step.who) == (False, "you")
    assert q.url + ROOT in step.remedy


def test_an_address_that_answers_a_moment_later_is_not_told_to_be_entered_again(client, q):
    q.rows["orgs"] = []
    late = [refusal(403, "forbidden")]
    q.habits.append(lambda r: late.pop() if late and r.path.endswith("/orgs") else None)
    step = of_orgs(client, q.url + ROOT)
    assert not step.ok
    assert q.url not in step.remedy
