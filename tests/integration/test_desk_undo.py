"""What was done at the desk is undone from its pages: by whoever works there, long after, whatever came since."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import shapely
from django.core import mail
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from participation.models import Comment, Follow, Phase, Project, Record
from participation.rules.places import Chosen
from participation.services.merge_mails import tell_of_merge
from participation.services.proposals import submit_proposal, support
from participation.services.zones import ObjectRow, load_inventory
from tests.cast import Cast
from tests.integration.test_merging import at, wide
from tests.past import triggers_off

__all__ = ["wide"]

NOW = datetime.now(UTC)
QUEUE = "/desk/queue/"
AUDIT = "/desk/acts/"


def browser(cast: Cast, name: str) -> Client:
    """The browser of one of the staff, in English."""
    client = Client(headers={"accept-language": "en"})
    client.force_login(cast[name])
    return client


def do(client: Client, act: str, piece: int, **fields: object) -> int:
    """One act with a piece; what was answered."""
    return client.post(f"/desk/projects/laden/queue/{piece}/", {"act": act, **fields}).status_code


def press(client: Client, page: str, button: str, *, nth: int = 0) -> str:
    """Send the form of a page that has this button, with all its hidden fields, and see where it leads."""
    forms = re.findall(r"<form[^>]*method=\"post\"[^>]*>.*?</form>", client.get(page).content.decode(), re.S)
    found = [form for form in forms if button in form]
    assert len(found) > nth, f"no {button} on {page}"
    action = re.search(r'action="([^"]+)"', found[nth])
    assert action is not None
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', found[nth]))
    fields |= dict(re.findall(r'<button[^>]*name="(\w+)" value="(\w+)"', found[nth]))
    answer = client.post(action[1], fields, follow=True)
    assert answer.status_code == 200, answer.content.decode()[-2000:]
    return str(answer.content.decode())


def days_later() -> None:
    """Let all that was done at the desk so far have been done two days ago."""
    with triggers_off():
        for record in Record.objects.all():
            Record.objects.filter(pk=record.pk).update(at=record.at - timedelta(days=2))


def letters() -> None:
    """Let the worker send what is on its way."""
    for job in ProcrastinateJob.objects.filter(task_name__endswith="tell_of_merge", status="todo").order_by("id"):
        args = job.args
        tell_of_merge(
            merge_id=args["merge"], people=args["people"], undone=args["undone"], base_url=args["base_url"]
        )  # fmt: skip


@pytest.mark.parametrize("shown", [13, 11])
def test_a_joining_is_undone_from_the_page_days_and_other_acts_later(wide: Cast, shown: int) -> None:
    """From the piece the others were joined with, and from one of them; by a colleague."""
    for number, names in ((11, ("An", "Piet")), (12, ("An",)), (13, ("Marc",))):
        for name in names:
            support(proposal=at(wide, number), person=wide[name], now=NOW)
    Comment.objects.create(proposal=at(wide, 11), author=wide["An"], text="Bij de bank.", created_at=NOW)
    Follow.objects.create(proposal=at(wide, 12), person=wide["Gis"], wanted=True)
    before = {number: at(wide, number).n_supports for number in (11, 12, 13)}
    mo, piet = browser(wide, "Mo"), browser(wide, "Piet")
    assert do(mo, "merge", 13, number="11 12", direction="here") == 302
    letters()
    mail.outbox.clear()
    # Other acts follow, days pass, and somebody new supports what they were joined with.
    assert do(mo, "tags", 13, tags="dubbel") == 302
    assert do(mo, "hide", 1, reason="Toch niet.") == 302
    days_later()
    support(proposal=at(wide, 13), person=wide["Cora"], now=NOW)
    assert at(wide, 13).n_supports == 4
    state = "merged" if shown == 11 else "published"
    page = f"{QUEUE}?state={state}&piece={at(wide, shown).pk}"
    assert "/desk/undo/" not in piet.get(f"{QUEUE}?state={state}").content.decode().partition("kp-queue__list")[0]
    assert "Undone:" in press(piet, page, "Undo the joining")
    assert {number: at(wide, number).n_supports for number in (11, 12, 13)} == before | {13: before[13] + 1}
    assert all((at(wide, n).state, at(wide, n).merged_into) == ("published", None) for n in (11, 12))
    assert Comment.objects.get().proposal == at(wide, 11)
    assert Follow.objects.get().proposal == at(wide, 12)
    assert "Undo the joining" not in piet.get(page).content.decode()
    letters()
    told = {letter.to[0]: letter for letter in mail.outbox}
    assert set(told) == {"an@example.org", "piet@example.org", "vera@example.org", "gis@example.org"}
    mine = told["an@example.org"]
    assert mine.subject == "“Idee 11” staat weer op zichzelf"
    assert "“Idee 13”" in mine.body
    for number in (11, 12):
        assert f"* Idee {number} (Laadpunten)\n  http://testserver/projects/laden/proposals/{number}/" in mine.body
    assert "Idee 11" not in told["gis@example.org"].body
    assert Record.objects.filter(act="act.undone", detail__act="proposals.merged", person=wide["Piet"]).exists()


def test_one_joining_of_two_is_undone_and_the_other_stays(wide: Cast) -> None:
    mo = browser(wide, "Mo")
    assert do(mo, "merge", 12, number="11", direction="here") == 302
    assert do(mo, "merge", 13, number="12", direction="here") == 302
    page = f"{QUEUE}?state=published&piece={at(wide, 13).pk}"
    press(mo, page, "Undo the joining", nth=0)
    assert (at(wide, 11).state, at(wide, 12).merged_into) == ("published", at(wide, 13))
    press(mo, page, "Undo the joining", nth=0)
    assert at(wide, 12).state == "published"
    # Sent once more from a page that stood open: said in a sentence, on the same page.
    again = mo.post("/desk/projects/laden/queue/13/", {"act": "unmerge", "merge": "1", "back": f"{QUEUE}?q=13"})
    assert again.status_code == 409
    shown = again.content.decode()
    assert 'data-code="merge.undone"' in shown
    assert f'name="next" value="{QUEUE}?q=13&amp;piece={at(wide, 13).pk}"' in shown
    assert '<h2 class="utrecht-heading-2">Idee 13</h2>' in shown


def test_each_line_of_the_audit_trail_that_can_be_undone_says_so_and_does_it(wide: Cast) -> None:
    mo, piet = browser(wide, "Mo"), browser(wide, "Piet")
    do(mo, "hide", 12, reason="Noemt iemand.")
    do(mo, "tags", 12, tags="een")
    do(mo, "tags", 12, tags="twee")
    do(mo, "note", 12, text="Bel haar.")
    days_later()
    # Of the two acts that set tags the later one alone; a note cannot be undone.
    assert piet.get(AUDIT).content.decode().count("/desk/undo/") == 2
    assert "Undone:" in press(piet, f"{AUDIT}?act=proposal.hidden", "/desk/undo/")
    assert at(wide, 12).state == "published"
    assert "/desk/undo/" not in piet.get(f"{AUDIT}?act=proposal.hidden").content.decode()
    press(piet, f"{AUDIT}?act=proposal.tagged", "/desk/undo/")
    assert at(wide, 12).handling.tags == ["een"]
    # Moderators have no audit trail, but see what was done with the piece, and undo it there.
    press(mo, f"{QUEUE}?state=published&piece={at(wide, 12).pk}", "got other tags")
    assert at(wide, 12).handling.tags == []


def test_what_is_brought_back_does_not_take_an_object_twice(wide: Cast) -> None:
    """Neither a hidden proposal nor a joined one comes back to an object that somebody else proposed meanwhile."""
    wide.project.proposals.all().delete()
    rows = [ObjectRow(f"k{n}", f"Kast {n}", "Fluvius", shapely.Point(2.61 + n / 100, 50.85)) for n in range(2)]
    load_inventory(project=wide.project, rows=rows, by=wide["Piet"])
    Project.objects.filter(pk=wide.project.pk).update(from_inventory=True, moderated_first=False)
    Phase.objects.create(project=wide.project, position=3, kind="propose", name={}, opens_at=NOW - timedelta(days=1))

    def propose(chosen: int) -> int:
        return submit_proposal(
            project=Project.objects.get(pk=wide.project.pk), person=wide["An"], title=f"Op {chosen}", body="",
            place=Chosen(chosen), theme="", language="nl", now=NOW,
        ).number  # fmt: skip

    def undo(act: str) -> int:
        record = Record.objects.filter(act=act).first()
        assert record is not None
        return mo.post(f"/desk/undo/{record.pk}/").status_code

    mo = browser(wide, "Mo")
    first, other = propose(1), propose(2)
    do(mo, "hide", first, reason="Dubbel.")
    second = propose(1)
    assert undo("proposal.hidden") == 409
    assert at(wide, first).state == "hidden"
    do(mo, "hide", second, reason="Dubbel.")
    hidden = Record.objects.get(act="proposal.hidden", subject=f"proposal {first}")
    assert mo.post(f"/desk/undo/{hidden.pk}/").status_code == 302
    assert at(wide, first).state == "published"
    do(mo, "merge", other, number=str(first), direction="here")
    third = propose(1)
    assert undo("proposals.merged") == 409
    assert at(wide, first).state == "merged"
    do(mo, "hide", third, reason="Dubbel.")
    assert undo("proposals.merged") == 302
    assert at(wide, first).state == "published"
