"""The peer of a cast: the same town and tables as plain Django would have them, with its own sessions in the database.

Its addresses (tests/benchmarks/peer_settings.py): same middleware and CSRF check, the ORM for all, nothing cached.
"""

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.db.models import Max
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_POST

from config.views import readyz


@require_POST
@login_required
@transaction.atomic
def cast(request: HttpRequest, slug: str) -> HttpResponse:
    """Cast a ballot: project, phase, options, ballot, cast and votes, each by the ORM."""
    from participation.models import Ballot, BallotCast, Phase, Project, Proposal, Vote

    project = get_object_or_404(Project.objects.select_related("organisation"), slug=slug)
    phase = get_object_or_404(Phase, project=project, kind="vote")
    now = timezone.now()
    if not phase.opens_at <= now or (phase.closes_at and phase.closes_at <= now) or phase.closed_at:
        raise Http404("not open")
    numbers = [int(text.partition(":")[0]) for text in request.POST.getlist("choice")]
    if len(set(numbers)) != len(numbers) or not phase.floor <= len(numbers) <= phase.cap:
        raise Http404("not a ballot")
    options = {
        option.number: option
        for option in Proposal.objects.filter(project=project, on_ballot=True, state="published", number__in=numbers)
    }
    if len(options) != len(numbers):
        raise Http404("no option")
    ballot, _made = Ballot.objects.get_or_create(phase=phase, person_id=request.user.pk or 0)
    ballot = Ballot.objects.select_for_update().get(pk=ballot.pk)
    nonce = request.POST["nonce"]
    if not BallotCast.objects.filter(ballot=ballot, nonce=nonce).exists():
        seq = 1 + (BallotCast.objects.filter(ballot=ballot).aggregate(last=Max("seq"))["last"] or 0)
        last = BallotCast.objects.create(
            ballot=ballot, phase=phase, cap=phase.cap, seq=seq, nonce=nonce, recorded_at=now
        )
        for position, number in enumerate(numbers, start=1):
            Vote.objects.create(cast=last, cap=phase.cap, position=position, proposal=options[number])
    return redirect("/")


urlpatterns = [
    path("readyz", readyz),
    path("projects/<slug:slug>/ballot/cast/", cast, name="ballot_cast"),
]
