"""Whoever has a role in one project works there as staff, and is a stranger in all others of the same town."""

import re

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.gis.geos import Point
from django.core import mail
from django.test import Client
from django.urls import reverse

from geo.catalog import Asker, layers_for
from participation.models import Handling, Invitation, Person, Phase, Project, ProjectRole, Proposal, Record
from participation.queries.voting import database_now
from participation.rules.questions import Asked
from participation.rules.refusals import Code, Refused
from participation.rules.roles import DeskAct, Role, Roles
from participation.selectors.roles import may_in, may_in_town, roles_in
from participation.services.moderation import hand_over
from participation.services.proposals import hide_proposal
from participation.services.staff import change_project_role
from participation.services.tokens import make_token
from tests.cast import Cast, box, person, text
from tests.forms import SURVEY, ask
from tests.integration import studies as stage
from tests.integration.test_staff import STAFF, code_in, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def benches(cast: Cast) -> Project:
    """Another project of the same town, where something waits too."""
    project = Project.objects.create(
        organisation=cast.town, slug="banken", title=text("Banken"), area=box(2.60, 50.80, 2.80, 50.94)
    )
    opens_at = cast.vote.opens_at
    Phase.objects.create(project=project, position=1, kind="propose", name=text("Stel voor"), opens_at=opens_at)
    for of, title in ((project, "Wachtende bank"), (cast.project, "Wachtende paal")):
        Proposal.objects.create(
            project=of, number=50, title=title, state="submitted", author=cast["An"], created_at=opens_at,
            point=Point(2.7, 50.85, srid=4326),
        )  # fmt: skip
    return project


def worker(project: Project, role: Role, name: str = "Els") -> Person:
    """Somebody with a role in this project alone."""
    found = person(name)
    ProjectRole.objects.create(project=project, person=found, role=role)
    return found


def status(client: Client, name: str, **holes: object) -> int:
    """How an address answers."""
    return client.get(reverse(name, kwargs=holes)).status_code


def test_an_invitation_to_one_project_opens_that_one_alone(cast: Cast, benches: Project) -> None:
    form = {"email": "els@example.org", "role": "moderator", "project": "banken"}
    assert signed_in(cast["Marc"]).post(STAFF, form).status_code == 302
    assert "Banken" in str(mail.outbox[-1].body)
    found = re.search(r"http://testserver(/invitations/[\w-]+/)", str(mail.outbox[-1].body))
    assert found
    els = person("Els")
    desk = signed_in(els)
    assert "Banken" in desk.get(found[1]).content.decode()
    assert (status(desk, "desk"), status(desk, "desk_queue", slug="banken")) == (404, 404), "the control"
    assert desk.post(found[1])["Location"] == "/desk/"
    overview = desk.get("/desk/").content.decode()
    assert "Banken" in overview
    assert "Laadpunten" not in overview
    assert status(desk, "desk_queue", slug="banken") == 200
    assert status(desk, "desk_queue", slug="laden") == 404
    queue = desk.get("/desk/queue/").content.decode()
    assert "Wachtende bank" in queue
    assert "Wachtende paal" not in queue
    assert "Laadpunten" not in queue
    for name in ("desk_templates", "desk_maps", "desk_staff", "desk_audit", "desk_people", "desk_layers"):
        assert status(desk, name) == 404, name
        assert reverse(name) not in overview, name
    # What she may do there she does, and nothing beyond her role.
    act = {"act": "publish"}
    assert desk.post(reverse("desk_moderate", args=("banken", 50)), act).status_code == 302
    assert desk.post(reverse("desk_moderate", args=("laden", 50)), act).status_code == 404
    assert status(desk, "desk_setup_area", slug="banken") == 404
    assert dict(Proposal.objects.filter(number=50).values_list("project__slug", "state")) == {
        "banken": "published",
        "laden": "submitted",
    }
    records = Record.objects.filter(act__startswith="staff.").order_by("pk")
    assert [(record.act, record.project) for record in records] == [
        ("staff.invited", benches),
        ("staff.joined", benches),
    ]
    answer = signed_in(cast["Marc"]).post(STAFF, form)
    assert (answer.status_code, code_in(answer)) == (409, "invitation.staff_already")
    assert Invitation.objects.count() == 1


def test_a_piece_that_waits_is_seen_by_the_staff_of_its_project(cast: Cast, benches: Project) -> None:
    here, there = signed_in(worker(benches, Role.PLANNER)), signed_in(worker(cast.project, Role.PLANNER, "Lo"))
    page = reverse("proposal", args=("banken", 50))
    assert (here.get(page).status_code, there.get(page).status_code) == (200, 404)
    queue = "/api/v1/desk/projects/banken/queue"
    assert (here.get(queue).status_code, there.get(queue).status_code) == (200, 403)


def test_services_ask_for_the_right_in_the_project(cast: Cast, benches: Project) -> None:
    els = worker(benches, Role.MODERATOR)
    with pytest.raises(Refused) as refused:
        hide_proposal(project=cast.project, number=1, reason="Weg ermee", by=els)
    assert refused.value.code is Code.NOT_STAFF
    hide_proposal(project=benches, number=50, reason="Op een weg", by=els)
    waits = Proposal.objects.select_related("project__organisation").get(project=cast.project, number=50)
    with pytest.raises(Refused) as refused:
        hand_over(proposal=waits, to=els, by=cast["Mo"], base_url="")
    assert refused.value.code is Code.ASSIGNEE_UNKNOWN
    benched = Proposal.objects.select_related("project__organisation").get(project=benches, number=50)
    hand_over(proposal=benched, to=els, by=cast["Mo"], base_url="")
    assert Handling.objects.get().assignee == els


def test_a_role_in_the_town_and_one_in_a_project_add_up(cast: Cast, benches: Project) -> None:
    ProjectRole.objects.create(project=benches, person=cast["Cora"], role=Role.MODERATOR)
    ProjectRole.objects.create(project=benches, person=cast.stranger, role=Role.GIS)
    cora = cast["Cora"]
    assert may_in(benches, cora, DeskAct.MODERATE)
    assert may_in(cast.project, cora, DeskAct.WORDS)
    assert not may_in(cast.project, cora, DeskAct.MODERATE)
    assert not may_in_town(cast.town, cora, DeskAct.MODERATE)
    # Who manages another town has there no role of this one's projects, nor here one of theirs.
    assert roles_in(cast.town, cast.stranger) == Roles(Role.RESIDENT, {benches.pk: Role.GIS})
    assert roles_in(cast.other_town, cast.stranger) == Roles(Role.MANAGER)
    assert roles_in(cast.town, AnonymousUser()) == Roles()


def test_layers_of_staff_are_told_for_ones_own_projects(cast: Cast, benches: Project) -> None:
    stage.whole(cast.project, cast["Piet"])
    stage.layer(cast, "riool", ["POINT(2.7 50.85)"])
    for project in (cast.project, benches):
        ask(project, Asked.ALONE, SURVEY)

    def told(who: object) -> set[str]:
        return {layer.id for layer in layers_for(Asker("toonstad", who))}

    everybody, staff = told(AnonymousUser()), told(cast["Piet"])
    inside = staff - everybody
    assert "layer-riool" in inside
    for project, name in ((benches, "Els"), (cast.project, "Lo")):
        own = {layer for layer in inside if layer.startswith(f"{project.slug}-")}
        assert own, "the control: there is something to hide"
        assert told(worker(project, Role.GIS, name)) - everybody == own, project
    # Live, with a token of theirs, as without.
    _row, token = make_token(
        organisation=cast.town, by=Person.objects.get(public_name="Els"), name="QGIS", scopes=["read"], days=30,
        now=database_now(),
    )  # fmt: skip
    client = Client(headers={"authorization": f"Bearer {token}"})
    assert client.get("/ogc/collections/banken-form/items").status_code == 200
    for hidden in ("laden-form", "layer-riool"):
        assert client.get(f"/ogc/collections/{hidden}/items").status_code == 404, hidden


def test_a_role_in_a_project_changes_and_ends_at_the_desk(cast: Cast, benches: Project) -> None:
    els = worker(benches, Role.MODERATOR)
    row = ProjectRole.objects.get()
    marc, desk = signed_in(cast["Marc"]), signed_in(els)
    page = marc.get(STAFF).content.decode()
    assert "els@example.org" in page
    assert 'value="remove_project"' in page
    change = f"{STAFF}change/"
    marc.post(change, {"act": "change_project", "key": row.pk, "role": "communication"})
    assert status(desk, "desk_setup_question", slug="banken") == 200
    assert desk.post(reverse("desk_moderate", args=("banken", 50)), {"act": "publish"}).status_code == 404
    with pytest.raises(Refused) as refused:
        change_project_role(organisation=cast.town, key=row.pk, role="manager", by=els)
    assert refused.value.code is Code.NOT_STAFF
    with pytest.raises(Refused) as refused:
        change_project_role(organisation=cast.other_town, key=row.pk, role="planner", by=cast.stranger)
    assert refused.value.code is Code.STAFF_UNKNOWN
    marc.post(change, {"act": "remove_project", "key": row.pk})
    assert status(desk, "desk") == 404
    records = Record.objects.filter(project=benches).order_by("pk")
    assert [(record.act, record.detail["before"]) for record in records] == [
        ("staff.role_changed", "moderator"),
        ("staff.removed", "communication"),
    ]
