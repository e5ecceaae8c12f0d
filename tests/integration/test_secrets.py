"""Secrets at rest: who has the database alone has nothing."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from integration.models import CanvasConnection, District, QConnection
from integration.secrets import SecretUnreadable, decrypt, encrypt, reencrypt

OLD, NEW = "old key " * 4 + ".", "new key " * 4 + "."
PLACE = "district 1 sealed_key"


@pytest.fixture(autouse=True)
def keys(settings):
    settings.ENCRYPTION_KEYS = [OLD]


@pytest.mark.parametrize("secret", ["s3cret", "", "ключ 🔑", "x" * 10_000, '["a", "b"]', "a\nb"])
def test_a_secret_comes_back_as_it_was(secret):
    token = encrypt(secret, bound_to=PLACE)
    assert decrypt(token, bound_to=PLACE) == secret
    assert not secret or secret not in token


def test_the_same_secret_never_looks_the_same():
    assert encrypt("s3cret", bound_to=PLACE) != encrypt("s3cret", bound_to=PLACE)


@pytest.mark.parametrize(
    "place", ["district 2 sealed_key", "district 1 sealed_secret", "", "district 1 sealed_keys"]
)
def test_a_secret_that_was_moved_elsewhere_cannot_be_read(place):
    with pytest.raises(SecretUnreadable, match="another record"):
        decrypt(encrypt("s3cret", bound_to=PLACE), bound_to=place)


def tampered(token: str) -> list[str]:
    flipped = "A" if token[40] != "A" else "B"
    return [token[:40] + flipped + token[41:], token[:-10], token + "AAAA", "", "plain", "é"]


def test_a_secret_that_was_tampered_with_cannot_be_read():
    for token in tampered(encrypt("s3cret", bound_to=PLACE)):
        with pytest.raises(SecretUnreadable):
            decrypt(token, bound_to=PLACE)


def test_an_unreadable_secret_says_what_to_do_and_holds_no_secret():
    with pytest.raises(SecretUnreadable) as told:
        decrypt(encrypt("s3cret", bound_to="elsewhere"), bound_to=PLACE)
    assert told.value.code == "secret.unreadable"
    assert "ENCRYPTION_KEYS" in told.value.remedy
    assert "s3cret" not in f"{told.value} {told.value.as_dict()}"


# --- keys ---------------------------------------------------------------------------------------


def test_an_older_key_still_reads_and_the_newest_writes(settings):
    old = encrypt("s3cret", bound_to=PLACE)
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    assert decrypt(old, bound_to=PLACE) == "s3cret"
    new = encrypt("s3cret", bound_to=PLACE)
    settings.ENCRYPTION_KEYS = [OLD]
    with pytest.raises(SecretUnreadable):
        decrypt(new, bound_to=PLACE)


def test_after_rotation_the_old_key_is_useless_and_the_place_still_counts(settings):
    old = encrypt("s3cret", bound_to=PLACE)
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    rotated = reencrypt(old)
    with pytest.raises(SecretUnreadable, match="another record"):
        decrypt(rotated, bound_to="elsewhere")
    settings.ENCRYPTION_KEYS = [NEW]
    assert decrypt(rotated, bound_to=PLACE) == "s3cret"
    settings.ENCRYPTION_KEYS = [OLD]
    with pytest.raises(SecretUnreadable):
        decrypt(rotated, bound_to=PLACE)


def test_what_no_key_reads_cannot_be_rotated(settings):
    old = encrypt("s3cret", bound_to=PLACE)
    settings.ENCRYPTION_KEYS = [NEW]
    with pytest.raises(SecretUnreadable):
        reencrypt(old)


def test_space_around_a_key_does_not_matter(settings):
    old = encrypt("s3cret", bound_to=PLACE)
    settings.ENCRYPTION_KEYS = [f" {OLD}\n"]
    assert decrypt(old, bound_to=PLACE) == "s3cret"


@pytest.mark.parametrize("keys", [["", NEW], [NEW, " "], ["too short"], []])
def test_a_blank_or_short_key_is_never_used(settings, keys):
    settings.ENCRYPTION_KEYS = keys
    with pytest.raises(ImproperlyConfigured, match="ENCRYPTION_KEYS"):
        encrypt("s3cret", bound_to=PLACE)


# --- in the database ----------------------------------------------------------------------------

PLANTED = {
    (QConnection, "key"): "planted-key-3141",
    (QConnection, "secret"): "planted-secret-2718",
    (CanvasConnection, "access_token"): "planted-token-1618",
    (CanvasConnection, "client_secret"): "planted-client-1414",
    (CanvasConnection, "refresh_token"): "planted-refresh-1732",
}
FIELDS = pytest.mark.parametrize(
    ("model", "name"), PLANTED, ids=[f"{model.__name__} {name}" for model, name in PLANTED]
)


@pytest.fixture
def districts(db):
    """Two districts, each with all secrets there are."""
    districts = []
    for slug in ("lakeside", "riverside"):
        district = District.objects.create(slug=slug, name=slug)
        for model in (QConnection, CanvasConnection):
            row = model(district=district, base_url="https://example.org")
            for (owner, name), secret in PLANTED.items():
                if owner is model:
                    setattr(row, name, secret)
            row.save()
        districts.append(district)
    return districts


def dump() -> str:
    """Every value of every table."""
    with connection.cursor() as cursor:
        values = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            values += [repr(row) for row in cursor.fetchall()]
    return "\n".join(values)


def test_a_dump_of_the_database_holds_no_secret_and_no_key(districts):
    dumped = dump()
    assert "lakeside" in dumped
    assert [secret for secret in [*PLANTED.values(), OLD] if secret in dumped] == []


@FIELDS
def test_a_saved_secret_is_read_back(districts, model, name):
    for district in districts:
        assert getattr(model.objects.get(district=district), name) == PLANTED[model, name]


@FIELDS
def test_a_ciphertext_in_another_districts_row_cannot_be_read(districts, model, name):
    mine, theirs = (model.objects.get(district=district) for district in districts)
    model.objects.filter(pk=mine.pk).update(**{f"sealed_{name}": getattr(theirs, f"sealed_{name}")})
    with pytest.raises(SecretUnreadable):
        getattr(model.objects.get(pk=mine.pk), name)


def test_a_ciphertext_in_another_field_cannot_be_read(districts):
    row = QConnection.objects.get(district=districts[0])
    row.sealed_key = row.sealed_secret
    with pytest.raises(SecretUnreadable):
        _ = row.key


@FIELDS
def test_no_secret_is_no_ciphertext(districts, model, name):
    row = model.objects.get(district=districts[0])
    setattr(row, name, "")
    assert (getattr(row, f"sealed_{name}"), getattr(row, name)) == ("", "")


def test_a_secret_is_not_sealed_for_a_district_that_has_no_number_yet():
    row = QConnection(district=District(slug="new", name="New"))
    with pytest.raises(ValueError, match="Save the district"):
        row.key = "planted"


@FIELDS
def test_no_two_sealed_columns_have_one_name(model, name):
    owners = [owner for owner, other in PLANTED if other == name]
    assert owners == [model]


def test_no_secret_shows_in_what_a_row_is_called(districts):
    for model in (QConnection, CanvasConnection):
        row = model.objects.get(district=districts[0])
        said = f"{row} {row!r}"
        assert not [secret for secret in PLANTED.values() if secret in said]
