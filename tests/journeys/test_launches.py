"""Opening the product from Canvas, in a browser that blocks third-party cookies and in one that
does not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Request, expect

from tests.integration.servers import Answer, FaultServer, Received, answer
from tests.journeys.walking import COURSE_PAGE, TOOL, Walk, heading

LIVE = "__Host-qsync"


def test_a_teacher_opens_the_course_page_from_the_courses_navigation(walk: Walk):
    walk.act_as("teacher")
    tool = walk.open("Q Grade Sync")
    heading(tool, COURSE_PAGE)
    expect(tool.get_by_text("Connected to Q")).to_be_visible()
    expect(tool.get_by_text(walk.platform.people["teacher"]["name"]).first).to_be_visible()
    walk.look("course-page")
    assert "lti.frameResize" not in {each["subject"] for each in walk.messages()}
    ours = [each for each in walk.context.cookies() if each["name"].startswith(LIVE)]
    assert ours
    for cookie in ours:
        assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (True, True, "None")
        assert cookie["partitionKey"]


def test_an_admin_opens_the_overview_from_the_accounts_navigation(walk: Walk):
    walk.act_as("admin")
    tool = walk.open("Q Sync")
    heading(tool, "District lakeside")
    expect(tool.get_by_role("heading", name="Last runs")).to_be_visible()
    walk.look("overview")
    assert "lti.frameResize" not in {each["subject"] for each in walk.messages()}


def test_a_teacher_opens_the_course_page_from_the_gradebooks_menu(walk: Walk):
    walk.act_as("teacher")
    walk.page.get_by_role("link", name="Grades", exact=True).click()
    walk.page.locator("summary", has_text="Sync").click()
    walk.page.get_by_role("link", name="Send to Q").click()
    tool = walk.page.frame_locator("dialog iframe")
    heading(tool, COURSE_PAGE)
    walk.look("gradebook-menu")


def test_an_admin_of_a_school_sees_that_school_only(default_walk: Walk):
    default_walk.act_as("sub-account-admin")
    tool = default_walk.open("Q Sync")
    expect(tool.get_by_text("You see this part of District lakeside")).to_be_visible()
    default_walk.look("overview-of-a-school")


def test_a_student_finds_no_way_in(default_walk: Walk):
    page = default_walk.act_as("student")
    assert page.get_by_role("link", name="Q Grade Sync").count() == 0


def test_whoever_masquerades_is_told_that_nothing_can_be_changed(default_walk: Walk):
    default_walk.act_as("teacher", masquerading=True)
    tool = default_walk.open("Q Grade Sync")
    expect(tool.get_by_text("Nothing can be sent or changed while you act")).to_be_visible()
    default_walk.look("masquerading")


def test_high_contrast_is_kept(default_walk: Walk):
    default_walk.act_as("teacher", high_contrast=True)
    tool = default_walk.open("Q Grade Sync")
    heading(tool, COURSE_PAGE)
    expect(tool.locator("html")).to_have_attribute("data-contrast", "high")
    default_walk.look("course-page-high-contrast")


def test_a_reload_shows_the_page_again_and_does_not_replay_the_launch(default_walk: Walk):
    walk = default_walk
    walk.act_as("teacher")
    posted: list[Request] = []
    walk.page.on("request", lambda asked: posted.append(asked) if asked.method == "POST" else None)
    heading(walk.open("Q Grade Sync"), COURSE_PAGE)
    before = len(posted)
    with walk.page.expect_response(lambda answer: "/courses/" in answer.url and answer.ok):
        walk.frame().evaluate("location.reload()")
    heading(walk.page.frame_locator(TOOL), COURSE_PAGE)
    assert len(posted) == before
    launch = next(asked for asked in posted if asked.url.endswith("/lti/launch/"))
    again = walk.context.request.post(launch.url, form=form_of(launch), max_redirects=0)
    assert again.status >= 400
    assert "id_token" not in again.text()


def form_of(asked: Request) -> dict[str, str]:
    return dict(asked.post_data_json or {})


def test_the_platforms_keys_rotate_and_the_next_launch_succeeds(default_walk: Walk):
    default_walk.act_as("teacher")
    heading(default_walk.open("Q Grade Sync"), COURSE_PAGE)
    default_walk.platform.control("POST", "keys/rotate")
    default_walk.page.reload()
    heading(default_walk.page.frame_locator(TOOL), COURSE_PAGE)


@pytest.mark.parametrize(
    ("how", "code"),
    [("expired", "launch.out-of-date"), ("unknown-key", "launch.not-from-platform")],
    ids=["expired", "unknown-key"],
)
def test_a_bad_launch_ends_in_a_page_that_says_what_to_do(default_walk: Walk, how: str, code: str):
    default_walk.act_as("teacher")
    # A good one first: whoever is asked for keys has been asked, and in time.
    heading(default_walk.open("Q Grade Sync"), COURSE_PAGE)
    default_walk.act_as("teacher")
    default_walk.platform.control("POST", "launches/spoil", {"how": how})
    tool = default_walk.open("Q Grade Sync")
    heading(tool, "Q Sync could not open this page")
    expect(tool.get_by_text(code)).to_be_visible()
    default_walk.look(f"refused-{how}")
    default_walk.page.reload()
    heading(tool, COURSE_PAGE)


def test_two_tabs_of_two_districts_do_not_bleed(walk: Walk):
    walk.act_as("admin")
    mine = walk.open("Q Sync")
    heading(mine, "District lakeside")
    other_tab = walk.new_tab()
    walk.act_as("neighbouring-admin", other_tab)
    theirs = walk.open("Q Sync", other_tab)
    heading(theirs, "hillside")
    for _ in range(3):
        for page, tool, title in (
            (walk.page, mine, "District lakeside"),
            (other_tab, theirs, "hillside"),
        ):
            walk.frame(page).evaluate("location.reload()")
            heading(tool, title)
    places = [walk.frame(page).url.partition("place=")[2] for page in (walk.page, other_tab)]
    assert places[0] != places[1]


FRAMED = ["launch/", "login/", "register/", "handover/"]


@pytest.fixture
def foreign() -> Iterator[str]:
    """A site that frames whatever it is asked to."""
    html = {"Content-Type": "text/html"}

    def page(asked: Received) -> Answer:
        target = asked.target.partition("?frame=")[2]
        return answer(200, f'<iframe name="framed" src="{target}"></iframe>'.encode(), html)

    with FaultServer(page) as server:
        yield f"http://foreign.localhost:{server.port}/?frame="


def test_a_foreign_site_cannot_frame_a_page(default_walk: Walk, foreign: str):
    pages = [f"/lti/{name}" for name in FRAMED]
    for path in [*pages, "/account/", default_walk.platform.people["teacher"]["where"] + "/"]:
        page = default_walk.new_tab()
        at = f"{default_walk.product.url}{path}"
        with page.expect_console_message(lambda told: "frame-ancestors" in told.text):
            page.goto(f"{foreign}{at}")
        page.wait_for_load_state()
        assert at not in [frame.url for frame in page.frames]
        page.close()
        default_walk.complaints.clear()
