"""Secrets at rest: encrypted with keys of their own, bound to the row and field they belong to.

A ciphertext copied to another district's row, or to another field, does not decrypt (S77).
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from integration.errors import QSyncError


class SecretUnreadable(QSyncError):
    """A stored secret cannot be decrypted with any of ENCRYPTION_KEYS."""

    code = "secret.unreadable"
    remedy = "Set ENCRYPTION_KEYS to include the key it was saved with, or enter the secret again."


KEY_LENGTH = 32


def _fernet() -> MultiFernet:
    """Accept any key text of 32 characters or more; Fernet wants exactly 32 bytes."""
    keys = [key.strip() for key in settings.ENCRYPTION_KEYS]
    # A trailing comma makes a blank key, which everybody knows.
    if not keys or min(map(len, keys)) < KEY_LENGTH:
        raise ImproperlyConfigured(
            f"Set each of ENCRYPTION_KEYS to at least {KEY_LENGTH} random characters."
        )
    digests = (hashlib.sha256(key.encode()).digest() for key in keys)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])


def encrypt(secret: str, *, bound_to: str) -> str:
    """Encrypt `secret` so that only a reader naming the same `bound_to` gets it back."""
    return _fernet().encrypt(json.dumps([bound_to, secret]).encode()).decode()


def decrypt(token: str, *, bound_to: str) -> str:
    """Give back the secret. Raises SecretUnreadable."""
    try:
        place, secret = json.loads(_fernet().decrypt(token.encode()))
    except InvalidToken as error:
        raise SecretUnreadable("A stored secret cannot be decrypted.") from error
    if place != bound_to:
        raise SecretUnreadable("A stored secret belongs to another record.")
    return str(secret)


def reencrypt(token: str) -> str:
    """The same secret under the newest key. Raises SecretUnreadable."""
    try:
        return _fernet().rotate(token.encode()).decode()
    except InvalidToken as error:
        raise SecretUnreadable("A stored secret cannot be decrypted.") from error


class Sealed:
    """A model attribute whose value is kept encrypted in the text column `column`.

    The model has a `district_id`, which the ciphertext is bound to together with the column.
    """

    def __init__(self, column: str) -> None:
        self.column = column

    def __get__(self, instance: Any, owner: type | None = None) -> str:
        token = getattr(instance, self.column)
        return decrypt(token, bound_to=self._place(instance)) if token else ""

    def __set__(self, instance: Any, value: str) -> None:
        sealed = encrypt(value, bound_to=self._place(instance)) if value else ""
        setattr(instance, self.column, sealed)

    def _place(self, instance: Any) -> str:
        if instance.district_id is None:
            raise ValueError("Save the district first: a secret is sealed for its number.")
        return f"district {instance.district_id} {self.column}"
