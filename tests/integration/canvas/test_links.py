"""Where the next page is, and whose it is."""

import pytest

from integration.canvas.errors import ForeignPage, ProtocolError
from integration.canvas.links import next_link, own

ROOT = "https://canvas.example"


@pytest.mark.parametrize(
    ("header", "target"),
    [
        ('<https://c/a?page=bookmark:WyJBIl0>; rel="next"', "https://c/a?page=bookmark:WyJBIl0"),
        ('<https://c/1>; rel="current",<https://c/2>; rel="next"', "https://c/2"),
        ('<https://c/1>; rel="prev", <https://c/2>; rel="NEXT"', "https://c/2"),
        ("<https://c/2>; rel=next", "https://c/2"),
        ('<https://c/2>; title="a, b"; rel="next last"', "https://c/2"),
        ('<https://c/a,b;c>; rel="next"', "https://c/a,b;c"),
        ('<https://c/1>; rel="current"', None),
        ('<https://c/1>; rel="nextish"', None),
        ("", None),
        (None, None),
        ("<<<;;;rel=next", None),
    ],
)
def test_the_next_page_is_found_exactly_as_sent(header, target):
    assert next_link(header) == target


@pytest.mark.parametrize(
    "url",
    [
        "https://canvas.example/api/v1/x?page=2",
        "https://CANVAS.example:443/api/v1/x?page=2",
        "/api/v1/x?page=2",
        "?page=2",
    ],
)
def test_a_link_on_our_own_canvas_is_followed(url):
    assert own(url, root=ROOT, current=f"{ROOT}/api/v1/x").endswith("/api/v1/x?page=2")


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/api/v1/x",
        "http://canvas.example/api/v1/x",
        "http://canvas.example:443/api/v1/x",
        "https://canvas.example:8443/api/v1/x",
        "https://canvas.example.evil.example/",
        "https://canvas.example@evil.example/",
        "https://evil.example\\@canvas.example/",
        "https://canvas.example\t.evil.example/",
        "//evil.example/x",
        "https:/evil.example",
        "file:///etc/passwd",
    ],
)
def test_a_link_to_anywhere_else_is_refused(url):
    with pytest.raises(ForeignPage):
        own(url, root=ROOT, current=f"{ROOT}/api/v1/x")


def test_a_link_that_is_no_address_is_refused():
    with pytest.raises(ProtocolError):
        own("https://canvas.example:port/", root=ROOT, current=ROOT)
