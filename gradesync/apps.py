from django.apps import AppConfig


class GradesyncConfig(AppConfig):
    name = "gradesync"
    verbose_name = "Grade passback"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the floor below of what it cannot import."""
        from gradesync import following, push, tasks, undo
        from gradesync.management.report import explain_score, undo_grades
        from integration.management.registries import EXPLAINERS, UNDOERS
        from integration.provisioning.following import FOLLOWERS
        from integration.tasks import SWEEPERS

        FOLLOWERS.append(following.follow)
        push.PLANS[push.UNDO] = undo.plan_undo
        UNDOERS[push.KIND] = undo_grades
        SWEEPERS.append(tasks.sweep)
        EXPLAINERS["results"] = explain_score
