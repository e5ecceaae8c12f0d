from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class GradesyncConfig(AppConfig):
    name = "gradesync"
    verbose_name = "Grade passback"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the floor below of what it cannot import."""
        from gradesync import checking, evaluating, following, push, supported, tasks
        from gradesync.api.lend import lend
        from gradesync.management.demo import grade_and_sync
        from gradesync.management.report import explain_score, undo_grades
        from gradesync.planning import PLANS, Planner
        from gradesync.selectors import failing
        from gradesync.trying import verify_grades
        from gradesync.undo import plan_undo, undone_lines
        from integration.account.attention import ATTENTION
        from integration.account.screens.why import FURTHER
        from integration.account.supported import TABLES
        from integration.account.tabs import MORE, Tab
        from integration.evaluation.further import COMPARERS
        from integration.management.registries import DEMO_STEPS, EXPLAINERS, UNDOERS
        from integration.provisioning.following import FOLLOWERS
        from integration.tasks import SWEEPERS
        from integration.verification import VERIFIERS

        PLANS[push.UNDO] = Planner(plan_undo, undone_lines)
        PLANS[checking.CHECK] = Planner(checking.plan_check)
        FOLLOWERS.append(following.follow)
        UNDOERS[push.KIND] = undo_grades
        SWEEPERS.append(tasks.sweep)
        DEMO_STEPS.append(grade_and_sync)
        COMPARERS.append(evaluating.line_items)
        VERIFIERS.append(verify_grades)
        EXPLAINERS["results"] = explain_score
        TABLES.append(supported.tell)
        FURTHER.append(("grading:why", gettext_lazy("Ask about one score instead")))
        ATTENTION.append(failing.attention)
        MORE.append(Tab("grades", "grading:levels", gettext_lazy("Grades")))
        lend()
