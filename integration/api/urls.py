"""Addresses below /api/."""

from django.urls import path, re_path

from integration.api import choosing, documents, plans, registry, views

app_name = "api"
_OF = "v1/districts/<slug:district>/"


urlpatterns = [
    path("", documents.page, name="page"),
    path("schema/", documents.schema, name="schema"),
    path("v1/districts/", views.Districts.as_view(), name="districts"),
    path(_OF, views.OneDistrict.as_view(), name="district"),
    path(f"{_OF}verifications/", views.Verifications.as_view(), name="verifications"),
    path(f"{_OF}verifications/<int:check>/", views.OneVerification.as_view(), name="verification"),
    path(f"{_OF}evaluation/", views.Evaluation.as_view(), name="evaluation"),
    path(f"{_OF}drift/", views.Drift.as_view(), name="drift"),
    path(f"{_OF}runs/", views.Runs.as_view(), name="runs"),
    path(f"{_OF}runs/<int:run>/", views.OneRun.as_view(), name="run"),
    path(f"{_OF}runs/<int:run>/findings/", views.Findings.as_view(), name="findings"),
    path(f"{_OF}runs/<int:run>/changes/", plans.Changes.as_view(), name="changes"),
    path(f"{_OF}runs/<int:run>/changes.csv", choosing.ChangesFile.as_view(), name="changes-file"),
    path(f"{_OF}runs/<int:run>/changed-ids.csv", choosing.ChangedIds.as_view(), name="changed-ids"),
    path(f"{_OF}rules/", choosing.Rules.as_view(), name="rules"),
    path(f"{_OF}schedule/", choosing.Schedule.as_view(), name="schedule"),
    path(f"{_OF}runs/<int:run>/undo-preview/", views.UndoPreview.as_view(), name="undo-preview"),
    path(f"{_OF}runs/<int:run>/undo/", views.Undo.as_view(), name="undo"),
    path(f"{_OF}plans/", plans.Plans.as_view(), name="plans"),
    path(f"{_OF}plans/<int:run>/", plans.OnePlan.as_view(), name="plan"),
    path(f"{_OF}plans/<int:run>/approvals/", plans.Approvals.as_view(), name="approvals"),
    path(f"{_OF}plans/<int:run>/declines/", plans.Declines.as_view(), name="declines"),
    path(f"{_OF}plans/<int:run>/discard/", plans.Discard.as_view(), name="discard"),
    path(f"{_OF}explain/", plans.Explain.as_view(), name="explain"),
    path(f"{_OF}history/", views.History.as_view(), name="history"),
    *(path(f"{_OF}{route}", view, name=name) for route, view, name in registry.ROUTES),
    # Also what holds a line feed, which `path:` does not match.
    re_path(r"[\s\S]*", documents.nothing, name="nothing"),
]
