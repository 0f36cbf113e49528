"""A vote by support: as many as one likes, by the keyboard, at both widths, with and without JavaScript."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from participation.models import Organisation, Person, Phase, Project, Proposal
from participation.rules.voting import NO_CAP
from participation.selectors.projects import choices_cast
from tests.cast import text
from tests.journeys.test_keyboard import SOMEBODY, enter, sign_in, tab_to
from tests.journeys.walker import Walker

N_OPTIONS = 7


@pytest.fixture
def vote(town: None) -> Phase:
    """A vote by support in a project without a map."""
    now = datetime.now(UTC)
    organisation = Organisation.objects.get(slug="poperinge")
    project = Project.objects.create(
        organisation=organisation, slug="wensen", title=text("Wensen"), question=text("Wat wil je?")
    )
    Proposal.objects.bulk_create(
        Proposal(project=project, number=n, title=f"Wens {n}", on_ballot=True, created_at=now)
        for n in range(1, N_OPTIONS + 1)
    )
    return Phase.objects.create(
        project=project, position=1, kind="vote", name=text("Stemmen"), method="support", cap=NO_CAP,
        opens_at=now - timedelta(days=1), closes_at=now + timedelta(days=1),
    )  # fmt: skip


def test_all_may_be_supported(vote: Phase, resident: Walker, script: bool) -> None:
    page, path = resident.page, "/projects/wensen/"
    resident.go(path)
    expect(page.locator("main")).to_contain_text("Kies er zoveel je wil")
    enter(resident, f'main a[href="{path}ballot/"]')
    expect(page.locator(".kp-dots, .kp-meter")).to_have_count(0)
    for n in range(1, N_OPTIONS + 1):
        tab_to(resident, "kp-ballot input[name=number]")
        page.keyboard.press("Space")
        if script:
            expect(page.locator("[data-left]")).to_have_text(f"{n} gekozen, zoveel je wil")
    expect(page.locator("kp-ballot.is-over")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    enter(resident, "kp-ballot button[type=submit]")
    expect(page.locator("main")).to_contain_text(f"{N_OPTIONS} gekozen, zoveel je wil")
    enter(resident, "main a[href*='/account/']")
    sign_in(resident)
    enter(resident, "main form button[type=submit]")
    assert len(choices_cast(vote, Person.objects.get(email=SOMEBODY)) or []) == N_OPTIONS
