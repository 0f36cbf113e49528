"""A moderator works through the queue by the keyboard; a resident comments, follows, reports and shows a photo."""

from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import expect

from participation.models import AnswerTemplate, AuthorMail, Comment, Follow, Person, Phase, Photo, Proposal, Report
from participation.services.author_mails import send_author_mail
from tests.journeys.test_every_page import barriers
from tests.journeys.test_staff import waiting
from tests.journeys.walker import DESK, NewWalker

PLANNER = "planner@poperinge.example"
RESIDENT = "bewoner@poperinge.example"
QUEUE = "/desk/queue/"


def test_the_queue_by_single_keys(new_walker: NewWalker) -> None:
    walker = new_walker(size=DESK, axe=True)
    page = walker.page
    walker.enter_as(PLANNER)
    walker.go(QUEUE)
    first, second, third = waiting()[:3]
    Proposal.objects.filter(pk=third.pk).update(author=Person.objects.get(email=RESIDENT))
    words = {"nl": "Dank je wel, we kijken het na.", "fr": "Merci."}
    AnswerTemplate.objects.create(organisation=third.project.organisation, name="Bedankt", text=words)
    title = page.locator(".kp-queue__piece h2")
    expect(title).to_have_text(first.title)
    page.keyboard.press("j")
    expect(title).to_have_text(second.title)
    page.keyboard.press("k")
    expect(title).to_have_text(first.title)
    # Published, and the next one comes up; undone by a key too.
    page.keyboard.press("p")
    expect(title).to_have_text(second.title)
    assert Proposal.objects.get(pk=first.pk).state == "published"
    page.keyboard.press("u")
    walker.sees("Undone: %(act)s", act=walker.say("%(subject)s was published", subject=f"#{first.number}"))
    assert Proposal.objects.get(pk=first.pk).state == "submitted"
    # h goes to the reason, and Enter does it; keys do nothing while typing.
    page.keyboard.press("h")
    expect(page.locator("#reason")).to_be_focused()
    page.keyboard.type("Jaja, een private oprit.")
    page.keyboard.press("Enter")
    walker.sees("“%(title)s” is not shown any more.", title=first.title)
    # m goes to the numbers to join with.
    number = Proposal.objects.filter(project__slug="laadpunten", state="published").values_list("number", flat=True)[0]
    expect(title).to_have_text(second.title)
    page.keyboard.press("m")
    expect(page.locator("#join")).to_be_focused()
    page.keyboard.type(str(number))
    page.keyboard.press("Enter")
    expect(title).to_have_text(third.title)
    assert Proposal.objects.get(pk=second.pk).merged_into.number == number  # type: ignore[union-attr]
    page.keyboard.press("r")
    expect(page.locator("#mail, #template").first).to_be_focused()
    assert barriers(page, "nl") == []
    # The template chosen there adds its words to what was written, and both go out by mail.
    page.locator("#template").select_option(label="Bedankt")
    expect(page.locator("#mail")).to_have_value(words[third.language])
    page.locator("#mail").fill("Beste,")
    page.locator("#template").select_option(index=0)
    page.locator("#template").select_option(label="Bedankt")
    expect(page.locator("#mail")).to_have_value(f"Beste,\n\n{words[third.language]}")
    walker.press("Send it", page.locator(".kp-queue__piece"))
    walker.sees("Your answer is on its way by mail.")
    assert send_author_mail(mail_id=AuthorMail.objects.get().pk, base_url=walker.origin)
    sent = walker.post.mails[-1]
    assert (sent["To"], words[third.language] in sent.get_content()) == (RESIDENT, True)
    # Switched off, a key does nothing.
    page.locator(".kp-keys summary").click()
    page.locator("[data-keys]").uncheck()
    page.locator("h1").click()
    page.keyboard.press("j")
    expect(title).to_have_text(third.title)


@pytest.fixture
def talking(town: None) -> Phase:
    """The demo project while people may comment."""
    vote = Phase.objects.get(project__slug="laadpunten", kind="vote")
    return Phase.objects.create(
        project=vote.project, position=9, kind="discuss", name={"nl": "Bespreken"}, opens_at=vote.opens_at
    )


def test_a_resident_comments_follows_and_reports(
    talking: Phase, new_walker: NewWalker, size: tuple[int, int], script: bool
) -> None:
    resident = new_walker(size=size, script=script, axe=script)
    page, proposal = resident.page, Proposal.objects.filter(project=talking.project, state="published").first()
    assert proposal is not None
    path = f"/projects/laadpunten/proposals/{proposal.number}/"
    resident.enter_as(RESIDENT)
    resident.go(path)
    page.locator("#comment_text").fill("Is er daar genoeg licht?")
    resident.press("Send my comment")
    expect(page.locator("#comments")).to_contain_text("Is er daar genoeg licht?")
    resident.press("Mail me when something happens")
    assert Follow.objects.get().wanted
    resident.go(path)
    resident.press("Send me no mails about this")
    assert not Follow.objects.get().wanted
    if script:
        assert barriers(page, "nl") == []
    page.locator("a[href$='/report/']").first.click()
    page.locator("input[value=private]").check()
    resident.press("Tell the town")
    resident.sees("Thank you. Staff of the town looks at it.")
    assert (Report.objects.count(), Comment.objects.filter(proposal__project__slug="laadpunten").count()) == (1, 1)


def test_a_photo_comes_along_and_what_is_alike_is_shown_while_typing(
    new_walker: NewWalker, size: tuple[int, int]
) -> None:
    walker = new_walker(size=size, axe=True)
    page = walker.page
    there = Proposal.objects.filter(project__slug="laadpunten", state="published", point__isnull=False).first()
    assert there is not None
    assert there.point is not None
    walker.enter_as(RESIDENT)
    walker.go("/projects/laadpunten/suggest/")
    page.locator("#id_where").fill(f"{there.point.y:.5f}, {there.point.x:.5f}")
    walker.press("Search", page.locator(".kp-pick"))
    walker.press("This is my place, next")
    page.locator("#id_title").press_sequentially(there.title)
    expect(page.locator("#alike")).to_contain_text(there.title)
    page.locator("#id_title").fill("Hier zwemmen eenden")
    expect(page.locator("#alike")).not_to_contain_text(there.title)
    picture = BytesIO()
    Image.new("RGB", (640, 480), "#1f5c3a").save(picture, "PNG")
    page.locator("#id_photo").set_input_files(
        {"name": "foto.png", "mimeType": "image/png", "buffer": picture.getvalue()}
    )
    page.locator("#id_alt").fill("Een groen vlak")
    walker.press("Add this photo")
    expect(page.locator("img[alt='Een groen vlak']")).to_be_visible()
    expect(page.locator("#id_title")).to_have_value("Hier zwemmen eenden")
    assert barriers(page, "nl") == []
    # Enter in the title goes on; it does not take the photo away.
    page.locator("#id_title").press("Enter")
    expect(page.locator("img[alt='Een groen vlak']")).to_be_visible()
    walker.press("Send my proposal")
    walker.sees("Your proposal was sent. This is its own page: keep the link.")
    assert Photo.objects.get().proposal is not None
