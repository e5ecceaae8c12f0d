"""The paths of the REST API. They are written as Canvas's scopes spell them."""

from django.urls import URLPattern, path, re_path

import sandbox.paths  # noqa: F401 - registers the converter `id`
from sandbox.canvas.api import accounts, courses, imports, people, reports
from sandbox.canvas.api.gate import View, api


def _at(route: str, **views: View) -> URLPattern:
    return path(route, api(**views))


_SIS = "accounts/<id:account_id>/sis_imports"
_REPORTS = "accounts/<id:account_id>/reports"

urlpatterns = [
    _at("accounts", GET=accounts.mine),
    _at("accounts/<id:account_id>", GET=accounts.show, PUT=accounts.change),
    _at(
        "accounts/<id:account_id>/sub_accounts",
        GET=accounts.children,
        POST=accounts.add_child,
    ),
    _at("accounts/<id:account_id>/permissions", GET=accounts.permissions),
    _at("accounts/<id:account_id>/terms", GET=accounts.list_terms, POST=accounts.add_term),
    _at(
        "accounts/<id:account_id>/terms/<id:term_id>",
        GET=accounts.show_term,
        PUT=accounts.change_term,
    ),
    _at("accounts/<id:account_id>/authentication_providers", GET=accounts.providers),
    _at("accounts/<id:account_id>/roles", GET=accounts.roles, POST=accounts.add_role),
    _at("accounts/<id:account_id>/admins", GET=accounts.admins),
    _at("accounts/<id:account_id>/courses", GET=courses.in_account, POST=courses.add),
    _at("accounts/<id:account_id>/users", GET=people.in_account, POST=people.add),
    _at("accounts/<id:account_id>/logins", GET=people.logins),
    _at("accounts/<id:account_id>/logins/<id:login_id>", PUT=people.change_login),
    _at("accounts/<id:account_id>/enrollments/<id:enrollment_id>", GET=people.show_enrollment),
    _at(_SIS, GET=imports.listed, POST=imports.create),
    _at(f"{_SIS}/importing", GET=imports.importing),
    _at(f"{_SIS}/abort_all_pending", PUT=imports.abort_pending),
    _at(f"{_SIS}/<id:import_id>", GET=imports.show),
    _at(f"{_SIS}/<id:import_id>/abort", PUT=imports.abort),
    _at(f"{_SIS}/<id:import_id>/restore_states", PUT=imports.restore_states),
    _at(f"{_SIS}/<id:import_id>/errors", GET=imports.errors),
    _at(f"{_SIS}/<id:import_id>/sis_import_errors", GET=imports.errors),
    _at("accounts/<id:account_id>/sis_import_errors", GET=imports.errors),
    _at(_REPORTS, GET=reports.kinds),
    _at(f"{_REPORTS}/<id:report>", GET=reports.listed, POST=reports.create),
    _at(f"{_REPORTS}/<id:report>/<id:report_id>", GET=reports.show, DELETE=reports.remove),
    _at(f"{_REPORTS}/<id:report>/<id:report_id>/abort", PUT=reports.abort),
    _at("courses", GET=courses.mine),
    _at("courses/<id:course_id>", GET=courses.show, PUT=courses.change, DELETE=courses.remove),
    _at("courses/<id:course_id>/sections", GET=courses.sections, POST=courses.add_section),
    _at("courses/<id:course_id>/sections/<id:section_id>", GET=courses.show_section),
    _at("courses/<id:course_id>/users", GET=people.in_course),
    _at("courses/<id:course_id>/enrollments", GET=people.enrollments, POST=people.enroll),
    _at("courses/<id:course_id>/enrollments/<id:enrollment_id>", DELETE=people.end_enrollment),
    _at(
        "sections/<id:section_id>",
        GET=courses.show_section,
        PUT=courses.change_section,
        DELETE=courses.remove_section,
    ),
    _at("sections/<id:section_id>/crosslist", DELETE=courses.take_back),
    _at("sections/<id:section_id>/crosslist/<id:course_id>", POST=courses.cross_list),
    _at("sections/<id:section_id>/enrollments", GET=people.enrollments, POST=people.enroll),
    _at("users/<id:user_id>", GET=people.show, PUT=people.change),
    _at("users/<id:user_id>/profile", GET=people.show),
    _at("users/<id:user_id>/logins", GET=people.logins),
    _at("users/<id:user_id>/enrollments", GET=people.enrollments),
    _at("progress/<id:progress_id>", GET=imports.show_progress),
    # Whatever else is asked is not there; said as the API says it.
    re_path("", api()),
]
