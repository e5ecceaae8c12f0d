"""The paths beside /api/v1: GraphQL, what is offered to an SIS, New Quizzes."""

from sandbox.canvas.api import graphql, kinds, sis_assignments
from sandbox.canvas.api.urls import at

urlpatterns = [
    at("graphql", POST=graphql.answer),
    at("sis/courses/<id:course_id>/assignments", GET=sis_assignments.of_course),
    at("sis/accounts/<id:account_id>/assignments", GET=sis_assignments.of_account),
    at("sis/courses/<id:course_id>/disable_post_to_sis", PUT=sis_assignments.disable),
    at("quiz/v1/courses/<id:course_id>/quizzes", GET=kinds.new_quizzes, POST=kinds.add_new_quiz),
]
