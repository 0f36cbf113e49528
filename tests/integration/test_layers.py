"""The wall round public data: only allowed columns, only one's own town, no votes before they are counted."""

import re
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.test import Client

from geo import catalog
from geo.catalog import Asker, DerivedSource, FeatureSource
from geo.columns import Feature
from participation.models import Area, Organisation, Project, Proposal
from participation.services.voting import cast_ballot, close_phase
from tests.cast import Cast, picks
from tests.integration.geo.conftest import plain_files
from tests.integration.studies import whole
from tests.past import end

__all__ = ["plain_files"]

ALLOWED = {"number", "title", "body", "origin", "theme", "area", "on_ballot", "n_supports", "created_on", "answer"}
AFTER_THE_COUNT = {"n_votes", "rank", "chosen"}


def proposals(cast: Cast, person: object = None) -> FeatureSource:
    """The proposals' layer as this person gets it."""
    layer = catalog.layer(Asker(cast.town.slug, person), "laden-proposals")
    assert isinstance(layer, FeatureSource)
    return layer


@pytest.mark.parametrize("name", ["An", "Piet", "Marc"])
def test_votes_are_not_a_column_while_the_vote_runs_not_even_for_staff(cast: Cast, name: str) -> None:
    cast_ballot(phase=cast.vote, person=cast["An"], choices=picks([1, 2]), nonce=uuid4())
    assert {column.name for column in proposals(cast, cast[name]).columns} == ALLOWED


def test_votes_are_a_column_once_counted(cast: Cast) -> None:
    cast_ballot(phase=cast.vote, person=cast["An"], choices=picks([1]), nonce=uuid4())
    end(cast.vote)
    assert close_phase(cast.vote)
    layer = proposals(cast)
    assert {column.name for column in layer.columns} == ALLOWED | AFTER_THE_COUNT
    first = layer.feature(1)
    assert first is not None
    assert (first.attributes["n_votes"], first.attributes["chosen"]) == (1, True)


def test_what_is_not_public_is_in_no_layer(cast: Cast) -> None:
    Proposal.objects.filter(number=1).update(state="hidden", on_ballot=False)
    Proposal.objects.filter(number=2).update(state="submitted", on_ballot=False)
    assert {feature.key for feature in proposals(cast).features()} == set(range(3, 9))
    Project.objects.update(state=Project.State.DRAFT)
    with pytest.raises(catalog.UnknownLayer):
        proposals(cast)


def test_a_time_is_a_day_and_nobody_is_named(cast: Cast) -> None:
    Proposal.objects.update(author=cast["Vera"])
    for feature in proposals(cast).features():
        assert not isinstance(feature.attributes["created_on"], datetime)
        assert "vera" not in repr(feature).lower()


def test_another_town_has_other_layers(cast: Cast) -> None:
    Project.objects.create(organisation=cast.other_town, slug="geheim", title={"nl": "Elders"})
    ours = {layer.id for layer in catalog.layers_for(Asker(cast.town.slug, cast.stranger))}
    theirs = {layer.id for layer in catalog.layers_for(Asker(cast.other_town.slug, cast["Piet"]))}
    assert "laden-proposals" in ours
    assert "geheim-proposals" in theirs
    assert not (ours & theirs) - {"areas"}


def test_a_changed_border_is_another_answer(cast: Cast) -> None:
    before = catalog.layer(Asker(cast.town.slug, None), "areas").updated
    Area.objects.filter(organisation=cast.town, code="W1").update(population=1)
    assert catalog.layer(Asker(cast.town.slug, None), "areas").updated != before


def test_the_list_of_layers_computes_none_of_them(
    cast: Cast, client: Client, plain_files: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole(cast.project, cast["Piet"])
    client.force_login(cast["Marc"])
    computed: list[str] = []

    def compute(layer: DerivedSource) -> list[Feature]:
        computed.append(layer.id)
        return []

    monkeypatch.setattr(DerivedSource, "_features", property(compute))
    listed = {row["id"]: row for row in client.get("/ogc/collections").json()["collections"]}
    derived = {name for name in listed if re.search("clusters$|hulls$|hotspots|study", name)} - {
        "laden-kept-clusters", "laden-kept-hulls",
    }  # fmt: skip
    assert len(derived) == 8
    for name in derived:
        for form in ("json", "html"):
            assert client.get(f"/ogc/collections/{name}?f={form}").status_code == 200
    assert client.get("/ogc/collections?f=html").status_code == 200
    assert computed == []
    # Each says where it lies all the same: where the project asks for places, or where the neighbourhoods are.
    area, town = cast.project.area.extent, cast.town.outline.extent  # type: ignore[union-attr]
    for name in derived:
        expected = town if name.endswith("areas") else area
        assert listed[name]["extent"]["spatial"]["bbox"] == [pytest.approx(list(expected))], name
    # The control: its features are computed.
    assert client.get("/ogc/collections/laden-clusters/items").status_code == 200
    assert computed


def test_the_host_name_says_which_town(cast: Cast, client: Client) -> None:
    Project.objects.create(organisation=cast.other_town, slug="geheim", title={"nl": "Van elders"})
    assert client.get("/projects/laden/").status_code == 200
    assert client.get("/projects/geheim/").status_code == 404
    there = Client(SERVER_NAME="elders.localhost")
    assert there.get("/projects/geheim/").status_code == 200
    assert there.get("/projects/laden/").status_code == 404
    assert there.get("/ogc/collections/laden-proposals/items").status_code == 404


def test_an_unknown_host_of_many_towns_is_told_so(cast: Cast) -> None:
    assert Organisation.objects.count() == 2
    assert Client(SERVER_NAME="nobody.localhost").get("/").status_code == 404


def test_a_page_of_a_thousand_proposals_asks_little(
    cast: Cast, client: Client, django_assert_max_num_queries: object
) -> None:
    Proposal.objects.bulk_create(
        Proposal(
            project=cast.project, number=n, title=f"Plek {n}", body="Reden " * 20, created_at=datetime.now(UTC),
            point=cast.options[n % 8].point, area=cast.options[n % 8].area, theme=cast.options[0].theme,
        )
        for n in range(9, 1001)
    )  # fmt: skip
    client.force_login(cast["An"])
    client.get("/projects/laden/")
    with django_assert_max_num_queries(16):  # type: ignore[operator]
        answer = client.get("/projects/laden/?sort=most")
    assert answer.status_code == 200
    with django_assert_max_num_queries(18):  # type: ignore[operator]
        client.get("/projects/laden/")
    assert len(answer.content) < 100_000
