"""Candidates are made of what came in, decided about, and everyone concerned is answered once."""

import json
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.contrib.gis.geos import Point
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from geo.catalog import Asker, layer
from participation import tasks
from participation.models import Project, Proposal, Record, Response, Support
from participation.rules.places import LonLat
from participation.rules.refusals import Code, Refused
from siting.models import Candidate, Check, Decision, Layer, LayerFeature, Origin, RollOut
from siting.selectors.decisions import outcome_of
from siting.services.candidates import From, change_candidate, make_candidate
from siting.services.decisions import About, decide, publish_decisions, roll_out, withdraw_decision
from tests.cast import Cast

pytestmark = pytest.mark.django_db

HERE = LonLat(2.7, 50.85)
BASE = "https://beslist.example/"


def now() -> datetime:
    return datetime.now(UTC)


def signed_in(cast: Cast, name: str) -> Client:
    client = Client()
    client.force_login(cast[name])
    return client


def candidate_of(cast: Cast, *numbers: int, title: str = "Markt") -> Candidate:
    return make_candidate(
        project=cast.project, title=title, place=HERE, notes="", came_from=From(proposals=numbers), by=cast["Piet"],
        now=now(),
    )  # fmt: skip


def decided(
    cast: Cast, outcome: str = "build", *, candidates: Sequence[int] = (), proposals: Sequence[int] = ()
) -> None:
    decide(
        project=cast.project, about=About(candidates, proposals), outcome=outcome,
        reason={"nl": f"Daarom {outcome}.", "fr": f"Parce que {outcome}."}, council_link="", by=cast["Piet"], now=now(),
    )  # fmt: skip


def published(cast: Cast) -> tuple[int, int]:
    return publish_decisions(project=cast.project, by=cast["Piet"], base_url=BASE, now=now())


def jobs() -> list[dict[str, Any]]:
    """What the worker was asked to do, in the order it was asked."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT args FROM procrastinate_jobs WHERE task_name = %s ORDER BY id", [
            "participation.tasks.mail_answers"])  # fmt: skip
        return [json.loads(row[0]) for row in cursor.fetchall()]


def work() -> list[Any]:
    """Do what the worker would do; the mails that went out."""
    mail.outbox.clear()
    for args in jobs():
        tasks.mail_answers(**args)
    return list(mail.outbox)


def supports(cast: Cast, number: int, *names: str) -> None:
    proposal = Proposal.objects.get(project=cast.project, number=number)
    for name in names:
        Support.objects.get_or_create(proposal=proposal, person=cast[name])


# --- candidates --------------------------------------------------------------------------------------------


def page(name: str, *args: object) -> str:
    return reverse(name, args=("laden", *args))


def test_a_candidate_from_a_proposal_has_a_place_of_its_own(cast: Cast) -> None:
    planner = signed_in(cast, "Piet")
    pin = cast.options[0].point
    assert pin is not None
    form = planner.get(page("desk_candidate_new") + "?proposal=1")
    assert (form.context["kind"], form.context["lon"]) == ("proposal", f"{pin.x:.6f}")
    assert not Candidate.objects.exists()
    planner.post(page("desk_candidate_new") + "?proposal=1", {"title": "Markt", "lat": "50.86", "lon": "2.71"})
    candidate = Candidate.objects.get()
    assert (candidate.point.x, candidate.point.y) == (2.71, 50.86)
    assert (pin.x, pin.y) != (2.71, 50.86)
    assert [origin.proposal for origin in candidate.origins.all()] == [cast.options[0]]
    assert Record.objects.get(act="candidate.made").subject == "candidate 1"


def test_a_candidate_from_a_cluster_is_about_all_its_proposals(cast: Cast) -> None:
    for at in range(3):
        Proposal.objects.create(
            project=cast.project, number=50 + at, title=f"P{at}", point=Point(2.75 + at / 1e5, 50.9, srid=4326),
            author=cast["An"] if at else cast["Vera"], created_at=now(),
        )  # fmt: skip
    supports(cast, 51, "Vera", "Mo")
    cast.project.refresh_from_db()
    planner = signed_in(cast, "Piet")
    address = page("desk_candidate_new") + "?pin=50&radius_m=100&min_count=3"
    planner.post(address, {"title": "Hier", "lat": "50.9", "lon": "2.75"})
    candidate = Candidate.objects.get()
    kinds = sorted(origin.kind for origin in candidate.origins.all())
    assert kinds == ["cluster", "proposal", "proposal", "proposal"]
    cluster = candidate.origins.get(kind="cluster").cluster or {}
    assert {name: cluster[name] for name in ("n", "pin", "radius_m", "min_count")} == {
        "n": 3, "pin": 50, "radius_m": 100.0, "min_count": 3,
    }  # fmt: skip
    # An, Vera and Mo: three people, however many hearts.
    assert planner.get(page("desk_candidate", 1)).context["n_people"] == 3
    gone = planner.get(page("desk_candidate_new") + "?pin=7&radius_m=25&min_count=50")
    assert gone.status_code == 422


def test_a_candidate_from_a_layer_and_by_hand(cast: Cast) -> None:
    town_layer = Layer.objects.create(
        organisation=cast.town, slug="palen", name="Palen", state="current", source="x", licence="y", n_features=1,
        file_name="x", uploaded_at=now(), shown=["naam"],
        attributes=[{"name": name, "kind": "text", "n_empty": 0} for name in ("eigenaar", "naam")],
    )  # fmt: skip
    LayerFeature.objects.create(
        layer=town_layer,
        key=1,
        geometry=Point(2.7, 50.85, srid=4326),
        properties={"eigenaar": "Jan Peeters", "naam": "Kast 7"},
    )
    planner = signed_in(cast, "Piet")
    address = page("desk_candidate_new") + f"?layer={town_layer.pk}&key=1"
    assert planner.get(address).context["title"] == "Kast 7"
    planner.post(address, {"title": "Kast 7", "lat": "50.85", "lon": "2.7"})
    planner.post(page("desk_candidate_new"), {"title": "Hoek", "lat": "50,86", "lon": "2,7"})
    assert [origin.kind for origin in Origin.objects.order_by("candidate__number")] == ["feature", "hand"]
    assert planner.get(page("desk_candidate_new") + f"?layer={town_layer.pk}&key=9").status_code == 422
    refused = planner.post(page("desk_candidate_new"), {"title": "", "lat": "x", "lon": "2.7"})
    assert refused.status_code == 422
    assert Candidate.objects.count() == 2


def test_checks_say_who_when_and_what_came_out(cast: Cast) -> None:
    candidate_of(cast, 1)
    planner = signed_in(cast, "Piet")
    check = {
        "act": "check", "kind": "grid", "outcome": "conditions", "checked_by": "Netbeheerder",
        "checked_on": "2026-05-31", "note": "Kabel op 12 m", "document": "https://dms.example/7.pdf",
    }  # fmt: skip
    assert planner.post(page("desk_candidate_change", 1), check).status_code == 302
    found = Check.objects.get()
    assert (found.checked_on, found.recorded_by, found.outcome) == (date(2026, 5, 31), cast["Piet"], "conditions")
    for bad in ({"document": "javascript:alert(1)"}, {"checked_on": "gisteren"}, {"checked_by": ""}, {"kind": "x"}):
        answer = planner.post(page("desk_candidate_change", 1), check | bad)
        assert answer.status_code == 422, bad
        assert answer.context["refused"], bad
    assert Check.objects.count() == 1
    assert Record.objects.filter(act="candidate.checked").count() == 1


def test_every_act_on_a_candidate_is_on_record(cast: Cast) -> None:
    candidate_of(cast)
    planner = signed_in(cast, "Piet")
    acts: list[dict[str, str]] = [
        {"act": "add", "numbers": "2 en 3"},
        {"act": "drop", "number": "3"},
        {"act": "edit", "title": "Nieuw", "lat": "50.86", "lon": "2.7", "notes": "x", "state": "shortlist"},
    ]
    for each in acts:
        assert planner.post(page("desk_candidate_change", 1), each).status_code == 302
    assert set(Record.objects.values_list("act", flat=True)) == {
        "candidate.made", "candidate.proposals_added", "candidate.proposal_dropped", "candidate.changed",
    }  # fmt: skip
    candidate = Candidate.objects.get()
    assert [origin.proposal and origin.proposal.number for origin in candidate.origins.all()] == [2]
    assert (candidate.title, candidate.state) == ("Nieuw", "shortlist")
    assert planner.post(page("desk_candidate_change", 1), {"act": "add", "numbers": "99"}).status_code == 422


@pytest.mark.parametrize("name", ["An", "Mo", "Gis"])
def test_only_planners_site_and_decide(cast: Cast, name: str) -> None:
    candidate_of(cast, 1)
    client = signed_in(cast, name)
    assert client.get(page("desk_candidate_new")).status_code == 404
    for address, form in (
        (page("desk_candidate_new"), {"title": "x", "lat": "50.8", "lon": "2.7"}),
        (page("desk_candidate_change", 1), {"act": "edit", "title": "x", "lat": "50.8", "lon": "2.7"}),
        (page("desk_decisions_change"), {"act": "decide", "candidate": "1", "outcome": "not", "reason_nl": "x"}),
        (page("desk_decisions_change"), {"act": "publish"}),
    ):
        assert client.post(address, form).status_code == 404
    assert (Candidate.objects.get().title, Decision.objects.count()) == ("Markt", 0)


# --- deciding -------------------------------------------------------------------------------------------------


def test_many_at_once_from_a_sentence_in_every_language(cast: Cast) -> None:
    candidate_of(cast, 1)
    form = {
        "act": "decide", "candidate": ["1"], "proposal": ["2", "3"], "outcome": "not", "template": "not_narrow",
        "reason_fr": "À ma façon.", "council_link": "https://data.vlaanderen.be/id/besluit/1",
    }  # fmt: skip
    signed_in(cast, "Piet").post(page("desk_decisions_change"), form)
    assert Decision.objects.count() == 3
    for decision in Decision.objects.all():
        assert set(decision.reason) == {"nl", "fr", "en", "de"}
        assert decision.reason["fr"] == "À ma façon."
        assert decision.reason["nl"] != decision.reason["en"]
        assert decision.published_at is None
    assert not Response.objects.exists()


def test_a_decision_needs_a_reason_and_something_to_be_about(cast: Cast) -> None:
    for about, reason, code in (
        (About(proposals=[1]), {"nl": "  "}, Code.REASON_MISSING),
        (About(), {"nl": "x"}, Code.DECISION_NOTHING_CHOSEN),
        (About(proposals=[99]), {"nl": "x"}, Code.PROPOSAL_NOT_FOUND),
        (About(candidates=[99]), {"nl": "x"}, Code.CANDIDATE_NOT_FOUND),
    ):
        with pytest.raises(Refused) as refused:
            decide(
                project=cast.project, about=about, outcome="not", reason=reason, council_link="", by=cast["Piet"],
                now=now(),
            )  # fmt: skip
        assert refused.value.code == code


def test_before_publication_a_decision_can_be_changed_and_taken_back(cast: Cast) -> None:
    decided(cast, "build", proposals=[1])
    decided(cast, "not", proposals=[1])
    decision = Decision.objects.get()
    assert decision.outcome == "not"
    withdraw_decision(project=cast.project, pk=decision.pk, by=cast["Piet"])
    with pytest.raises(Refused) as refused:
        published(cast)
    assert refused.value.code == Code.DECISION_NOTHING_TO_PUBLISH
    assert not outcome_of(cast.project).places


def test_a_published_decision_stays_as_it_is(cast: Cast) -> None:
    decided(cast, "build", proposals=[1])
    published(cast)
    decision = Decision.objects.get()
    for change in ({"reason": {"nl": "anders"}}, {"outcome": "not"}, {"published_at": now()}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Decision.objects.filter(pk=decision.pk).update(**change)
    Decision.objects.filter(pk=decision.pk).update(decided_by=None)
    decided(cast, "later", proposals=[1])
    published(cast)
    place = outcome_of(cast.project).places[0]
    assert (place.state, [each.outcome for each in place.earlier]) == ("later", ["build"])


# --- answering ------------------------------------------------------------------------------------------------


def test_everyone_concerned_gets_one_mail_in_their_language(cast: Cast) -> None:
    Proposal.objects.filter(number=1).update(author=cast["Mo"])
    supports(cast, 1, "An", "Vera")
    supports(cast, 2, "An")
    supports(cast, 3, "An", "Marc")
    type(cast["Vera"]).objects.filter(pk=cast["Vera"].pk).update(language="fr")
    candidate_of(cast, 1, 2)
    decided(cast, "build", candidates=[1])
    decided(cast, "not", proposals=[3])
    assert published(cast) == (2, 3)

    mails = work()
    by_address = {each.to[0]: each for each in mails}
    assert sorted(by_address) == [f"{name}@example.org" for name in ("an", "marc", "mo", "vera")]
    assert len(mails) == 4
    to_an = by_address["an@example.org"].body
    assert [int(n) for n in re.findall(rf"{BASE}projects/laden/proposals/(\d+)/", to_an)] == [1, 2, 3]
    assert to_an.count("Daarom build.") == 2
    assert "Daarom not." in to_an
    to_vera = by_address["vera@example.org"]
    assert "Parce que build." in to_vera.body
    assert "Parce que not." not in to_vera.body
    assert to_vera.subject != by_address["mo@example.org"].subject
    for each in mails:
        assert BASE + "me/" in each.body
        assert "@example.org" not in each.body


def test_nobody_is_mailed_who_cannot_be(cast: Cast) -> None:
    supports(cast, 1, "An", "Vera", "Mo")
    people = type(cast["An"]).objects
    people.filter(pk=cast["An"].pk).update(is_active=False)
    people.filter(pk=cast["Vera"].pk).update(email=None)
    decided(cast, proposals=[1])
    published(cast)
    assert {address for each in work() for address in each.to} == {"mo@example.org"}


def test_answers_decisions_and_mails_are_one_transaction(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    supports(cast, 1, "An")
    decided(cast, proposals=[1])

    def broken(*_args: object, **_rest: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr("participation.services.responses.app.configure_task", broken)
        with pytest.raises(RuntimeError):
            published(cast)
    assert not Response.objects.exists()
    assert not jobs()
    assert Decision.objects.get().published_at is None
    published(cast)
    assert Response.objects.count() == 1
    assert len(jobs()) == 1


def test_the_answer_stands_on_the_proposal_and_with_what_is_mine(cast: Cast) -> None:
    supports(cast, 1, "An")
    decided(cast, "later", proposals=[1])
    published(cast)
    for client, address in ((Client(), page("proposal", 1)), (signed_in(cast, "An"), reverse("me"))):
        assert "Daarom later." in client.get(address, headers={"Accept-Language": "nl"}).content.decode()
    assert "Daarom later." not in signed_in(cast, "Vera").get(reverse("me")).content.decode()


def test_of_two_decisions_about_a_proposal_its_own_comes_first_then_the_best(cast: Cast) -> None:
    candidate_of(cast, 1, 2)
    candidate_of(cast, 2, 3)
    decided(cast, "not", candidates=[1])
    decided(cast, "build", candidates=[2])
    decided(cast, "later", proposals=[3])
    published(cast)
    answers = dict(Response.objects.values_list("proposal__number", "outcome"))
    assert answers == {1: "not", 2: "build", 3: "later"}


def test_publishing_twice_answers_once(cast: Cast) -> None:
    decided(cast, proposals=[1])
    planner = signed_in(cast, "Piet")
    first, second = (planner.post(page("desk_decisions_change"), {"act": "publish"}) for _ in range(2))
    assert (first.status_code, second.status_code) == (302, 422)
    assert Response.objects.count() == 1


def test_a_decided_candidate_no_longer_moves(cast: Cast) -> None:
    candidate = candidate_of(cast, 1)
    decided(cast, candidates=[1])
    published(cast)
    with pytest.raises(Refused) as refused:
        change_candidate(
            candidate=candidate, title="x", place=LonLat(2.6, 50.8), notes="", state="open", by=cast["Piet"]
        )
    assert refused.value.code == Code.CANDIDATE_DECIDED


# --- what became of it ------------------------------------------------------------------------------------------


def rolled(cast: Cast, state: str, on: date, *, tell: bool = False) -> RollOut:
    decision = Decision.objects.filter(outcome="build").latest("pk")
    return roll_out(
        project=cast.project, decision=decision, state=state, on=on, note="", tell={"nl": "Het staat er."} if tell else
        None, by=cast["Piet"], base_url=BASE, now=now(),
    )  # fmt: skip


def test_the_public_page_tells_asked_from_built(cast: Cast) -> None:
    candidate_of(cast, 1, 2)
    decided(cast, "build", candidates=[1])
    decided(cast, "not", proposals=[3])
    before = Client().get(page("outcome"))
    assert "Daarom" not in before.content.decode()
    published(cast)
    rolled(cast, "building", date(2027, 3, 1))
    rolled(cast, "built", date(2027, 5, 1))
    answer = Client().get(page("outcome"), headers={"Accept-Language": "nl"})
    text = answer.content.decode()
    assert "Daarom build." in text
    assert "Daarom not." in text
    assert answer.context["outcome"].n_asked == Proposal.objects.filter(project=cast.project).count()
    assert (answer.context["n_to_come"], answer.context["n_built"], answer.context["outcome"].n_answered) == (1, 1, 3)
    assert [pin["later"] for pin in answer.context["map"]["pins"]] == [False, True]
    events = [(row["event"].on, row["event"].n_decided) for row in answer.context["timeline"]]
    assert events[:2] == [(date(2027, 5, 1), 0), (date(2027, 3, 1), 0)]
    assert events[2][1] == 2
    only = Client().get(page("outcome") + "?state=not").context["rows"]
    assert [row["state"] for row in only] == ["not"]
    assert page("outcome") in Client().get(page("project")).content.decode()


def test_those_concerned_hear_when_it_is_built_only_if_asked(cast: Cast) -> None:
    supports(cast, 1, "An")
    decided(cast, "build", proposals=[1])
    published(cast)
    rolled(cast, "building", date(2027, 3, 1))
    assert len(jobs()) == 1
    rolled(cast, "built", date(2027, 5, 1), tell=True)
    assert len(jobs()) == 2
    assert "Het staat er." in work()[-1].body


def test_only_what_will_come_can_be_built(cast: Cast) -> None:
    decided(cast, "later", proposals=[1])
    published(cast)
    with pytest.raises(Refused) as refused:
        roll_out(
            project=cast.project, decision=Decision.objects.get(), state="built", on=date(2027, 1, 1), note="",
            tell=None, by=cast["Piet"], base_url=BASE, now=now(),
        )  # fmt: skip
    assert refused.value.code == Code.DECISION_NOT_TO_BUILD


def test_what_is_hidden_later_is_not_told(cast: Cast) -> None:
    decided(cast, "not", proposals=[1])
    published(cast)
    Proposal.objects.filter(number=1).update(state="hidden", hidden_because="x", on_ballot=False)
    assert "Daarom not." not in Client().get(page("outcome")).content.decode()


def test_a_project_without_a_map_can_be_decided_about(cast: Cast) -> None:
    project = Project.objects.create(organisation=cast.town, slug="vrij", title={"nl": "Vrij"})
    Proposal.objects.create(project=project, number=1, title="Idee", created_at=now())
    planner = signed_in(cast, "Piet")
    address = reverse("desk_decisions_change", args=("vrij",))
    planner.post(address, {"act": "decide", "proposal": "1", "outcome": "build", "reason_nl": "Ja."})
    planner.post(address, {"act": "publish"})
    answer = Client().get(reverse("outcome", args=("vrij",)))
    assert answer.context["map"] is None
    assert "Ja." in answer.content.decode()


def test_candidates_are_a_layer_for_staff_and_the_decided_ones_for_all(cast: Cast) -> None:
    candidate_of(cast, 1)
    candidate_of(cast, 2, title="Station")
    staff, everyone = Asker("toonstad", cast["Piet"]), Asker("toonstad", None)
    decided(cast, candidates=[2])
    for asker, n in ((staff, 2), (everyone, 0)):
        found = layer(asker, "laden-candidates")
        assert not hasattr(found, "grid")
        assert found.count() == n
    published(cast)
    found = layer(everyone, "laden-candidates")
    assert not hasattr(found, "grid")
    assert [(row.attributes["title"], row.attributes["outcome"]) for row in found.features()] == [("Station", "build")]
