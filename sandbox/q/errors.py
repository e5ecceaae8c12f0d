"""What Q says when it will not: a status, OneRoster's code, a sentence."""

from http import HTTPStatus


class Refused(Exception):
    """A request that is not carried out."""

    status = HTTPStatus.BAD_REQUEST
    minor = "invalid data"

    def __init__(self, description: str, *, minor: str = "", headers: dict[str, str] | None = None):
        super().__init__(description)
        self.minor = minor or self.minor
        self.headers = headers or {}


class Unauthorized(Refused):
    """Nobody Q knows is asking."""

    status = HTTPStatus.UNAUTHORIZED
    minor = "unauthorized"


class Forbidden(Refused):
    """Somebody is asking for more than was granted."""

    status = HTTPStatus.FORBIDDEN
    minor = "forbidden"


class Unknown(Refused):
    """There is no such record, or no such path."""

    status = HTTPStatus.NOT_FOUND
    minor = "unknown object"


class NotOffered(Refused):
    """The path is known, the method on it is not."""

    status = HTTPStatus.METHOD_NOT_ALLOWED
    minor = "unsupported operation"


class Broken(Refused):
    """Not the client's fault."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    minor = "internal_server_error"


class Clashing(Refused):
    """The record stands in the way of another one."""

    status = HTTPStatus.CONFLICT


class Unprocessable(Refused):
    """The record that was sent cannot be kept."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
