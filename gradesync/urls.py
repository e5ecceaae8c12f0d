"""Addresses below /courses/<canvas id>/."""

from django.urls import path

from gradesync.screens import about, choosing, grades, past, previewing, running

app_name = "course"
urlpatterns = [
    path("", grades.show, name="home"),
    path("assignments.csv", grades.download, name="csv"),
    path("check/", grades.check, name="check"),
    path("assignments/", grades.choose_many, name="choose-many"),
    path("assignments/<int:assignment_id>/", grades.choose, name="choose"),
    path("categories/", grades.choose_category, name="choose-category"),
    path("sections/<int:section_id>/", grades.choose_section, name="choose-section"),
    path("periods/<int:period_id>/", grades.choose_period, name="choose-period"),
    path("previews/<int:run_id>/", previewing.show, name="preview"),
    path("previews/<int:run_id>/rows.csv", previewing.download, name="preview-csv"),
    path("previews/<int:run_id>/choices/", previewing.choose, name="choices"),
    path("previews/<int:run_id>/send/", previewing.send, name="send"),
    path("runs/<int:run_id>/", running.show, name="run"),
    path("runs/<int:run_id>/stop/", running.stop, name="stop"),
    path("runs/<int:run_id>/retry/", running.retry, name="retry"),
    path("runs/<int:run_id>/undo/", running.undo, name="undo"),
    path("history/", past.show, name="history"),
    path("history.csv", past.download, name="history-csv"),
    path("history/grade/", past.story, name="story"),
    path("settings/", choosing.show, name="settings"),
    path("help/", about.help_page, name="help"),
]
