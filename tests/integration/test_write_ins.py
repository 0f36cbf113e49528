"""New proposals while the vote runs, through the pages: they come in or not, and join or not, as announced."""

from collections.abc import Mapping
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from participation.models import Phase, Proposal, Record, Vote
from participation.services.importing.areas import AreaColumns, load_areas
from participation.services.voting import cast_ballot
from tests.cast import Cast, picks
from tests.contracts.test_pages import client_of, staged
from tests.past import end

__all__ = ["staged"]


def post(client: Client, name: str, fields: Mapping[str, object], *args: object) -> str:
    """Send a form, follow where it leads; what is on the page then."""
    answer = client.post(reverse(name, args=("laden", *args)), fields, follow=True, headers={"accept-language": "en"})
    return answer.content.decode()


def suggest(client: Client, title: str) -> str:
    post(client, "suggest", {"lon": "2.7", "lat": "50.9", "next": "1"})
    post(client, "suggest_what", {"title": title, "body": "Daarom"})
    return post(client, "suggest_check", {})


@pytest.mark.parametrize("joins", [True, False])
@pytest.mark.parametrize("write_ins", [True, False])
def test_what_comes_in_during_the_vote(staged: Cast, *, write_ins: bool, joins: bool) -> None:
    cast = staged
    Phase.objects.filter(pk=cast.vote.pk).update(write_ins=write_ins, write_ins_join=joins)
    cast_ballot(phase=cast.vote, person=cast["An"], choices=picks([1]), nonce=uuid4())
    vera, piet = client_of(cast, "resident"), client_of(cast, "planner")
    vera.force_login(cast["Vera"])

    said = suggest(vera, "Bij de bib")
    new = Proposal.objects.filter(title="Bij de bib").first()
    assert (new is not None) is write_ins
    if new is None:
        assert 'data-code="proposal.not_open"' in said
        # What was public before the vote may still join, where that was announced.
        new = Proposal.objects.create(project=cast.project, number=30, title="Al bekend", created_at=cast.vote.opens_at)
    else:
        assert not new.on_ballot
        post(piet, "desk_moderate", {"act": "publish"}, new.number)

    said = post(piet, "desk_shortlist_change", {"number": new.number, "act": "on"})
    new.refresh_from_db()
    assert new.on_ballot is joins
    assert ('data-code="ballot.frozen"' in said) is not joins
    assert Record.objects.filter(act="ballot.joined", subject=f"proposal {new.number}").exists() is joins
    page = vera.get(reverse("ballot", args=("laden",))).content.decode()
    assert (new.title in page) is joins
    post(vera, "ballot_cast", {"nonce": uuid4(), "choice": [str(new.number)]})
    assert Vote.objects.filter(proposal=new).exists() is joins
    # An's ballot stands as it was cast, and she can change it.
    post(client_of(cast, "resident"), "ballot_cast", {"nonce": uuid4(), "choice": ["1", "2"]})
    assert Vote.objects.filter(cast__ballot__person=cast["An"], cast__seq=2).count() == 2


def test_nothing_joins_or_leaves_when_the_vote_is_over_and_not_yet_counted(staged: Cast) -> None:
    new = Proposal.objects.create(project=staged.project, number=30, title="Laat", created_at=staged.vote.opens_at)
    cast_ballot(phase=staged.vote, person=staged["An"], choices=picks([1]), nonce=uuid4())
    end(staged.vote)
    piet = client_of(staged, "planner")
    for number, act in ((new.number, "on"), (2, "off")):
        assert 'data-code="ballot.frozen"' in post(piet, "desk_shortlist_change", {"number": number, "act": act})
    assert set(Proposal.objects.filter(on_ballot=True).values_list("number", flat=True)) == set(range(1, 9))


def test_an_option_leaves_only_by_being_hidden_with_a_reason(staged: Cast) -> None:
    cast_ballot(phase=staged.vote, person=staged["An"], choices=picks([1, 2]), nonce=uuid4())
    piet = client_of(staged, "planner")
    assert 'data-code="ballot.frozen"' in post(piet, "desk_shortlist_change", {"number": 2, "act": "off"})
    assert 'data-code="reason.missing"' in post(piet, "desk_moderate", {"act": "hide", "reason": " "}, 2)
    post(piet, "desk_moderate", {"act": "hide", "reason": "Privégrond"}, 2)
    assert Record.objects.get(act="proposal.hidden").detail["reason"] == "Privégrond"
    an = client_of(staged, "resident")
    assert "Plek 2" not in an.get(reverse("ballot", args=("laden",))).content.decode().split("<main")[1]
    # Shown again it is no option any more, until it joins as another would.
    post(piet, "desk_moderate", {"act": "publish"}, 2)
    assert not Proposal.objects.get(number=2, project=staged.project).on_ballot


def test_neighbourhoods_loaded_anew_leave_options_where_they_were_voted_on(staged: Cast) -> None:
    """A limit in one neighbourhood would mean something else for ballots that lie in the box."""
    Phase.objects.filter(pk=staged.vote.pk).update(cap_per_area=1)
    staged.vote.refresh_from_db()
    free = Proposal.objects.create(
        project=staged.project, number=30, title="Vrij", point=staged.options[0].point, created_at=staged.vote.opens_at
    )
    cast_ballot(phase=staged.vote, person=staged["An"], choices=picks([1]), nonce=uuid4())
    option = staged.options[0]
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        Proposal.objects.filter(pk=option.pk).update(area=None)
    before = option.area_id

    load_areas(organisation=staged.town, rows=[], columns=AreaColumns("name"), source="x", on_refused=print)
    option.refresh_from_db()
    free.refresh_from_db()
    assert option.area_id == before
    assert free.area_id == before, "what is not on the ballot is told its neighbourhood"
