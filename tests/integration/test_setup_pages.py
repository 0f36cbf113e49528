"""Setting a project up at the desk: each step is kept, what is missing or frozen is said, a copy is empty."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
import shapely
from django.contrib.gis.geos import Point
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client

from participation.models import Phase, Project, Proposal, Record
from participation.queries.voting import database_now
from participation.rules.refusals import Code, Refused
from participation.rules.templates import PRESETS, TEMPLATES
from participation.rules.voting import NO_CAP
from participation.services.setup import begin_project, publish_project, set_area, set_phases
from participation.services.voting import cast_ballot
from participation.services.zones import ObjectRow, load_inventory
from tests.cast import Cast, picks

NEW = "/desk/projects/new/"
# What the step of the area asks beside it: spots, shown exactly.
SPOTS = {"shapes": ["point"], "shown": "exact"}


@pytest.fixture
def piet(cast: Cast) -> Client:
    """The planner's browser, in English."""
    client = Client(headers={"accept-language": "en"})
    client.force_login(cast["Piet"])
    return client


def begin(piet: Client, title: str = "Banken overal", begin: str = "blank") -> str:
    """Begin a project; gives back the address of its set-up."""
    answer = piet.post(NEW, {"title": title, "begin": begin})
    assert answer.status_code == 302, answer.content.decode()[:3000]
    return str(answer["Location"]).removesuffix("question/")


def project_at(setup: str) -> Project:
    """The project of a set-up."""
    return Project.objects.get(slug=setup.split("/")[3])


def code_in(answer: object) -> str:
    """The refusal on a page."""
    found = re.search(r'data-code="([\w.]+)"', answer.content.decode())  # type: ignore[attr-defined]
    return found[1] if found else ""


def phase_form(project: Project, **more: str) -> dict[str, object]:
    """The form of the phases as the page shows it."""
    rows = list(project.phases.order_by("position"))
    data: dict[str, object] = {"phase": [str(row.pk) for row in rows]}
    for row in rows:
        data[f"{row.pk}-opens"] = row.opens_at.isoformat()
        data[f"{row.pk}-closes"] = row.closes_at.isoformat() if row.closes_at else ""
    return data | more


def test_from_nothing_to_an_open_project(cast: Cast, piet: Client) -> None:
    setup = begin(piet)
    project = project_at(setup)
    assert (project.state, project.slug) == (Project.State.DRAFT, "banken-overal")
    assert Client().get("/projects/banken-overal/").status_code == 404
    check = piet.get(f"{setup}check/").content.decode()
    assert "at least one phase" in check
    refused = piet.post(f"{setup}check/")
    assert code_in(refused) == "setup.text_missing"
    there = piet.post(
        f"{setup}question/",
        {
            "title_nl": "Banken",
            "question_nl": "Waar een bank?",
            "question_fr": "Où un banc ?",
            "summary_nl": "Zeg het.",
        },
    )
    assert there["Location"] == f"{setup}area/"
    assert piet.post(f"{setup}area/", SPOTS | {"kind": "areas", "areas": ["W1"]})["Location"] == f"{setup}phases/"
    piet.post(f"{setup}phases/", {"act": "preset", "preset": "propose_vote"})
    assert piet.post(f"{setup}phases/", phase_form(project))["Location"] == f"{setup}access/"
    access = {"propose": "anyone", "support": "mail", "comment": "mail", "answer": "mail", "report": "anyone"}
    access |= {"follow": "mail", "moderated_first": "1"}
    assert piet.post(f"{setup}access/", access)["Location"] == f"{setup}themes/"
    themes = {"new0-nl": "Groen", "new0-fr": "Verdure", "new0-colour": "#1f5c3a", "new1-nl": "Plein"}
    assert piet.post(f"{setup}themes/", themes)["Location"] == f"{setup}questions/"
    assert piet.post(f"{setup}questions/")["Location"] == f"{setup}rules/"
    piet.post(f"{setup}rules/", {"rules_nl": "Openbaar domein.", "outcome_nl": "Het college beslist."})
    vote = project.phases.get(kind="vote")
    form = {
        "method": "ranking", "rule": "borda", "cap": "4", "floor": "2", "points": "10", "points_max": "10",
        "n_winners": "3", "eligibility": "verified", "hides_tally": "1", "min_age": "16",
    }  # fmt: skip
    assert piet.post(f"{setup}vote/", form)["Location"] == f"{setup}consider/"
    assert piet.post(f"{setup}consider/", {"promise": "Ja.", "missing": "Jongeren."})["Location"] == f"{setup}check/"
    assert "Only staff see this preview" in piet.get(f"{setup}preview/").content.decode()
    assert Client().get(f"{setup}preview/").status_code == 302
    done = piet.post(f"{setup}check/")
    assert done["Location"] == "/projects/banken-overal/"
    project.refresh_from_db()
    vote.refresh_from_db()
    assert project.state == Project.State.OPEN
    assert project.question == {"nl": "Waar een bank?", "fr": "Où un banc ?"}
    assert project.access == {"propose": "anyone"}
    assert project.area is not None
    assert project.area.contains(Point(2.65, 50.85, srid=4326))
    assert not project.area.contains(Point(2.75, 50.85, srid=4326))
    assert [theme.name for theme in project.themes.all()] == [{"nl": "Groen", "fr": "Verdure"}, {"nl": "Plein"}]
    assert (vote.method, vote.rule, vote.cap, vote.floor, vote.min_age) == ("ranking", "borda", 4, 2, 16)
    assert [phase.kind for phase in project.phases.all()] == [step.kind for step in PRESETS["propose_vote"]]
    assert project.considered == {"promise": "Ja.", "missing": "Jongeren."}
    first, *changes, last = Record.objects.filter(project=project).order_by("pk").values_list("act", flat=True)
    assert (first, set(changes), last) == ("project.begun", {"project.changed"}, "project.published")
    assert (
        "Waar een bank?" in Client(headers={"accept-language": "nl"}).get("/projects/banken-overal/").content.decode()
    )


@pytest.mark.parametrize("name", TEMPLATES)
def test_each_template_is_a_whole_project(cast: Cast, piet: Client, name: str) -> None:
    setup = begin(piet, f"Nieuw {name}", f"template:{name}")
    project = project_at(setup)
    template = TEMPLATES[name]
    if template.from_inventory:
        # The one thing that no template can bring.
        gap = f'<li><a class="utrecht-link" href="/desk/projects/{project.slug}/inventory/">'
        assert piet.get(f"{setup}check/").content.decode().count(gap) == 1
        row = ObjectRow("k1", "Markt 1", "Fluvius", shapely.Point(2.65, 50.85))
        load_inventory(project=project, rows=[row], by=cast["Piet"])
        inventory = piet.get(f"/desk/projects/{project.slug}/inventory/").content.decode()
        assert f'href="{setup}check/">Go on with the set-up' in inventory
    assert "This is still missing" not in piet.get(f"{setup}check/").content.decode()
    for step in ("question", "area", "phases", "access", "themes", "rules", "vote", "consider", "check", "preview"):
        assert piet.get(f"{setup}{step}/").status_code == 200, step
    for phase in project.phases.all():
        assert piet.get(f"{setup}preview/?phase={phase.pk}").status_code == 200
    assert (project.area is not None) is template.has_map
    for words in (template.question, template.summary, template.rules, template.outcome, template.name):
        assert set(words) == {"nl", "fr", "en", "de"}
    assert piet.post(f"{setup}check/").status_code == 302
    assert Client().get(f"/projects/{project.slug}/").status_code == 200


def test_a_copy_brings_the_structure_and_no_contribution(cast: Cast, piet: Client) -> None:
    Project.objects.filter(pk=cast.project.pk).update(access={"propose": "anyone"}, considered={"promise": "Ja"})
    cast_ballot(phase=cast.vote, person=cast["An"], choices=picks([1]), nonce=uuid4())
    project = project_at(begin(piet, "Laden opnieuw", "copy:laden"))
    assert project.proposals.count() == 0
    assert (project.question, project.access, project.considered) == (cast.project.question, {"propose": "anyone"}, {})
    (vote,) = project.phases.all()
    assert (vote.cap, vote.n_winners, vote.write_ins, vote.closed_at) == (3, 2, True, None)
    assert vote.closes_at is not None
    assert cast.vote.closes_at is not None
    assert vote.closes_at - vote.opens_at == cast.vote.closes_at - cast.vote.opens_at
    assert vote.opens_at > database_now()
    assert not vote.ballots.exists()
    assert [theme.slug for theme in project.themes.all()] == ["plein"]


def test_another_towns_project_cannot_be_copied(cast: Cast, piet: Client) -> None:
    Project.objects.create(organisation=cast.other_town, slug="elders")
    assert piet.post(NEW, {"title": "Kopie", "begin": "copy:elders"}).status_code == 422


def test_two_of_one_name_get_two_addresses(cast: Cast, piet: Client) -> None:
    slugs = [project_at(begin(piet, title)).slug for title in ("Banken", "Banken", "new", "!!!")]
    assert slugs[:2] == ["banken", "banken-2"]
    assert "new" not in slugs
    assert len(set(slugs)) == 4


def test_phases_move_go_and_come(cast: Cast, piet: Client) -> None:
    setup = begin(piet, begin="template:benches")
    project = project_at(setup)
    first, second, *_rest = project.phases.order_by("position")
    piet.post(f"{setup}phases/", phase_form(project, act=f"down:{first.pk}"))
    assert [p.pk for p in project.phases.order_by("position")][:2] == [second.pk, first.pk]
    piet.post(f"{setup}phases/", phase_form(project, act=f"remove:{first.pk}"))
    assert [p.position for p in project.phases.order_by("position")] == [1, 2, 3, 4]
    piet.post(f"{setup}phases/", phase_form(project, act="add", kind="discuss"))
    assert project.phases.order_by("position").last().kind == "discuss"  # type: ignore[union-attr]
    backwards = phase_form(project)
    backwards[f"{second.pk}-closes"] = "1999-01-01T10:00"
    assert code_in(piet.post(f"{setup}phases/", backwards)) == "setup.phase_backwards"
    backwards["phase"] = ["1", "2"]
    assert code_in(piet.post(f"{setup}phases/", backwards)) == "setup.phase_unknown"


def test_a_time_as_the_town_reads_its_clock(cast: Cast, piet: Client) -> None:
    setup = begin(piet, begin="template:benches")
    project = project_at(setup)
    first = project.phases.order_by("position")[0]
    times = {f"{first.pk}-opens": "2027-01-04T09:00", f"{first.pk}-closes": "2027-06-04T09:00"}
    piet.post(f"{setup}phases/", phase_form(project) | times)
    first.refresh_from_db()
    assert first.opens_at.isoformat() == "2027-01-04T08:00:00+00:00"
    assert first.closes_at is not None
    assert first.closes_at.isoformat() == "2027-06-04T07:00:00+00:00"


# --- what is frozen ------------------------------------------------------------------


def test_what_has_begun_stays_and_says_so(cast: Cast, piet: Client) -> None:
    setup = "/desk/projects/laden/setup/"
    assert "It has begun" in piet.get(f"{setup}phases/").content.decode()
    assert code_in(piet.post(f"{setup}phases/", phase_form(cast.project, act=f"remove:{cast.vote.pk}"))) == (
        "setup.phase_begun"
    )
    earlier = phase_form(cast.project) | {f"{cast.vote.pk}-opens": "2020-01-04T09:00"}
    assert code_in(piet.post(f"{setup}phases/", earlier)) == "setup.phase_begun"
    with pytest.raises(IntegrityError, match="stays with its project"), transaction.atomic():
        Phase.objects.filter(pk=cast.vote.pk).delete()


def test_a_vote_with_ballots_says_that_its_rules_are_frozen(cast: Cast, piet: Client) -> None:
    setup = "/desk/projects/laden/setup/"
    assert 'name="cap"' in piet.get(f"{setup}vote/").content.decode()
    cast_ballot(phase=cast.vote, person=cast["An"], choices=picks([1]), nonce=uuid4())
    page = piet.get(f"{setup}vote/").content.decode()
    assert 'name="cap"' not in page
    assert "people have voted" in page
    form = {
        "method": "choices", "rule": "plurality", "cap": "7", "floor": "1", "points": "10", "points_max": "10",
        "n_winners": "3", "eligibility": "mail",
    }  # fmt: skip
    assert code_in(piet.post(f"{setup}vote/", form)) == "setup.rules_frozen"
    later = phase_form(cast.project) | {f"{cast.vote.pk}-closes": "2999-01-04T09:00"}
    assert code_in(piet.post(f"{setup}phases/", later)) == "setup.phase_open_ended"


def test_an_area_keeps_what_lies_in_it(cast: Cast, piet: Client) -> None:
    setup = "/desk/projects/laden/setup/"
    answer = piet.post(f"{setup}area/", SPOTS | {"kind": "areas", "areas": ["W1"]})
    assert code_in(answer) == "setup.area_holds"
    assert code_in(piet.post(f"{setup}area/", SPOTS | {"kind": "none"})) == "setup.area_holds"
    assert piet.post(f"{setup}area/", SPOTS | {"kind": "town"}).status_code == 302


def test_a_theme_with_proposals_stays(cast: Cast, piet: Client) -> None:
    setup = "/desk/projects/laden/setup/"
    theme = cast.project.themes.get()
    assert code_in(piet.post(f"{setup}themes/", {f"{theme.pk}-nl": ""})) == "setup.theme_in_use"
    piet.post(f"{setup}themes/", {f"{theme.pk}-nl": "Pleinen", f"{theme.pk}-colour": "#ABCDEF"})
    theme.refresh_from_db()
    assert (theme.slug, theme.name, theme.colour) == ("plein", {"nl": "Pleinen"}, "#abcdef")


def test_a_public_project_keeps_its_words_and_says_who_changed_them(cast: Cast, piet: Client) -> None:
    setup = "/desk/projects/laden/setup/"
    assert code_in(piet.post(f"{setup}question/", {"title_nl": "Laden", "question_nl": ""})) == "setup.text_missing"
    piet.post(f"{setup}question/", {"title_nl": "Laden", "question_nl": "Waar?"})
    record = Record.objects.get(project=cast.project)
    assert (record.act, record.person, record.subject) == ("project.changed", cast["Piet"], "title, question, summary")


# --- the area ------------------------------------------------------------------


TRIANGLE = b'{"type":"Polygon","coordinates":[[[2.62,50.82],[2.72,50.82],[2.72,50.92],[2.62,50.82]]]}'


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"kind": "drawn", "corners": "50.82, 2.62\n50.82, 2.72\n50.92, 2.72"}, ""),
        ({"kind": "drawn", "corners": "50.82, 2.62\n50.82, 2.72"}, "area.not_a_surface"),
        ({"kind": "drawn", "corners": "hier\ndaar\nginder"}, "area.not_a_surface"),
        ({"kind": "areas"}, "setup.area_missing"),
        ({"kind": "file"}, "setup.area_missing"),
        ({"kind": "file", "file": (b"geen kaart", "a.geojson")}, "file.unreadable"),
        ({"kind": "file", "file": (b'{"type":"Point","coordinates":[2.7,50.9]}', "a.geojson")}, "area.not_a_surface"),
        ({"kind": "file", "file": (TRIANGLE, "a.geojson")}, ""),
    ],
)
def test_an_area_is_drawn_or_read(cast: Cast, piet: Client, given: dict[str, object], code: str) -> None:
    setup = begin(piet)
    if isinstance(file := given.get("file"), tuple):
        given = given | {"file": SimpleUploadedFile(file[1], file[0])}
    answer = piet.post(f"{setup}area/", SPOTS | given)
    assert code_in(answer) == code, answer.content.decode()[:2000]
    if not code:
        area = project_at(setup).area
        assert area is not None
        assert area.contains(Point(2.70, 50.84, srid=4326))
        assert not area.contains(Point(2.63, 50.90, srid=4326))


# --- votes ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "code", "kept"),
    [
        ({"method": "support", "cap": "3"}, "", {"cap": NO_CAP}),
        ({"method": "budget", "budget": ""}, "setup.budget_missing", {}),
        ({"method": "budget", "budget": "1500", "rule": "greedy"}, "", {"budget_cents": 150_000, "rule": "greedy"}),
        ({"method": "ranking", "rule": "equal-shares"}, "", {"rule": "borda"}),
        ({"method": "choices", "rule": "borda"}, "vote.rule_not_for_ballot", {}),
        ({"method": "points", "points": "5", "points_max": "9"}, "setup.points_above", {}),
        ({"floor": "4", "cap": "3"}, "setup.floor_above_cap", {}),
        ({"write_ins_join": "1"}, "", {"write_ins_join": False}),
    ],
)
def test_the_rules_of_a_vote_fit_together(
    cast: Cast, piet: Client, change: dict[str, str], code: str, kept: dict[str, object]
) -> None:
    setup = begin(piet, begin="template:benches")
    form = {
        "method": "choices", "rule": "plurality", "cap": "3", "floor": "1", "points": "10", "points_max": "10",
        "n_winners": "6", "eligibility": "mail",
    }  # fmt: skip
    answer = piet.post(f"{setup}vote/", form | change)
    assert code_in(answer) == code, answer.content.decode()[:3000]
    vote = project_at(setup).phases.get(kind="vote")
    assert {name: getattr(vote, name) for name in kept} == kept


# --- who may ------------------------------------------------------------------


def test_the_communication_officer_writes_words_and_publishes_nothing(cast: Cast) -> None:
    town, cora, piet = cast.town, cast["Cora"], cast["Piet"]
    with pytest.raises(Refused) as refused:
        begin_project(organisation=town, title="X", template=None, copy_of=None, starts_at=database_now(), by=cora)
    assert refused.value.code is Code.NOT_STAFF
    draft = begin_project(
        organisation=town, title="X", template=TEMPLATES["benches"], copy_of=None, starts_at=database_now(), by=piet
    )
    for act in (
        lambda: publish_project(project=draft, by=cora),
        lambda: set_area(project=draft, area=None, source={}, by=cora),
        lambda: set_phases(project=draft, rows=[], by=cora, now=database_now()),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.code is Code.NOT_STAFF


def test_a_proposal_keeps_its_page_supporters_and_place_through_every_phase(cast: Cast) -> None:
    proposal = cast.options[0]
    proposal.supports.create(person=cast["Vera"])
    for kind in ("inform", "propose", "discuss", "shortlist", "vote", "decide", "roll_out"):
        Phase.objects.filter(pk=cast.vote.pk).update(kind=kind, opens_at=database_now() - timedelta(hours=1))
        page = Client(headers={"accept-language": "en"}).get("/projects/laden/proposals/1/")
        assert page.status_code == 200
        assert "person supports this" in page.content.decode(), kind
    assert Proposal.objects.get(pk=proposal.pk).n_supports == 1
