"""The fixed cast of roles, the same person with the same name in every storey."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.contrib.gis.geos import MultiPolygon, Point, Polygon

from participation.models import Area, Membership, Organisation, Person, Phase, Project, Proposal, Theme
from participation.rules.roles import Role
from participation.rules.voting import Choice

TOWN = (2.60, 50.80, 2.80, 50.94)  # west, south, east, north
NAMES = {
    "An": Role.RESIDENT,
    "Vera": Role.RESIDENT,
    "Mo": Role.MODERATOR,
    "Piet": Role.PLANNER,
    "Gis": Role.GIS,
    "Cora": Role.COMMUNICATION,
    "Marc": Role.MANAGER,
}


def box(west: float, south: float, east: float, north: float) -> MultiPolygon:
    """Make a rectangle in EPSG:4326."""
    polygon = Polygon.from_bbox((west, south, east, north))
    polygon.srid = 4326
    return MultiPolygon(polygon, srid=4326)


@dataclass
class Cast:
    """A town with a running vote, its people, a stranger from another town, and someone who means harm."""

    town: Organisation
    other_town: Organisation
    project: Project
    vote: Phase
    people: dict[str, Person]
    stranger: Person
    attacker: Person
    options: list[Proposal]

    def __getitem__(self, name: str) -> Person:
        return self.people[name]


def person(name: str) -> Person:
    """Make a person named so."""
    return Person.objects.create_user(email=f"{name.lower()}@example.org", public_name=name)


def text(words: str) -> dict[str, str]:
    """Say the same in four languages, marked so that a page shows which it took."""
    return {"nl": words, "fr": f"{words} (fr)", "en": f"{words} (en)", "de": f"{words} (de)"}


def picks(numbers: Iterable[int]) -> list[Choice]:
    """Choose these options, one each."""
    return [Choice(number) for number in numbers]


def assemble(now: datetime | None = None) -> Cast:
    """Put the whole cast on stage: town "toonstad", project "laden" with 8 options, 3 choices, open till tomorrow."""
    now = now or datetime.now(UTC)
    town = Organisation.objects.create(
        slug="toonstad", name="Toonstad", site_name="Toonstad beslist", languages=["nl", "fr", "en", "de"],
        outline=box(*TOWN), population=10_000, hosts=["testserver", "localhost", "127.0.0.1"], is_fictitious=True,
        # What a desk without one asks: tests/integration/test_staff.py.
        staff_second_factor=False,
    )  # fmt: skip
    other_town = Organisation.objects.create(
        slug="elders", name="Elders", site_name="Elders", languages=["nl"], hosts=["elders.localhost"],
        staff_second_factor=False,
    )  # fmt: skip
    project, vote, options = _furnish(town, now)
    people = _staff(town)
    stranger, attacker = _people("Stan", "Ada")
    Membership.objects.create(organisation=other_town, person=stranger, role=Role.MANAGER)
    return Cast(town, other_town, project, vote, people, stranger, attacker, options)


def twin(cast: Cast, now: datetime | None = None) -> Cast:
    """The same once more in the other town, with people of its own; the stranger there is this town's manager."""
    town = cast.other_town
    Organisation.objects.filter(pk=town.pk).update(outline=cast.town.outline)
    town.refresh_from_db()
    project, vote, options = _furnish(town, now or datetime.now(UTC))
    people = _staff(town, f"-{town.slug}")
    return Cast(town, cast.town, project, vote, people, cast["Marc"], cast.attacker, options)


def _staff(town: Organisation, surname: str = "") -> dict[str, Person]:
    """Everybody of the cast, with their role in this town."""
    people = dict(zip(NAMES, _people(*(name + surname for name in NAMES)), strict=True))
    Membership.objects.bulk_create(
        Membership(organisation=town, person=people[name], role=role) for name, role in NAMES.items()
    )
    return people


def _people(*names: str) -> list[Person]:
    """Make people named so, in one statement: nearly every test begins with the cast."""
    made = [Person(email=f"{name.lower()}@example.org", public_name=name) for name in names]
    for each in made:
        each.set_unusable_password()
    return Person.objects.bulk_create(made)


def _furnish(town: Organisation, now: datetime) -> tuple[Project, Phase, list[Proposal]]:
    """Two neighbourhoods and the project with its vote and its options."""
    west, south, east, north = TOWN
    middle = (west + east) / 2
    left, right = box(west, south, middle, north), box(middle, south, east, north)
    west_side, east_side = Area.objects.bulk_create(
        [
            Area(organisation=town, code="W1", name="Westkant", outline=left, population=4_000),
            Area(organisation=town, code="W2", name="Oostkant", outline=right, population=6_000),
        ]
    )
    project = Project.objects.create(
        organisation=town, slug="laden", title=text("Laadpunten"), question=text("Waar wil jij laden?"),
        summary=text("Kies tot drie plekken."), rules=text("Drie keuzes."), outcome=text("De volgorde."),
        area=box(*TOWN), moderated_first=True,
    )  # fmt: skip
    theme = Theme.objects.create(project=project, slug="plein", name=text("Plein"))
    vote = Phase.objects.create(
        project=project, position=1, kind="vote", name=text("Stemmen"), opens_at=now - timedelta(days=1),
        closes_at=now + timedelta(days=1), cap=3, n_winners=2, write_ins=True, write_ins_join=True,
    )  # fmt: skip
    options = Proposal.objects.bulk_create(
        Proposal(
            project=project, number=n, origin=Proposal.Origin.CITY, title=f"Plek {n}", body=f"Reden {n}", theme=theme,
            point=Point(2.61 + 0.02 * n, 50.85, srid=4326), area=west_side if 2.61 + 0.02 * n < middle else east_side,
            on_ballot=True, created_at=now - timedelta(days=2),
        )
        for n in range(1, 9)
    )  # fmt: skip
    return project, vote, options
