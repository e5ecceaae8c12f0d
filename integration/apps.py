from django.apps import AppConfig


class IntegrationConfig(AppConfig):
    name = "integration"
    verbose_name = "Q Sync"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the engine of the kinds of run beside the nightly one, and lend the launch room."""
        from integration import actions, alerts, audit, tasks
        from integration.api.registry import UNDOERS, Undoer
        from integration.evaluation import run as evaluation
        from integration.launches import LaunchHost
        from integration.models.api_token import ApiToken
        from integration.provisioning import approval, drift, run, undo, undo_plan
        from lti import registry

        run.PLANS[undo.KIND] = undo_plan.plan_undo
        run.PLANS[drift.KIND] = drift.compare_with_canvas
        run.PLANS[evaluation.KIND] = evaluation.compare_both
        run.PLANS[approval.RENAMES] = approval.plan_renames
        undoer = Undoer(
            actions.undo_now, actions.confirm_undo, ApiToken.Right.RUN, ApiToken.Right.APPROVE
        )
        for kind in (run.KIND, approval.RENAMES, undo.KIND):
            UNDOERS[kind] = undoer
        tasks.SWEEPERS.extend([alerts.sweep, audit.seal])
        registry.lend(LaunchHost())
