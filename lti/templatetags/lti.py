"""`{% launch_url name … %}`: the address of a page, carrying the place of this launch."""

from __future__ import annotations

from typing import Any

from django import template
from django.template import Context
from django.urls import reverse

from lti import sessions

register = template.Library()


@register.simple_tag(takes_context=True)
def launch_url(context: Context, name: str, *args: Any, **kwargs: Any) -> str:
    session = getattr(context["request"], "launch_session", None)
    if session is None:
        return reverse(name, args=args, kwargs=kwargs)
    return sessions.url(session, name, *args, **kwargs)
