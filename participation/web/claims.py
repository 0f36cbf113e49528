"""The link of a contribution without account: what it is, and making it one's own."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext

from participation.rules.refusals import Code, Refused
from participation.selectors.claims import claim_of
from participation.services.claims import claim
from participation.web.asking import answering_refusals, now, person_of, sign_in_first, town_of


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
        proposal = claim(organisation=town_of(request), token=token, person=person, now=now())
        messages.success(request, gettext("“%(title)s” is yours now.") % {"title": proposal.title})
        return redirect("proposal", slug=proposal.project.slug, number=proposal.number)
    context = {"proposal": found.proposal, "project": found.proposal.project, "person": person}
    answer = render(request, "participation/claim.html", context)
    answer["Cache-Control"] = "no-store"
    return answer
