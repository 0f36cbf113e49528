"""The link of a contribution without account: what it is, and making it one's own."""

from collections.abc import Mapping

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext

from participation.models import Claim
from participation.rules.questions import read
from participation.rules.refusals import Code, Refused
from participation.selectors.claims import claim_of
from participation.services.claims import claim
from participation.web.asking import answering_refusals, now, person_of, sign_in_first, town_of
from participation.web.questions import answer_rows


def link_of(request: HttpRequest, secret: str) -> str:
    """The link as somebody keeps it."""
    return request.build_absolute_uri(reverse("claim", args=(secret,)))


def sent_page(request: HttpRequest, template: str, context: Mapping[str, object]) -> HttpResponse:
    """Say that something came in without an account, with its link: here, now and never again."""
    answer = render(request, template, dict(context))
    answer["Cache-Control"] = "no-store"
    return answer


def _about(found: Claim) -> dict[str, object]:
    """What there is to see of a contribution: its project, and what was written."""
    if found.proposal is not None:
        return {"project": found.proposal.project, "proposal": found.proposal}
    if found.comment is not None:
        return {"project": found.comment.proposal.project, "comment": found.comment}
    assert found.sheet is not None
    files = {str(file.key): file for file in found.sheet.files.all()}
    rows = answer_rows(read(found.sheet.version.questions), found.sheet.answers, files)
    return {"project": found.sheet.project, "sheet": found.sheet, "rows": rows}


def _told(request: HttpRequest, found: Claim) -> HttpResponse:
    """Say whose it is now, and lead to it."""
    if found.proposal is not None:
        messages.success(request, gettext("“%(title)s” is yours now.") % {"title": found.proposal.title})
        return redirect("proposal", slug=found.proposal.project.slug, number=found.proposal.number)
    if found.comment is not None:
        messages.success(request, gettext("This comment is yours now."))
        about = found.comment.proposal
        return redirect(reverse("proposal", args=(about.project.slug, about.number)) + f"#c{found.comment_id}")
    assert found.sheet is not None
    messages.success(request, gettext("These answers are yours now."))
    return redirect("project", slug=found.sheet.project.slug)


@answering_refusals
def claim_page(request: HttpRequest, token: str) -> HttpResponse:
    """Show what was written to whoever has its link, and make it theirs once they are signed in."""
    found = claim_of(town_of(request), token)
    if found is None:
        raise Refused(Code.CLAIM_UNKNOWN)
    if found.used_at is not None:
        raise Refused(Code.CLAIM_USED)
    person = person_of(request)
    if request.method == "POST":
        if person is None:
            return sign_in_first(request, back_to=request.path)
        return _told(request, claim(organisation=town_of(request), token=token, person=person, now=now()))
    answer = render(request, "participation/claim.html", _about(found) | {"person": person})
    answer["Cache-Control"] = "no-store"
    return answer
