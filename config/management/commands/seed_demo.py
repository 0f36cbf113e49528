"""Fills an empty installation with the demo town, once."""

import json
import random
import time
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import shapely
from django.contrib.gis.geos import GEOSGeometry, MultiPolygon, Point
from django.core.management.base import BaseCommand
from django.db import transaction

from config import demo
from participation.models import (
    AnswerSheet,
    Area,
    Comment,
    FormVersion,
    InventoryObject,
    Membership,
    Organisation,
    Person,
    Phase,
    Place,
    Project,
    Proposal,
    Theme,
)
from participation.queries.voting import database_now
from participation.rules.places import mark_of
from participation.rules.questions import Asked, written
from participation.rules.templates import TEMPLATES
from participation.rules.zones import ZoneKind
from participation.selectors.proposals import geos_point
from participation.selectors.zones import asks_for_shapes, to_geos
from participation.services.synthetic import (
    PastBallot,
    make_people,
    record_ballots,
    record_supports,
    set_areas,
)
from participation.services.voting import close_phase
from participation.services.zones import ObjectRow, ZoneRow, add_zones, load_inventory

TEXTS = ("title", "question", "summary", "rules", "outcome")
VOTE_RULES = ("method", "rule", "cap", "n_winners", "write_ins", "write_ins_join", "takes_paper", "n_eligible")
# Staff look within a day at what came in: so long a write-in waits before it can be voted on.
LOOK = timedelta(days=1)


class Command(BaseCommand):
    """Make the demo town."""

    help = "Make the demo town with its people, projects and votes; when it is there already nothing changes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say which options there are."""
        parser.add_argument(
            "--if-empty", action="store_true", help="do nothing where any municipality is, whatever its name"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Make the town, whole or not at all."""
        if options["if_empty"] and Organisation.objects.exists():
            self.stdout.write("There is a municipality here already: nothing was changed.")
            return
        began = time.monotonic()
        with transaction.atomic():
            town, is_new = town_of_the_demo()
            if not is_new:
                self.stdout.write("The demo town is there already: nothing was changed.")
                return
            fill(town, database_now())
        self.stdout.write(f"The demo town Poperinge was made in {time.monotonic() - began:.1f} s.")


@dataclass(frozen=True, slots=True)
class Scene:
    """Whom and when the projects are drawn with: residents first among ``people``, ``homes`` the villages of those."""

    now: datetime
    rng: random.Random
    an: Person
    clerk: Person
    planner: Person
    people: Sequence[Person]
    homes: Sequence[str]


def multipolygon(feature: Mapping[str, Any]) -> MultiPolygon:
    """Read the polygon of a GeoJSON feature."""
    return MultiPolygon(GEOSGeometry(json.dumps(feature["geometry"]), srid=4326), srid=4326)


def town_of_the_demo() -> tuple[Organisation, bool]:
    """Find the town or make it; two seedings at once meet in the unique slug, and the second finds the first's."""
    (outline,) = demo.features("outline")
    return Organisation.objects.get_or_create(
        slug="poperinge",
        defaults={
            "name": "Poperinge",
            "site_name": "Poperinge beslist mee",
            "languages": ["nl", "fr", "en", "de"],
            "outline": multipolygon(outline),
            "population": demo.POPULATION,
            "theme": {"accent": "#1f5c3a"},
            "is_fictitious": True,
            # Whoever looks around comes in with the code of the outbox alone.
            "staff_second_factor": False,
        },
    )


def fill(town: Organisation, now: datetime) -> None:
    """Put areas, places, people and projects into the town, all drawn from one seed."""
    rng = random.Random(demo.SEED)  # noqa: S311 -- to be repeated, not secret
    populations = make_areas(town)
    contents = [demo.project_content(slug) for slug in demo.PROJECTS]
    smaller = [demo.project_content(slug) for slug in demo.SMALL_PROJECTS]
    make_places(town, [*contents, *smaller])
    named = make_named_people(town)
    people = make_public(town, rng)
    # Where someone lives is drawn here and written nowhere: it only steers what they like.
    homes = demo.draw_homes(rng, populations, demo.N_RESIDENTS)
    scene = Scene(now, rng, named["resident"], named["moderator"], named["planner"], people, homes)
    for content in contents:
        project = make_project(town, content, now)
        proposals = make_proposals(project, content, scene)
        make_supports(project, content, proposals, scene)
        make_ballots(project, content, proposals, scene)
    # "An" has her proposals in the others.
    apart = replace(scene, rng=random.Random(demo.SEED + 1), an=people[0])  # noqa: S311 -- as above
    for content in smaller:
        project = make_project(town, content, now)
        make_questions(project, content)
        make_ground(project, content, apart.planner)
        proposals = make_proposals(project, content, apart)
        make_supports(project, content, proposals, apart)
        make_sheets(project, content, proposals, apart)
        make_comments(content, proposals, apart)


def make_areas(town: Organisation) -> dict[str, int]:
    """Make the neighbourhoods; gives back how many people live in each, by name."""
    areas = [
        Area(organisation=town, outline=multipolygon(feature), **feature["properties"])
        for feature in demo.features("areas")
    ]
    Area.objects.bulk_create(areas)
    return {area.name: area.population or 0 for area in areas}


def make_places(town: Organisation, contents: Sequence[Mapping[str, Any]]) -> None:
    """Make the named places, and one for each pole that stands already so that the map can label it."""
    rows = [(row["name"], row["kind"], row["area"], float(row["lon"]), float(row["lat"])) for row in demo.places()]
    rows += [
        (pole["title"], "laadpaal", pole["area"], pole["lon"], pole["lat"])
        for content in contents
        for pole in content["existing"]
    ]
    Place.objects.bulk_create(
        Place(organisation=town, name=name, kind=kind, area_name=area, point=Point(lon, lat, srid=4326))
        for name, kind, area, lon, lat in rows
    )


def make_named_people(town: Organisation) -> dict[str, Person]:
    """Make the people one can enter as, by role."""
    people = make_people([(email, demo.PUBLIC_NAMES[role], "nl") for role, email in demo.PEOPLE.items()])
    by_role = dict(zip(demo.PEOPLE, people, strict=True))
    Membership.objects.bulk_create(
        Membership(organisation=town, person=person, role=role) for role, person in by_role.items()
    )
    return by_role


def make_public(town: Organisation, rng: random.Random) -> list[Person]:
    """Make the residents, who are members, and after them the visitors, who are not."""
    addresses = [f"inwoner-{i:03}@demo.invalid" for i in range(1, demo.N_RESIDENTS + 1)]
    addresses += [f"bezoeker-{i:03}@demo.invalid" for i in range(1, demo.N_VISITORS + 1)]
    people = make_people([(address, *demo.draw_name(rng)) for address in addresses])
    Membership.objects.bulk_create(
        Membership(organisation=town, person=person, role="resident") for person in people[: demo.N_RESIDENTS]
    )
    return people


def make_project(town: Organisation, content: Mapping[str, Any], now: datetime) -> Project:
    """Make a project with its themes and phases, dated from now."""
    project = Project.objects.create(
        organisation=town,
        slug=content["slug"],
        **{text: content[text] for text in TEXTS},
        **area_of(town, content),
        **template_settings(content),
        moderated_first=any(entry["state"] == "submitted" for entry in content["proposals"]),
    )
    Theme.objects.bulk_create(
        Theme(project=project, position=position, **theme) for position, theme in enumerate(content["themes"], start=1)
    )
    # The rules of a vote are whole from the start: they freeze with its first ballot.
    phases = [
        Phase(
            project=project,
            position=position,
            kind=phase["kind"],
            name=phase["name"],
            opens_at=now + timedelta(days=phase["opens_in_days"]),
            closes_at=now + timedelta(days=phase["closes_in_days"]),
            **{rule: phase[rule] for rule in VOTE_RULES if rule in phase},
        )
        for position, phase in enumerate(content["phases"], start=1)
    ]
    Phase.objects.bulk_create(phases)
    project.created_at = phases[0].opens_at
    project.save(update_fields=["created_at"])
    return project


def area_of(town: Organisation, content: Mapping[str, Any]) -> dict[str, Any]:
    """The area of a project and how it was chosen: the town, one of its neighbourhoods, or none."""
    if "area" in content:
        area = Area.objects.get(organisation=town, name=content["area"])
        return {"area": area.outline, "area_source": {"kind": "areas", "codes": [area.code]}}
    if content["map"]:
        return {"area": town.outline, "area_source": {"kind": "town"}}
    return {"area": None, "area_source": {"kind": "none"}}


def template_settings(content: Mapping[str, Any]) -> dict[str, Any]:
    """What a project of its sort asks of places, and who may do what in it."""
    if "template" not in content:
        return {}
    template = TEMPLATES[content["template"]]
    return {
        "access": dict(template.access),
        "shapes": [shape.value for shape in template.shapes],
        "from_inventory": template.from_inventory,
        "per_object": template.per_object,
        "nearby_radius_m": template.nearby_radius_m,
    }


def make_ground(project: Project, content: Mapping[str, Any], planner: Person) -> None:
    """Set the zones and the objects of a project, and what the owners of these say."""
    zones = [
        (ZoneRow(ZoneKind(zone["kind"]), zone["name"], zone["why"]), shapely.Polygon(zone["corners"]))
        for zone in content.get("zones", ())
    ]
    objects = content.get("inventory", ())
    if zones:
        add_zones(project=project, zones=zones, by=planner)
    if not objects:
        return
    rows = [ObjectRow(one["key"], one["name"], one["owner"], shapely.Point(one["lon"], one["lat"])) for one in objects]
    load_inventory(project=project, rows=rows, by=planner)
    said = {one["key"]: one["permission"] for one in objects}
    known = list(InventoryObject.objects.filter(project=project))
    for row in known:
        row.permission = said[row.key]
    InventoryObject.objects.bulk_update(known, ["permission"])


def make_questions(project: Project, content: Mapping[str, Any]) -> None:
    """Ask what projects of its sort ask."""
    FormVersion.objects.bulk_create(
        FormVersion(project=project, asked=asked, number=1, questions=written(questions))
        for asked, questions in TEMPLATES[content["template"]].questions.items()
    )


def make_sheets(project: Project, content: Mapping[str, Any], proposals: Sequence[Proposal], scene: Scene) -> None:
    """Make the answers that came with proposals, and draw those to a form."""
    versions = {version.asked: version for version in project.form_versions.all()}
    given = {entry["title"]: entry["answers"] for entry in content["proposals"] if "answers" in entry}
    rows = [
        AnswerSheet(
            project=project,
            version=versions[Asked.PROPOSAL],
            proposal=row,
            person=row.author,
            answers=given[row.title],
            language=row.language,
            sent_at=row.created_at,
        )
        for row in proposals
        if row.title in given
    ]
    if "n_sheets" in content:
        phase = next(phase for phase in project.phases.all() if phase.kind == "discuss")
        wishes = content["wishes"]
        for person in scene.rng.sample(scene.people[: len(scene.homes)], content["n_sheets"]):
            spoken = [wish["text"] for wish in wishes if wish["language"] == person.language]
            rows.append(
                AnswerSheet(
                    project=project,
                    version=versions[Asked.ALONE],
                    person=person if scene.rng.random() < demo.SHARE_WITH_AN_ACCOUNT else None,
                    answers=demo.draw_pass_answers(scene.rng, spoken),
                    language=person.language,
                    sent_at=demo.draw_moment(scene.rng, phase.opens_at, scene.now),
                )
            )
    AnswerSheet.objects.bulk_create(sorted(rows, key=lambda sheet: sheet.sent_at))


def intake(project: Project, now: datetime) -> tuple[datetime, datetime]:
    """Say from when to when proposals came in, up to now."""
    phases = list(project.phases.all())
    phase = next((phase for phase in phases if phase.kind == "propose" or phase.write_ins), phases[0])
    return phase.opens_at, min(phase.closes_at or now, now)


def make_proposals(project: Project, content: Mapping[str, Any], scene: Scene) -> list[Proposal]:
    """Make the city's candidates, then the proposals of residents, numbered as they came in."""
    themes = {theme.slug: theme for theme in project.themes.all()}
    objects = {row.key: row for row in project.inventory.all()}
    numbers = count(1)

    def proposal(entry: Mapping[str, Any], **fields: Any) -> Proposal:
        return Proposal(
            project=project,
            number=next(numbers),
            title=entry["title"],
            body=entry["body"],
            theme=themes[entry["theme"]],
            inventory_object=objects.get(entry.get("object", "")),
            **(placed(project, entry, content) if content["map"] else {}),
            **fields,
        )

    rows = [
        proposal(entry, origin=Proposal.Origin.CITY, on_ballot=True, language="nl", created_at=project.created_at)
        for entry in content["candidates"]
    ]
    opens_at, until = intake(project, scene.now)
    dated = []
    for entry in content["proposals"]:
        # What waits came in lately; what has joined the ballot came in early.
        begin, end = (0.85, 1.0) if entry["state"] == "submitted" else (0.0, 0.6 if entry["on_ballot"] else 0.9)
        span = until - opens_at
        dated.append((demo.draw_moment(scene.rng, opens_at + begin * span, opens_at + end * span), entry))
    dated.sort(key=lambda one: one[0])
    hers = {
        next((e["title"] for _at, e in dated if (e["state"], e["on_ballot"]) == (state, False)), None)
        for state in ("published", "submitted")
    }
    rows += [
        proposal(
            entry,
            state=entry["state"],
            on_ballot=entry["on_ballot"],
            language=entry["language"],
            author=scene.an if entry["title"] in hers else scene.rng.choice(scene.people[: len(scene.homes)]),
            created_at=at,
        )
        for at, entry in dated
    ]
    Proposal.objects.bulk_create(rows)
    set_areas(project)
    return list(Proposal.objects.filter(project=project).select_related("area"))


def placed(project: Project, entry: Mapping[str, Any], content: Mapping[str, Any]) -> dict[str, GEOSGeometry]:
    """Say where the mark of a proposal stands, and its shape where the project asks for more than spots."""
    place = demo.place_of(entry, content)
    shape = {"shape": to_geos(place)} if asks_for_shapes(project) else {}
    return {"point": geos_point(mark_of(place))} | shape


def make_comments(content: Mapping[str, Any], proposals: Sequence[Proposal], scene: Scene) -> None:
    """Make what was said about proposals, one after the other since each came in."""
    by_title = {row.title: row for row in proposals}
    rows: list[Comment] = []
    for entry in content.get("comments", ()):
        about, by_city = by_title[entry["on"]], entry.get("by_city", False)
        speakers = [one for one in scene.people[: len(scene.homes)] if one.language == entry["language"]]
        since = max([about.created_at, *(row.created_at for row in rows if row.proposal == about)])
        rows.append(
            Comment(
                proposal=about,
                author=scene.clerk if by_city else scene.rng.choice(speakers),
                by_city=by_city,
                text=entry["text"],
                language=entry["language"],
                created_at=demo.draw_moment(scene.rng, since, scene.now),
            )
        )
    Comment.objects.bulk_create(rows)


def appeals(content: Mapping[str, Any]) -> dict[str, int]:
    """Say how much the made-up people like each proposal, by title."""
    return {entry["title"]: entry["appeal"] for entry in content["candidates"] + content["proposals"]}


def area_name(proposal: Proposal) -> str:
    """Name the village a proposal lies in; empty where no place is asked."""
    return proposal.area.name if proposal.area else ""


def make_supports(project: Project, content: Mapping[str, Any], proposals: Sequence[Proposal], scene: Scene) -> None:
    """Draw who supports which public proposal, from its own village rather than from others."""
    appeal = appeals(content)
    pairs = [
        (proposal, scene.people[position])
        for proposal in proposals
        if proposal.state == Proposal.State.PUBLISHED
        for position in demo.draw_supporters(
            scene.rng, appeal=appeal[proposal.title], area=area_name(proposal), homes=scene.homes
        )
    ]
    opens_at, until = intake(project, scene.now)
    record_supports(pairs, opens_at=opens_at, until=until)


def make_ballots(project: Project, content: Mapping[str, Any], proposals: Sequence[Proposal], scene: Scene) -> None:
    """Draw the ballots cast up to now, and count the vote if its time is over."""
    vote = project.phases.get(kind="vote")
    appeal, n_ballots = appeals(content), demo.N_BALLOTS[project.slug]
    drawn = demo.draw_ballots(
        scene.rng,
        n_ballots=n_ballots,
        homes=scene.homes if n_ballots <= len(scene.homes) else [*scene.homes, *[""] * demo.N_VISITORS],
        options=[
            demo.Option(row.number, appeal[row.title], area_name(row), row.created_at + LOOK)
            for row in proposals
            if row.on_ballot
        ],
        cap=vote.cap,
        opens_at=vote.opens_at,
        until=min(vote.closes_at or scene.now, scene.now),
    )
    every = demo.PAPER_EVERY.get(project.slug)
    ballots = [
        PastBallot(scene.people[ballot.voter], ballot.casts, scene.clerk if every and n % every == 0 else None)
        for n, ballot in enumerate(drawn, start=1)
    ]
    record_ballots(vote, ballots)
    close_phase(vote)
