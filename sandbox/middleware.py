"""What every request passes: the port decides the app, and the request is written down."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from sandbox import control, faults

Answer = Callable[[HttpRequest], HttpResponseBase]


def choose_app_and_log(answer: Answer) -> Answer:
    """Serve each port from its own urlconf; note what was asked and what was said."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        app = request.META["sandbox.app"]
        request.urlconf = f"sandbox.{app}.urls"
        if request.path_info.startswith("/sandbox/"):
            return measured(request)
        target = request.META["REQUEST_URI"]
        met = faults.BOARDS[app].meeting(request.method or "", target)
        response = faults.answered(request, measured, met) if met else measured(request)
        numbers = [fault.number for fault in met]
        control.LOGS[app].add(request.method or "", target, response, numbers)
        return response

    def measured(request: HttpRequest) -> HttpResponseBase:
        response = answer(request)
        if isinstance(response, HttpResponse) and "Content-Length" not in response:
            # Without it the connection would be closed after every answer.
            response["Content-Length"] = str(len(response.content))
        return response

    return middleware
