"""Whatever staff send at the desk leaves a line in the audit trail, and each line has its words.

Every address that takes forms alone stands in one of the two tables below; a new one without a row fails.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from django.contrib.gis.geos import Point, Polygon
from django.core.cache import cache
from django.db import transaction

from participation.models import (
    CodeBatch,
    ExactPlace,
    Extension,
    InventoryObject,
    Membership,
    Phase,
    Project,
    Proposal,
    Record,
    VotingCode,
    Webhook,
)
from participation.queries.voting import database_now
from participation.rules.questions import Asked
from participation.rules.tokens import Scope
from participation.services.codes import make_resident_codes
from participation.services.comments import add_comment
from participation.services.questions import NEW, set_question
from participation.services.setup import begin_project, remove_phase
from participation.services.tokens import make_token
from participation.web.acts import SAID
from siting.models import SavedCluster
from tests.cast import Cast
from tests.contracts.pages import MAY_SEND, ROWS
from tests.contracts.test_pages import address, client_of, staged
from tests.forms import SURVEY
from tests.integration import studies as stage

__all__ = ["staged"]

Sent = tuple[dict[str, object], dict[str, object]]
PLACE = Point(2.7, 50.85, srid=4326)
IN_AN_HOUR = timedelta(hours=1)


def _object(cast: Cast, **sent: object) -> Sent:
    InventoryObject.objects.create(project=cast.project, number=1, key="k", name="Kast", place=PLACE)
    return {}, sent


def _layer(cast: Cast) -> Sent:
    return {"pk": stage.layer(cast, "wegen", ["POINT(2.7 50.85)"]).pk}, {"act": "show"}


def _exact(cast: Cast) -> Sent:
    ExactPlace.objects.create(proposal=cast.options[0], place=PLACE)
    return {}, {}


def _asked_later(cast: Cast) -> Sent:
    now = database_now()
    asked = Extension.objects.create(
        phase=cast.vote, closes_at=now + timedelta(days=9), reason="Storm.", asked_by=cast["Piet"], asked_at=now
    )
    return {"key": asked.pk}, {}


def _printed(cast: Cast) -> Sent:
    batch = CodeBatch.objects.create(phase=cast.vote, made_by=cast["Piet"], made_at=database_now(), n_codes=1)
    VotingCode.objects.create(batch=batch, phase=cast.vote, locator="AAAA", salt=b"s" * 16, digest=b"d" * 32)
    return {"batch": batch.pk}, {}


def _to_residents(cast: Cast) -> Sent:
    make_resident_codes(organisation=cast.town, n=1, by=cast["Piet"], now=database_now())
    return {"batch": CodeBatch.objects.get(organisation=cast.town).pk}, {}


def _verified(cast: Cast) -> Sent:
    Membership.objects.filter(person=cast["An"]).update(verified_at=database_now(), verified_by="staff")
    return {}, {"email": "an@example.org"}


def _cluster(cast: Cast) -> Sent:
    for number in range(31, 35):
        Proposal.objects.create(
            project=cast.project, number=number, title="Plein", point=PLACE, created_at=database_now()
        )  # fmt: skip
    return {}, {"query": "radius_m=100", "pin": "31", "name": "Plein"}


def _kept(cast: Cast) -> Sent:
    row = SavedCluster.objects.create(
        project=cast.project, name="Plein", method="dbscan", settings="", numbers=[1], centre=PLACE,
        hull=Polygon.from_bbox((2.7, 50.8, 2.71, 50.81)), area_m2=1, n_supports=0, n_people=0, weight=1,
        kept_at=database_now(),
    )  # fmt: skip
    return {"number": row.pk}, {}


def _token(cast: Cast) -> Sent:
    made, _secret = make_token(
        organisation=cast.town, by=cast["Marc"], now=database_now(), name="QGIS", scopes=[Scope.READ], days=30
    )
    return {"key": made.pk}, {}


def _webhook(cast: Cast) -> Sent:
    row = Webhook.objects.create(
        organisation=cast.town, name="Intranet", url="https://a.example/", events=["vote.counted"], salt=b"s" * 16,
        made_at=database_now(),
    )  # fmt: skip
    return {"key": row.pk}, {"act": "pause"}


def _decided(cast: Cast) -> Sent:
    return {}, {"act": "decide", "candidate": "1001", "outcome": "build", "reason_nl": "Druk.", "reason_en": "Busy."}


def _later(cast: Cast) -> Sent:
    return {}, {"closes_at": (database_now() + timedelta(days=9)).isoformat(), "reason": "Storm."}


LEAVES_A_LINE: dict[str, Callable[[Cast], Sent]] = {
    "desk_shortlist_change": lambda cast: ({}, {"number": "1", "act": "off"}),
    "desk_layer_change": _layer,
    "desk_inventory_change": lambda cast: _object(cast, remove="1"),
    "desk_inventory_permission": lambda cast: _object(cast, number="1", permission="given"),
    "desk_exact_place": _exact,
    "desk_candidate_change": lambda cast: ({"number": 1001}, {"act": "add", "numbers": "8"}),
    "desk_candidates_ballot": lambda cast: ({}, {}),
    "desk_decisions_change": _decided,
    "desk_vote_ask": _later,
    "desk_vote_agree": _asked_later,
    "desk_codes_withdraw": _printed,
    "desk_resident_codes_withdraw": _to_residents,
    "desk_people_unverify": _verified,
    "desk_people_codes": lambda cast: ({}, {"codes": "8970"}),
    "desk_keep": _cluster,
    "desk_forget": _kept,
    "desk_study_act": lambda cast: ({}, {"act": "copy"}),
    "desk_scenario_act": lambda cast: ({}, {"act": "drop"}),
    "desk_staff_change": lambda cast: ({}, {"act": "role", "key": str(cast["Mo"].pk), "role": "planner"}),
    "desk_dossier_publish": lambda cast: ({}, {}),
    "desk_access_revoke": _token,
    "desk_access_embed": lambda cast: ({}, {"sites": "https://a.example"}),
    "desk_webhook_change": _webhook,
    "desk_maps_change": lambda cast: ({}, {"act": "preset", "preset": "osm"}),
}
LEAVES_NONE: dict[str, str] = {
    "desk_moderate": "each act of the queue is looked at by itself: test_acts.py",
    "desk_undo": "as desk_moderate",
    "desk_import_change": "a file that is being read is the own draft of who uploaded it; taking it in and taking it "
    "back leave lines (tests/integration/test_desk_import.py)",
    "desk_area_import_change": "as desk_import_change (tests/integration/test_desk_import_kinds.py)",
    "desk_cluster_run": "has a worker compute something to look at; it changes nothing, and who asked stands with it",
    "desk_webhook_again": "sends once more what was sent; the log of the webhook tells of it",
}


def test_every_address_of_the_desk_that_takes_forms_alone_has_a_row() -> None:
    assert set(LEAVES_A_LINE) | set(LEAVES_NONE) == {name for name in MAY_SEND if name.startswith("desk_")}
    assert not set(LEAVES_A_LINE) & set(LEAVES_NONE)


def test_whatever_staff_send_leaves_a_line(staged: Cast) -> None:
    client = client_of(staged, "manager")
    without = {}
    for name, prepare in LEAVES_A_LINE.items():
        cache.clear()
        with transaction.atomic():
            where, sent = prepare(staged)
            before = Record.objects.count()
            answer = client.post(address(name, ROWS[name], **where), sent)
            if Record.objects.count() == before:
                without[name] = (answer.status_code, answer.content.decode()[-600:])
            transaction.set_rollback(True)
    assert without == {}


def test_every_change_of_a_draft_leaves_a_line(staged: Cast) -> None:
    """Steps of setting up as their pages send them, and what their lists do."""
    draft = begin_project(
        organisation=staged.town, title="Ontwerp", template=None, copy_of=staged.project,
        starts_at=database_now() + IN_AN_HOUR, by=staged["Piet"],
    )  # fmt: skip
    vote = Phase.objects.get(project=draft)
    forms: dict[str, dict[str, object]] = {
        "question": {"title_nl": "Ontwerp", "question_nl": "Waar?", "summary_nl": "Kort."},
        "rules": {"rules_nl": "Drie keuzes.", "outcome_nl": "De volgorde."},
        "consider": {"promise": "Ja."},
    }
    client = client_of(staged, "planner")
    for step, sent in forms.items():
        before = Record.objects.filter(project=draft, act="project.changed").count()
        answer = client.post(f"/desk/projects/{draft.slug}/setup/{step}/", sent)
        assert answer.status_code == 302, answer.content.decode()[-800:]
        assert Record.objects.filter(project=draft, act="project.changed").count() > before, step
    before = Record.objects.filter(project=draft, act="project.changed").count()
    set_question(project=draft, asked=Asked.ALONE, question=replace(SURVEY[0], key=NEW), by=staged["Piet"])
    remove_phase(project=draft, key=vote.pk, by=staged["Piet"], now=database_now())
    assert Record.objects.filter(project=draft, act="project.changed").count() == before + 2
    assert Project.objects.get(pk=draft.pk).state == Project.State.DRAFT


def test_what_the_town_says_on_a_page_of_residents_leaves_a_line_and_what_residents_say_does_not(staged: Cast) -> None:
    Phase.objects.create(project=staged.project, position=2, kind="discuss", opens_at=staged.vote.opens_at)
    for who, n in (("An", 0), ("Mo", 1)):
        add_comment(
            proposal=staged.options[0], person=staged[who], text="Ja", parent=None, language="nl", now=database_now()
        )
        assert Record.objects.filter(act="comment.by_city").count() == n


def test_each_act_has_its_words() -> None:
    found = set()
    for app in ("participation", "siting"):
        for path in Path(app, "services").rglob("*.py"):
            found |= set(re.findall(r'act="(\w+\.\w+)"', path.read_text()))
            found |= set(re.findall(r'_record(?:ed)?\([^")]*"(\w+\.\w+)"', path.read_text()))
    assert len(found) > 40
    assert found <= set(SAID)
