"""The pages of gradebooks, below /courses/ID/gradebook."""

from django.urls import path

import sandbox.paths  # noqa: F401 - registers the converter `id`
from sandbox.canvas.gradebook import assignment_pages, cell_pages, pages, settings_pages

_ROOT = "courses/<id:number>/gradebook"

urlpatterns = [
    path(_ROOT, pages.grid),
    path(f"{_ROOT}/new", assignment_pages.new),
    path(f"{_ROOT}/settings", settings_pages.settings),
    path(f"{_ROOT}/assignments/<int:assignment_id>", assignment_pages.assignment),
    path(f"{_ROOT}/cells/<int:assignment_id>/<int:user_id>", cell_pages.cell),
]
