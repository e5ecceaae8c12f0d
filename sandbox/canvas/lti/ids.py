"""The names under which a tool comes to know things: opaque ids, guids, global ids."""

import hashlib
import uuid

from sandbox.canvas.models import Account, Course, User

Context = Account | Course

SHARD = 10**13


def _digest(*words: str) -> bytes:
    return hashlib.sha256(":".join(words).encode()).digest()


def subject(user: User) -> str:
    """The `sub` of a person: a uuid, for older users 40 hexadecimal digits."""
    digest = _digest("user", user.uuid)
    if user.pk % 7 == 0:
        return digest[:20].hex()
    return str(uuid.UUID(bytes=digest[:16], version=4))


def legacy_user(user: User) -> str:
    """The id that LTI 1.1 had for a person."""
    return _digest("lti11", user.uuid)[:20].hex()


def opaque(context: Context) -> str:
    """The `context.id` of an account or a course, and the end of its deployments' ids."""
    return _digest("context", type(context).__name__, context.uuid)[:20].hex()


def guid(root: Account) -> str:
    """The root account as `tool_platform.guid`."""
    return f"{root.uuid}:canvas-lms"


def global_id(number: int) -> str:
    """An id that is the only one in all of Canvas: a developer key's is its client id."""
    return str(number if number > SHARD else number + SHARD)
