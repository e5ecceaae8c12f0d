"""OAuth 1.0a signatures against vectors computed elsewhere."""

from urllib.parse import unquote

import pytest
from oauthlib import oauth1

from integration.oneroster.auth import sign
from integration.oneroster.settings import Settings

Q = Settings("https://q.example.org", "oauth2", "qkey", "qs&cret")
USERS = (
    "https://q.example.org/ims/oneroster/v1p1/users?limit=2&offset=0"
    "&filter=role%3D%27student%27%20AND%20status%3D%27active%27"
)
LINE_ITEM = "https://q.example.org/ims/oneroster/v1p1/lineItems/li-1"


def signed(method, url, signature, body=None):
    header = sign(
        method, url, Q, signature=signature, timestamp="1700000000", nonce="n0nce123", body=body
    )
    return {
        name: unquote(value.strip('"'))
        for name, value in (part.strip().split("=", 1) for part in header[6:].split(","))
    }


@pytest.mark.parametrize(
    ("signature", "expected"),
    [
        ("oauth1-sha1", "h1J3D8DhrDrLXjOzItqFgnnw9IU="),
        ("oauth1-sha256", "5it4C0Ljn31nOk68HT+ansbmjCh4bsjq4G5jksPqRXg="),
    ],
)
def test_a_read_with_a_filter_is_signed_as_computed_elsewhere(signature, expected):
    fields = signed("GET", USERS, signature)
    assert fields["oauth_signature"] == expected
    assert fields["oauth_version"] == "1.0"
    assert "oauth_token" not in fields


@pytest.mark.parametrize(
    ("signature", "expected"),
    [
        ("oauth1-sha1", "SvQyrtSJauaUSLzV/nZzQy01d80="),
        ("oauth1-sha256", "VSfadk5CcPooWdBYyDfZ9ppRVZyufn8i1GDRulFW1Oo="),
    ],
)
def test_a_write_with_a_body_hash_is_signed_as_computed_elsewhere(signature, expected):
    fields = signed("PUT", LINE_ITEM, signature, b'{"lineItem":{"sourcedId":"li-1"}}')
    assert fields["oauth_body_hash"] == "tbBZ7F0Fo6TflycTAaMBCnBHviY="
    assert fields["oauth_signature"] == expected


def test_without_a_body_hash_the_body_is_no_part_of_the_signature():
    assert "oauth_body_hash" not in signed("PUT", LINE_ITEM, "oauth1-sha256")


def test_the_library_agrees_with_the_example_of_the_first_specification():
    client = oauth1.Client(
        "dpf43f3p2l4k3l03",
        client_secret="kd94hf93k423kf44",
        resource_owner_key="nnch734d00sl2jdk",
        resource_owner_secret="pfkkdhi9sl3r4s00",
        nonce="kllo9940pd9333jh",
        timestamp="1191242096",
    )
    url = "http://photos.example.net/photos?file=vacation.jpg&size=original"
    _, headers, _ = client.sign(url)
    assert unquote(headers["Authorization"]).endswith(
        'oauth_signature="tR3+Ty81lMeYAr/Fid0kMTYa/WM="'
    )
