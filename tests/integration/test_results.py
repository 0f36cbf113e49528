"""Results: the binding rule decides, another rule is shown beside it, and nothing shows before the count."""

from collections.abc import Mapping, Sequence
from uuid import uuid4

import pytest
from django.test import Client

from participation.models import Phase, Project, Proposal, TallyRow
from participation.rules.refusals import Code, Refused
from participation.rules.voting import Choice, Rule
from participation.services.tally import counted_by, outcome_by, rules_for
from participation.services.voting import cast_ballot, close_phase
from tests.cast import Cast, person
from tests.past import end


def closed(cast: Cast, ballots: Sequence[Mapping[int, int]], **rules: object) -> Phase:
    """Let people cast these ballots (number -> points or 1, in order) under these rules, and close the vote."""
    Phase.objects.filter(pk=cast.vote.pk).update(**rules)
    vote = Phase.objects.select_related("project").get(pk=cast.vote.pk)
    for nth, ballot in enumerate(ballots):
        choices = [Choice(number, value) for number, value in ballot.items()]
        cast_ballot(phase=vote, person=person(f"Kiezer{nth}"), choices=choices, nonce=uuid4())
    end(vote, microseconds=1)
    assert close_phase(vote)
    return Phase.objects.select_related("project__organisation").get(pk=vote.pk)


def winners(vote: Phase) -> list[int]:
    """The winners as the closing wrote them."""
    rows = TallyRow.objects.filter(phase=vote, is_winner=True).order_by("rank")
    return list(rows.values_list("proposal__number", flat=True))


# Eight people of the west want 1, 2 and 3; four of the east, a third of the twelve, want 7. There are three to give.
DIVIDED: Sequence[Mapping[int, int]] = [{1: 1, 2: 1, 3: 1}] * 8 + [{7: 1}] * 4


def test_the_majority_takes_all_and_equal_shares_gives_the_others_theirs(cast: Cast) -> None:
    vote = closed(cast, DIVIDED, n_winners=3)
    assert sorted(winners(vote)) == [1, 2, 3]
    fair = counted_by(vote, Rule.EQUAL_SHARES, one_per_area=False)
    assert 7 in fair.winners
    assert fair.come == (7,)
    assert len(fair.go) == 1
    assert not fair.is_binding


def test_one_place_a_neighbourhood_is_kept_when_it_binds(cast: Cast) -> None:
    vote = closed(cast, DIVIDED, n_winners=3, one_per_area=True)
    assert sorted(winners(vote))[2] == 7
    plain = counted_by(vote, Rule.PLURALITY, one_per_area=False)
    assert plain.go == (7,)


def test_points_ranks_and_budgets_are_counted_by_their_rules(cast: Cast) -> None:
    vote = closed(cast, [{1: 3, 2: 1}, {2: 2}, {3: 4}], method="points", points=4, points_max=4, floor=1)
    assert outcome_by(vote, Rule.PLURALITY).scores[1] == 3
    assert winners(vote)[0] == 3
    with pytest.raises(Refused) as refused:
        outcome_by(vote, Rule.BORDA)
    assert refused.value.code is Code.RULE_NOT_FOR_BALLOT


def test_a_ranking_binds_by_points_by_rank(cast: Cast) -> None:
    vote = closed(cast, [{2: 1, 1: 1}, {2: 1, 3: 1}, {1: 1, 2: 1}], method="ranking", rule="borda")
    assert winners(vote)[0] == 2
    assert rules_for(vote) == (Rule.BORDA, Rule.PLURALITY)


def test_a_budget_pays_what_fits(cast: Cast) -> None:
    for number, cost in ((1, 60_000), (2, 50_000), (3, 40_000)):
        Proposal.objects.filter(project=cast.project, number=number).update(cost_cents=cost)
    ballots: Sequence[Mapping[int, int]] = [{1: 1}] * 3 + [{2: 1}] * 2 + [{3: 1}]
    vote = closed(cast, ballots, method="budget", rule="greedy", budget_cents=100_000)
    assert winners(vote) == [1, 3], "2 no longer fits beside 1 and is skipped"


def test_an_option_hidden_after_the_vote_began_counts_no_more(cast: Cast) -> None:
    vote = cast.vote
    cast_ballot(phase=vote, person=cast["An"], choices=[Choice(2), Choice(1)], nonce=uuid4())
    Proposal.objects.filter(project=cast.project, number=2).update(
        state="hidden", on_ballot=False, hidden_because="Kan niet."
    )
    end(vote, microseconds=1)
    assert close_phase(vote)
    assert winners(vote) == [1]


def test_the_page_switches_rules_and_says_what_changes(cast: Cast, client: Client) -> None:
    address = "/projects/laden/results/"
    before = client.get(f"{address}?rule=equal-shares", headers={"accept-language": "en"}).content.decode()
    assert "There is no result yet" in before
    closed(cast, DIVIDED, n_winners=3)
    plain = client.get(address, headers={"accept-language": "en"}).content.decode()
    assert "12 people" in plain
    assert "would drop out" not in plain
    fair = client.get(f"{address}?rule=equal-shares", headers={"accept-language": "en"}).content.decode()
    assert "Plek 7" in fair
    assert "1 would come in and 1 would drop out" in fair
    for nonsense in ("?rule=borda", "?rule=x&spread=x", "?spread=1", "?rule=%00"):
        assert client.get(address + nonsense).status_code == 200


def test_another_towns_result_is_not_found(cast: Cast) -> None:
    assert Client(SERVER_NAME="elders.localhost").get("/projects/laden/results/").status_code == 404
    Project.objects.update(state=Project.State.DRAFT)
    assert Client().get("/projects/laden/results/").status_code == 404
