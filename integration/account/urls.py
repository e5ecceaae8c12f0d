"""Addresses below /account/."""

from django.urls import path

from integration.account import views
from integration.account.screens import (
    audit,
    changes,
    connections,
    deciding,
    evaluation,
    rules,
    runs,
    signing_in,
    supported,
    tokens,
    why,
)

app_name = "account"
urlpatterns = [
    path("", views.show_overview, name="overview"),
    path("claim/", views.claim, name="claim"),
    path("runs/", runs.show_list, name="runs"),
    path("runs/start/", deciding.start, name="start"),
    path("runs/plan-again/", deciding.plan_again, name="plan-again"),
    path("runs/<int:run_id>/", runs.show, name="run"),
    path("runs/<int:run_id>/decide/", deciding.decide, name="decide"),
    path("runs/<int:run_id>/undo/", deciding.undo, name="undo"),
    path("runs/<int:run_id>/changes/", changes.show, name="changes"),
    path("runs/<int:run_id>/changes.csv", changes.download, name="changes-csv"),
    path("connections/", connections.show, name="connections"),
    path("connections/q/", connections.q, name="connect-q"),
    path("connections/canvas/", connections.canvas, name="connect-canvas"),
    path("connections/q/invite/", connections.invite, name="invite"),
    path("connections/q/invite/<int:invitation_id>/cancel/", connections.cancel, name="cancel"),
    path("connections/canvas/sign-in/", signing_in.sign_in, name="sign-in"),
    path("connections/canvas/consent/", signing_in.waiting, name="consent"),
    path("canvas/authorize/", signing_in.open_tab, name="canvas-authorize"),
    path("canvas/callback/", signing_in.callback, name="canvas-callback"),
    path("connections/check/", connections.check, name="check"),
    path("evaluation/", evaluation.show, name="evaluation"),
    path("evaluation/<int:run_id>/change_sis_id.csv", evaluation.ids, name="changed-ids"),
    path("rules/", rules.show, name="rules"),
    path("rules/save/", rules.save, name="save-rules"),
    path("rules/schedule/", rules.save_schedule, name="save-schedule"),
    path("rules/pause/", rules.pause, name="pause"),
    path("rules/windows/add/", rules.add_window, name="add-window"),
    path("rules/windows/drop/", rules.drop_window, name="drop-window"),
    path("rules/windows/suggest/", rules.suggest, name="suggest"),
    path("rules/mail/add/", rules.add_recipient, name="add-recipient"),
    path("rules/mail/drop/", rules.drop_recipient, name="drop-recipient"),
    path("supported/", supported.show, name="supported"),
    path("tokens/", tokens.show, name="tokens"),
    path("tokens/make/", tokens.make, name="make-token"),
    path("tokens/<int:token_id>/revoke/", tokens.revoke, name="revoke-token"),
    path("why/", why.show, name="why"),
    path("audit/", audit.show, name="audit"),
]
