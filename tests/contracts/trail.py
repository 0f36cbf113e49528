"""What staff can do by sending a form to an address that takes forms alone, and what must be there for it.

Written by hand: by address, then by the act of the form ("" where there is but one). An address or an act without a row
fails tests/contracts/test_audit_trail.py.
"""

from collections.abc import Callable
from datetime import timedelta

from django.contrib.gis.geos import Point, Polygon
from django.core.files.uploadedfile import SimpleUploadedFile

from participation.models import (
    AnswerSheet,
    CodeBatch,
    Comment,
    Delivery,
    ExactPlace,
    Extension,
    Import,
    InventoryObject,
    Invitation,
    Membership,
    Organisation,
    Project,
    ProjectRole,
    Proposal,
    Record,
    Report,
    VotingCode,
    Webhook,
)
from participation.queries.voting import database_now
from participation.rules.questions import Asked
from participation.rules.roles import Role
from participation.rules.tokens import Scope
from participation.services.codes import make_resident_codes
from participation.services.comments import lock_comments
from participation.services.importing.desk import carry_out_import, plan_import, upload_import
from participation.services.merging import merge_proposals
from participation.services.proposals import hide_proposal
from participation.services.tokens import make_token
from siting.models import Candidate, Layer, SavedCluster, Scenario, Study
from siting.services.candidates import add_proposals
from siting.services.decisions import About, decide
from tests.cast import Cast
from tests.forms import SURVEY, ask
from tests.integration import studies as stage

# What the address is about beside its row in pages.py, and what is sent there.
Sent = tuple[dict[str, object], dict[str, object]]
Prepare = Callable[[Cast], Sent]
PLACE = Point(2.7, 50.85, srid=4326)


def plain(**sent: object) -> Prepare:
    """Nothing more has to be there."""
    return lambda cast: ({}, sent)


# --- the queue --------------------------------------------------------------------------------------------------------


def _waits(cast: Cast, number: int = 50, state: str = "submitted") -> Proposal:
    return Proposal.objects.create(
        project=cast.project, number=number, title="Nieuw", state=state, point=PLACE, author=cast["An"],
        created_at=database_now(),
    )  # fmt: skip


def _waiting(cast: Cast) -> Sent:
    return {"number": _waits(cast).number}, {}


def _two(cast: Cast) -> Sent:
    _waits(cast, 51, "published"), _waits(cast, 52, "published")
    return {"number": 51}, {"number": "52", "direction": "here"}


def _joined(cast: Cast) -> Sent:
    _two(cast)
    merge = merge_proposals(
        project=cast.project, numbers=[52], into=51, by=cast["Piet"], base_url="http://testserver", now=database_now()
    )
    return {"number": 51}, {"merge": str(merge.pk)}


def _reported(cast: Cast) -> Sent:
    Report.objects.create(proposal=cast.options[0], person=cast["An"], reason="spam", at=database_now())
    return {}, {}


def _locked(cast: Cast) -> Sent:
    lock_comments(proposal=cast.options[0], locked=True, by=cast["Piet"])
    return {}, {}


def _comment(cast: Cast) -> Sent:
    made = Comment.objects.create(
        proposal=cast.options[0], author=cast["An"], text="Ja", state="submitted", created_at=database_now()
    )
    return {}, {"comment": str(made.pk), "reason": "Grof."}


def _hidden(cast: Cast) -> Sent:
    hide_proposal(project=cast.project, number=2, reason="Dubbel", by=cast["Marc"])
    return {"record": Record.objects.get(act="proposal.hidden").pk}, {}


def _sheet(cast: Cast, **fields: str) -> AnswerSheet:
    version = ask(cast.project, Asked.ALONE, SURVEY)
    return AnswerSheet.objects.create(
        project=cast.project, version=version, answers={"q1": "o2"}, sent_at=database_now(), **fields
    )


# --- a project: places, files, votes ----------------------------------------------------------------------------------


def _object(**sent: object) -> Prepare:
    def prepare(cast: Cast) -> Sent:
        InventoryObject.objects.create(project=cast.project, number=1, key="k", name="Kast", place=PLACE)
        return {}, sent

    return prepare


def _objects(cast: Cast) -> Sent:
    return {}, {"file": SimpleUploadedFile("kasten.csv", b"id,name,lon,lat\n1,Kast,2.7,50.85\n"), "name_field": "name"}


def _exact(cast: Cast) -> Sent:
    ExactPlace.objects.create(proposal=cast.options[0], place=PLACE)
    return {}, {}


def uploaded(cast: Cast, of: Project | Organisation, state: str = "planned") -> Import:
    """A file at the import wizard, of proposals or of neighbourhoods: read, planned or taken in."""
    by, now = cast["Piet"], database_now()
    kind, name, content = Import.Kind.PROPOSALS, "plekken.csv", b"title,lon,lat\nEen plek,2.7,50.86\n"
    if isinstance(of, Organisation):
        kind, name = Import.Kind.AREAS, "wijken.geojson"
        content = (
            b'{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"name": "Noord"},'
            b' "geometry": {"type": "Polygon", "coordinates": [[[2.7, 50.8], [2.71, 50.8], [2.71, 50.81], [2.7, 50.8]]]'
            b"}}]}"
        )
    draft = upload_import(of=of, kind=kind, file=SimpleUploadedFile(name, content), file_name=name, by=by, now=now)
    if state != "read":
        plan_import(draft=draft, columns={"title": "title", "name": "name"}, by=by, now=now)
    if state == "taken":
        carry_out_import(draft=draft, by=by, now=now)
    return draft


def _wizard(of: Callable[[Cast], Project | Organisation]) -> dict[str, Prepare]:
    def at(state: str, **sent: object) -> Prepare:
        return lambda cast: ({"pk": uploaded(cast, of(cast), state).pk}, sent)

    return {
        "read": at("read"),
        "columns": at("read", title="title", name="name"),
        "take": at("planned"),
        "undo": at("taken"),
        "delete": at("read"),
    }


def _asked_later(cast: Cast) -> Sent:
    now = database_now()
    asked = Extension.objects.create(
        phase=cast.vote, closes_at=now + timedelta(days=9), reason="Storm.", asked_by=cast["Piet"], asked_at=now
    )
    return {"key": asked.pk}, {}


def _later(cast: Cast) -> Sent:
    return {}, {"closes_at": (database_now() + timedelta(days=9)).isoformat(), "reason": "Storm."}


def _printed(cast: Cast) -> Sent:
    batch = CodeBatch.objects.create(phase=cast.vote, made_by=cast["Piet"], made_at=database_now(), n_codes=1)
    VotingCode.objects.create(batch=batch, phase=cast.vote, locator="AAAA", salt=b"s" * 16, digest=b"d" * 32)
    return {"batch": batch.pk}, {}


# --- sites ------------------------------------------------------------------------------------------------------------


def layer_of_file(state: str = Layer.State.CURRENT) -> Prepare:
    def prepare(cast: Cast) -> Sent:
        made = stage.layer(cast, "wegen", ["POINT(2.7 50.85)"])
        with SimpleUploadedFile("wegen.csv", b"name,lon,lat\nEen,2.7,50.85\n") as file:
            made.file.save("wegen.csv", file, save=False)
        made.file_name, made.state = "wegen.csv", state
        made.save()
        return {"pk": made.pk}, {}

    return prepare


def _of_proposal(cast: Cast) -> Sent:
    made = Candidate.objects.get(project=cast.project, number=1001)
    add_proposals(candidate=made, project=cast.project, numbers=[8], by=cast["Piet"])
    return {"number": 1001}, {"number": "8"}


def _candidate(**sent: object) -> Prepare:
    return lambda cast: ({"number": 1001}, sent)


def _decision(**sent: object) -> Prepare:
    def prepare(cast: Cast) -> Sent:
        stage.decided(cast.project, cast["Piet"])
        decides = {"candidate": "1004", "outcome": "build", "reason_nl": "Druk.", "reason_en": "Busy."}
        built = cast.project.decisions.get(outcome="build").pk
        return {}, decides | {"decision": str(built)} | sent

    return prepare


def _decided(cast: Cast) -> Sent:
    waiting = decide(
        project=cast.project, about=About(candidates=[1001]), outcome="later", reason={"nl": "Later."},
        council_link="", by=cast["Piet"], now=database_now(),
    )  # fmt: skip
    assert waiting
    return {}, {"decision": str(cast.project.decisions.get(published_at=None).pk)}


def _cluster(cast: Cast) -> Sent:
    for number in range(31, 35):
        _waits(cast, number, "published")
    return {}, {"query": "radius_m=100", "pin": "31", "name": "Plein"}


def _kept(cast: Cast) -> Sent:
    row = SavedCluster.objects.create(
        project=cast.project, name="Plein", method="dbscan", settings="", numbers=[1], centre=PLACE,
        hull=Polygon.from_bbox((2.7, 50.8, 2.71, 50.81)), area_m2=1, n_supports=0, n_people=0, weight=1,
        kept_at=database_now(),
    )  # fmt: skip
    return {"number": row.pk}, {}


def _study(number: int, state: str = "") -> Prepare:
    def prepare(cast: Cast) -> Sent:
        if state:
            Study.objects.filter(project=cast.project, number=number).update(state=state)
        return {"number": number}, {}

    return prepare


def _hidden_study(cast: Cast) -> Sent:
    Study.objects.filter(project=cast.project, number=1).update(is_public=False)
    return {"number": 1}, {}


def _scenario(state: str) -> Prepare:
    def prepare(cast: Cast) -> Sent:
        Scenario.objects.filter(study__project=cast.project, number=1).update(state=state, result=None)
        return {}, {}

    return prepare


def _moved(cast: Cast) -> Sent:
    found = Scenario.objects.get(study__project=cast.project, study__number=1, number=1)
    assert found.result is not None
    return {}, {"site": str(found.result["chosen"][0]["number"]), "lon": "2.71", "lat": "50.86"}


# --- the town ---------------------------------------------------------------------------------------------------------


def _to_residents(cast: Cast) -> Sent:
    make_resident_codes(organisation=cast.town, n=1, by=cast["Piet"], now=database_now())
    return {"batch": CodeBatch.objects.get(organisation=cast.town).pk}, {}


def _verified(cast: Cast) -> Sent:
    Membership.objects.filter(person=cast["An"]).update(verified_at=database_now(), verified_by="staff")
    return {}, {"email": "an@example.org"}


def _invited(cast: Cast) -> Sent:
    now = database_now()
    row = Invitation.objects.create(
        organisation=cast.town, email="nieuw@example.org", role=Role.PLANNER, digest=b"d" * 32, invited_by=cast["Marc"],
        invited_at=now, expires_at=now + timedelta(days=3),
    )  # fmt: skip
    return {}, {"key": str(row.pk)}


def _role(**sent: object) -> Prepare:
    return lambda cast: ({}, {"key": str(cast["Mo"].pk)} | sent)


def _project_role(**sent: object) -> Prepare:
    return lambda cast: ({}, {"key": str(ProjectRole.objects.get(person=cast["Els"]).pk)} | sent)


def _token(cast: Cast) -> Sent:
    made, _secret = make_token(
        organisation=cast.town, by=cast["Marc"], now=database_now(), name="QGIS", scopes=[Scope.READ], days=30
    )
    return {"key": made.pk}, {}


def _webhook(*, paused: bool = False) -> Prepare:
    def prepare(cast: Cast) -> Sent:
        now = database_now()
        row = Webhook.objects.create(
            organisation=cast.town, name="Intranet", url="https://a.example/", events=["vote.counted"],
            salt=b"s" * 16, made_at=now, paused_at=now if paused else None,
        )  # fmt: skip
        return {"key": row.pk}, {}

    return prepare


def _given_up(cast: Cast) -> Sent:
    _webhook()(cast)
    hook = Webhook.objects.get(organisation=cast.town)
    row = Delivery.objects.create(webhook=hook, event="vote.counted", facts={}, made_at=database_now())
    return {"key": row.pk}, {}


def _backgrounds(cast: Cast) -> Sent:
    Organisation.objects.filter(pk=cast.town.pk).update(base_maps=[{"preset": "grb"}, {"preset": "osm"}])
    return {}, {"at": "1"}


LEAVES_A_LINE: dict[str, dict[str, Prepare]] = {
    "desk_moderate": {
        "publish": _waiting,
        "hide": plain(reason="Dubbel"),
        "merge": _two,
        "unmerge": _joined,
        "note": plain(text="Bel haar."),
        "tags": plain(tags="dubbel"),
        "hand_over": lambda cast: ({}, {"to": str(cast["Mo"].pk)}),
        "mail": lambda cast: ({"number": _waits(cast).number}, {"text": "Dank je."}),
        "settle": _reported,
        "lock": plain(),
        "unlock": _locked,
        "comment_publish": _comment,
        "comment_hide": _comment,
    },
    "desk_undo": {"": _hidden},
    "desk_form_change": {
        "leave_out": lambda cast: ({}, {"number": str(_sheet(cast).pk), "reason": "Reclame."}),
        "take_back": lambda cast: ({}, {"number": str(_sheet(cast, left_out_because="Reclame.").pk)}),
    },
    "desk_shortlist_change": {
        "off": plain(number="1"),
        "on": lambda cast: ({}, {"number": str(_waits(cast, 53, "published").number)}),
    },
    "desk_layer_change": {
        "read": layer_of_file(Layer.State.DRAFT),
        "compare": layer_of_file(Layer.State.DRAFT),
        "columns": layer_of_file(),
        "accept": layer_of_file(Layer.State.DRAFT),
        "restore": layer_of_file(Layer.State.REPLACED),
        "show": layer_of_file(),
        "keep": layer_of_file(),
        "delete": layer_of_file(),
    },
    "desk_inventory_change": {"remove": _object(remove="1"), "": _objects},
    "desk_inventory_permission": {"": _object(number="1", permission="given")},
    "desk_exact_place": {"": _exact},
    "desk_import_change": _wizard(lambda cast: cast.project),
    "desk_area_import_change": _wizard(lambda cast: cast.town),
    "desk_candidate_change": {
        "edit": _candidate(title="Anders", lon="2.7", lat="50.85", state="open"),
        "check": _candidate(kind="ownership", outcome="fine", checked_by="Fluvius", checked_on="2026-05-04"),
        "add": _candidate(numbers="8"),
        "drop": _of_proposal,
    },
    "desk_candidates_ballot": {"": plain()},
    "desk_decisions_change": {
        "decide": _decision(),
        "withdraw": _decided,
        "publish": _decided,
        "roll_out": _decision(state="built", on="2026-05-05"),
    },
    "desk_vote_ask": {"": _later},
    "desk_vote_agree": {"": _asked_later},
    "desk_codes_withdraw": {"": _printed},
    "desk_resident_codes_withdraw": {"": _to_residents},
    "desk_people_unverify": {"": _verified},
    "desk_people_codes": {"": plain(codes="8970")},
    "desk_cluster_run": {"": plain(query="", group_pins="5")},
    "desk_keep": {"": _cluster},
    "desk_forget": {"": _kept},
    "desk_study_act": {
        "start": _study(2),
        "stop": _study(2, "running"),
        "copy": _study(1),
        "repeat": _study(1),
        "publish": _hidden_study,
        "withdraw": _study(1),
    },
    "desk_scenario_act": {
        "start": _scenario("stopped"),
        "stop": _scenario("queued"),
        "drop": plain(),
        "move": _moved,
    },
    "desk_staff_change": {
        "withdraw": _invited,
        "change_project": _project_role(role="planner"),
        "remove_project": _project_role(),
        "second_factor": plain(needed="1"),
        "remove": _role(),
        "role": _role(role="planner"),
    },
    "desk_dossier_publish": {"": plain()},
    "desk_access_revoke": {"": _token},
    "desk_access_embed": {"": plain(sites="https://a.example")},
    "desk_webhook_change": {
        "remove": _webhook(),
        "pause": _webhook(),
        "resume": _webhook(paused=True),
        "try": _webhook(),
    },
    "desk_webhook_again": {"": _given_up},
    "desk_maps_change": {
        "preset": plain(preset="osm"),
        "data": plain(licence="cc0", address_search="photon"),
        "first": _backgrounds,
        "remove": _backgrounds,
    },
}
