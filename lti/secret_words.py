"""Random words that prove something, and the digests by which they are kept."""

import hashlib
import secrets


def new_word() -> str:
    """256 bits, 43 characters that fit into URLs and cookies."""
    return secrets.token_urlsafe(32)


def digest(word: str) -> str:
    """What is stored in a word's place."""
    return hashlib.sha256(word.encode()).hexdigest()
