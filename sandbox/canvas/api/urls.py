"""The paths of the REST API. They are written as Canvas's scopes spell them."""

from django.urls import URLPattern, path, re_path

import sandbox.paths  # noqa: F401 - registers the converter `id`
from sandbox.canvas.api import (
    accounts,
    assignment_groups,
    assignments,
    course_settings,
    courses,
    grading_periods,
    imports,
    kinds,
    moderation,
    overrides,
    people,
    reports,
    submissions,
)
from sandbox.canvas.api.gate import View, api


def at(route: str, **views: View) -> URLPattern:
    return path(route, api(**views))


_SIS = "accounts/<id:account_id>/sis_imports"
_REPORTS = "accounts/<id:account_id>/reports"

_COURSE = "courses/<id:course_id>"
_ASSIGNMENT = f"{_COURSE}/assignments/<id:assignment_id>"

# What a gradebook is read and written by.
_GRADING = [
    at(f"{_COURSE}/assignments", GET=assignments.listed, POST=assignments.add),
    at(
        _ASSIGNMENT,
        GET=assignments.show,
        PUT=assignments.change,
        DELETE=assignments.remove,
    ),
    at(f"{_ASSIGNMENT}/overrides", GET=overrides.listed, POST=overrides.add),
    at(
        f"{_ASSIGNMENT}/overrides/<id:override_id>",
        GET=overrides.show,
        PUT=overrides.change,
        DELETE=overrides.remove,
    ),
    at(f"{_ASSIGNMENT}/submissions", GET=submissions.of_assignment, POST=submissions.hand_in),
    at(f"{_ASSIGNMENT}/submissions/update_grades", POST=submissions.update_grades),
    at(f"{_ASSIGNMENT}/submissions/<id:user_id>", GET=submissions.show, PUT=submissions.change),
    at(f"{_ASSIGNMENT}/provisional_grades/publish", POST=moderation.publish),
    at(
        f"{_COURSE}/assignment_groups",
        GET=assignment_groups.listed,
        POST=assignment_groups.add,
    ),
    at(
        f"{_COURSE}/assignment_groups/<id:group_id>",
        GET=assignment_groups.show,
        PUT=assignment_groups.change,
        DELETE=assignment_groups.remove,
    ),
    at(f"{_COURSE}/assignment_groups/<id:group_id>/assignments", GET=assignments.listed),
    at(f"{_COURSE}/students/submissions", GET=submissions.of_course),
    at("sections/<id:section_id>/students/submissions", GET=submissions.of_course),
    at(f"{_COURSE}/submissions/update_grades", POST=submissions.update_grades),
    at(f"{_COURSE}/grading_periods", GET=grading_periods.of_course),
    at("accounts/<id:account_id>/grading_periods", GET=grading_periods.of_account),
    at("accounts/<id:account_id>/grading_periods/<id:period_id>", DELETE=grading_periods.remove),
    at(
        "accounts/<id:account_id>/grading_period_sets",
        GET=grading_periods.sets,
        POST=grading_periods.add_set,
    ),
    at(
        "accounts/<id:account_id>/grading_period_sets/<id:set_id>",
        PATCH=grading_periods.change_set,
        DELETE=grading_periods.remove_set,
    ),
    at(
        "grading_period_sets/<id:set_id>/grading_periods/batch_update",
        PATCH=grading_periods.batch_update,
    ),
    at(f"{_COURSE}/settings", GET=course_settings.settings, PUT=course_settings.change_settings),
    at(
        f"{_COURSE}/late_policy",
        GET=course_settings.late_policy,
        POST=course_settings.add_late_policy,
        PATCH=course_settings.change_late_policy,
    ),
    at(
        f"{_COURSE}/grading_standards",
        GET=course_settings.standards,
        POST=course_settings.add_standard,
    ),
    at(f"{_COURSE}/grading_standards/<id:standard_id>", GET=course_settings.show_standard),
    at(
        "accounts/<id:account_id>/grading_standards",
        GET=course_settings.standards,
        POST=course_settings.add_standard,
    ),
    at(
        "accounts/<id:account_id>/grading_standards/<id:standard_id>",
        GET=course_settings.show_standard,
    ),
    at("accounts/<id:account_id>/custom_grade_statuses", GET=course_settings.statuses),
    at(
        f"{_COURSE}/gradebook/final_grade_overrides",
        GET=course_settings.final_overrides,
        PUT=course_settings.change_final_overrides,
    ),
    at("audit/grade_change/courses/<id:course_id>", GET=course_settings.grade_log),
    at(f"{_COURSE}/quizzes", GET=kinds.quizzes, POST=kinds.add_quiz),
    at(f"{_COURSE}/quizzes/<id:quiz_id>", GET=kinds.show_quiz),
    at(f"{_COURSE}/discussion_topics", GET=kinds.topics, POST=kinds.add_topic),
    at(f"{_COURSE}/discussion_topics/<id:topic_id>", GET=kinds.show_topic),
    at(f"{_COURSE}/group_categories", GET=kinds.categories, POST=kinds.add_category),
    at(f"{_COURSE}/groups", GET=kinds.groups),
    at("group_categories/<id:category_id>/groups", POST=kinds.add_group),
    at("groups/<id:group_id>", PUT=kinds.change_group),
]

urlpatterns = [
    *_GRADING,
    at("accounts", GET=accounts.mine),
    at("accounts/<id:account_id>", GET=accounts.show, PUT=accounts.change),
    at(
        "accounts/<id:account_id>/sub_accounts",
        GET=accounts.children,
        POST=accounts.add_child,
    ),
    at("accounts/<id:account_id>/permissions", GET=accounts.permissions),
    at("accounts/<id:account_id>/terms", GET=accounts.list_terms, POST=accounts.add_term),
    at(
        "accounts/<id:account_id>/terms/<id:term_id>",
        GET=accounts.show_term,
        PUT=accounts.change_term,
    ),
    at("accounts/<id:account_id>/authentication_providers", GET=accounts.providers),
    at("accounts/<id:account_id>/roles", GET=accounts.roles, POST=accounts.add_role),
    at("accounts/<id:account_id>/admins", GET=accounts.admins),
    at("accounts/<id:account_id>/courses", GET=courses.in_account, POST=courses.add),
    at("accounts/<id:account_id>/users", GET=people.in_account, POST=people.add),
    at("accounts/<id:account_id>/logins", GET=people.logins),
    at("accounts/<id:account_id>/logins/<id:login_id>", PUT=people.change_login),
    at("accounts/<id:account_id>/enrollments/<id:enrollment_id>", GET=people.show_enrollment),
    at(_SIS, GET=imports.listed, POST=imports.create),
    at(f"{_SIS}/importing", GET=imports.importing),
    at(f"{_SIS}/abort_all_pending", PUT=imports.abort_pending),
    at(f"{_SIS}/<id:import_id>", GET=imports.show),
    at(f"{_SIS}/<id:import_id>/abort", PUT=imports.abort),
    at(f"{_SIS}/<id:import_id>/restore_states", PUT=imports.restore_states),
    at(f"{_SIS}/<id:import_id>/errors", GET=imports.errors),
    at(f"{_SIS}/<id:import_id>/sis_import_errors", GET=imports.errors),
    at("accounts/<id:account_id>/sis_import_errors", GET=imports.errors),
    at(_REPORTS, GET=reports.kinds),
    at(f"{_REPORTS}/<id:report>", GET=reports.listed, POST=reports.create),
    at(f"{_REPORTS}/<id:report>/<id:report_id>", GET=reports.show, DELETE=reports.remove),
    at(f"{_REPORTS}/<id:report>/<id:report_id>/abort", PUT=reports.abort),
    at("courses", GET=courses.mine),
    at("courses/<id:course_id>", GET=courses.show, PUT=courses.change, DELETE=courses.remove),
    at("courses/<id:course_id>/sections", GET=courses.sections, POST=courses.add_section),
    at("courses/<id:course_id>/sections/<id:section_id>", GET=courses.show_section),
    at("courses/<id:course_id>/users", GET=people.in_course),
    at("courses/<id:course_id>/enrollments", GET=people.enrollments, POST=people.enroll),
    at("courses/<id:course_id>/enrollments/<id:enrollment_id>", DELETE=people.end_enrollment),
    at(
        "sections/<id:section_id>",
        GET=courses.show_section,
        PUT=courses.change_section,
        DELETE=courses.remove_section,
    ),
    at("sections/<id:section_id>/crosslist", DELETE=courses.take_back),
    at("sections/<id:section_id>/crosslist/<id:course_id>", POST=courses.cross_list),
    at("sections/<id:section_id>/enrollments", GET=people.enrollments, POST=people.enroll),
    at("users/<id:user_id>", GET=people.show, PUT=people.change),
    at("users/<id:user_id>/profile", GET=people.show),
    at("users/<id:user_id>/logins", GET=people.logins),
    at("users/<id:user_id>/enrollments", GET=people.enrollments),
    at("progress/<id:progress_id>", GET=imports.show_progress),
    # Whatever else is asked is not there; said as the API says it.
    re_path("", api()),
]
