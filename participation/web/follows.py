"""Hearing of a proposal by mail: a button on its page, and the way out in each mail."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from participation.services.follows import follow as follow_proposal
from participation.services.follows import of_way_out, set_follow
from participation.web.asking import answering_refusals, now, person_of, project_or_404, sign_in_first
from participation.web.proposals import proposal_or_404


@require_POST
@answering_refusals
def follow(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Hear of a proposal from now on, or no more (``off``)."""
    project = project_or_404(request, slug)
    back_to = reverse("proposal", args=(slug, number))
    person = person_of(request)
    if person is None:
        return sign_in_first(request, back_to=back_to)
    proposal = proposal_or_404(request, project, number)
    if not request.POST.get("off"):
        follow_proposal(proposal=proposal, person=person, now=now())
        messages.success(
            request, gettext("You get a mail when something happens with “%(title)s”.") % {"title": proposal.title}
        )
    else:
        set_follow(person=person, proposals=[proposal.pk], wanted=False)
        messages.info(request, gettext("You get no mails about “%(title)s” any more.") % {"title": proposal.title})
    return redirect(back_to)


# Mail programs press this button from outside (RFC 8058); the signed token in the address is what lets them.
@csrf_exempt
def unfollow(request: HttpRequest, token: str) -> HttpResponse:
    """Show the button; pressed, no mail about these proposals comes any more, and a button to have them again.

    Looking changes nothing: mail filters open every link.
    """
    found = of_way_out(token)
    if found is None:
        raise Http404("no such link")
    person, proposals = found
    wanted = True
    if request.method == "POST":
        wanted = request.POST.get("wanted") == "1"
        set_follow(person=person, proposals=[row.pk for row in proposals], wanted=wanted)
    return render(request, "participation/unfollow.html", {"wanted": wanted, "proposals": proposals})
