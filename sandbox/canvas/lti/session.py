"""Who acts in a browser: the Canvas session, which here is chosen and not signed in to."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from sandbox.canvas.models import User


@dataclass(frozen=True)
class Acting:
    """A person in a browser; `real` is the admin behind it while masquerading."""

    user: User
    real: User | None = None
    high_contrast: bool = False

    @property
    def words(self) -> str:
        return f"{self.user.pk}.{self.real.pk if self.real else 0}.{int(self.high_contrast)}"


def cookie_name(request: HttpRequest) -> str:
    # Cookies know hosts and not ports, and several sandboxes may run on one machine.
    return f"canvas_session_{request.META['SERVER_PORT']}"


def acting(request: HttpRequest) -> Acting | None:
    """Who acts in this browser, if anybody was chosen."""
    numbers = request.COOKIES.get(cookie_name(request), "").split(".")
    if len(numbers) != 3 or not all(each.isdigit() for each in numbers):
        return None
    people = User.objects.in_bulk([int(number) for number in numbers[:2]])
    user = people.get(int(numbers[0]))
    return Acting(user, people.get(int(numbers[1])), numbers[2] == "1") if user else None


def tell_who_acts(
    answer: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware: `request.canvas_user_id` is who acts on Canvas's pages, 0 for nobody."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        who = acting(request) if request.META["sandbox.app"] == "canvas" else None
        request.canvas_user_id = who.user.pk if who else 0
        return answer(request)

    return middleware


def begin(request: HttpRequest, response: HttpResponse, who: Acting) -> None:
    """Let this browser act as somebody from now on."""
    # The tool's redirect to the authorization endpoint is cross-site, so the cookie has to be, too.
    name = cookie_name(request)
    response.set_cookie(name, who.words, samesite="None", secure=True, httponly=True)


def end(request: HttpRequest, response: HttpResponse) -> None:
    response.delete_cookie(cookie_name(request), samesite="None")
