"""Candidates, layers and votes for the tests of studies and scenarios, on the small stage of tests/cast.py."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from django.contrib.gis.geos import GEOSGeometry, Point

from participation.models import Person, Phase, Project, Proposal, Support, TallyRow
from participation.queries.voting import database_now
from siting.models import Candidate, Check, Layer, LayerFeature, Origin, Scenario, Study
from siting.rules.scenarios import Ingredient, Model, Source, Wanted
from siting.services.decisions import About, decide, publish_decisions, roll_out
from siting.services.scenarios import create_scenario, run_scenario
from siting.services.studies import Settings, create_study, publish_study, run_study, start_study
from tests.cast import Cast, person

NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)


def clock() -> datetime:
    return NOW


def candidate(cast: Cast, number: int, lon: float, lat: float, title: str = "") -> Candidate:
    return Candidate.objects.create(
        project=cast.project, number=number, title=title or f"Site {number}", point=Point(lon, lat, srid=4326),
        created_by=cast["Piet"], created_at=NOW,
    )  # fmt: skip


def candidates_at_pins(cast: Cast) -> list[Candidate]:
    """One candidate at each of the eight pins of the cast, made from it."""
    found = []
    for pin in cast.options:
        assert pin.point is not None
        made = candidate(cast, pin.number, pin.point.x, pin.point.y)
        Origin.objects.create(candidate=made, kind=Origin.Kind.PROPOSAL, proposal=pin)
        found.append(made)
    return found


def supports(cast: Cast, counts: Sequence[int]) -> None:
    """So many supporters for each pin, in their order."""
    names = [f"S{n}" for n in range(max(counts, default=0))]
    people = [Person.objects.filter(public_name=name).first() or person(name) for name in names]
    for pin, count in zip(cast.options, counts, strict=False):
        Support.objects.bulk_create(
            [Support(proposal=pin, person=one) for one in people[:count]], ignore_conflicts=True
        )


def layer(
    cast: Cast, slug: str, geometries: Sequence[str], properties: Sequence[dict[str, object]] = (), version: int = 1
) -> Layer:
    """A layer in use, from WKT in lon, lat."""
    columns = sorted({name for row in properties for name in row})
    Layer.objects.filter(organisation=cast.town, slug=slug).update(state=Layer.State.REPLACED)
    made = Layer.objects.create(
        organisation=cast.town, slug=slug, version=version, state=Layer.State.CURRENT, name=slug.title(),
        source="Test", licence="CC0", n_features=len(geometries), file_name="x.geojson", uploaded_at=NOW,
        attributes=[{"name": name, "kind": "number", "n_empty": 0} for name in columns],
    )  # fmt: skip
    rows = [*properties, *({} for _ in range(len(geometries) - len(properties)))]
    LayerFeature.objects.bulk_create(
        LayerFeature(layer=made, key=key, geometry=GEOSGeometry(wkt, srid=4326) if wkt else None, properties=row)
        for key, (wkt, row) in enumerate(zip(geometries, rows, strict=True), start=1)
    )
    return made


def checked(made: Candidate, kind: str, outcome: str, days: int = 0) -> None:
    Check.objects.create(
        candidate=made, kind=kind, outcome=outcome, checked_by="Fluvius", recorded_at=NOW,
        checked_on=(NOW + timedelta(days=days)).date(),
    )  # fmt: skip


def counted(cast: Cast, votes: Sequence[int]) -> None:
    """A vote of the project that is over, with these counts, most first, two winners."""
    vote = Phase.objects.create(
        project=cast.project, position=2, kind="vote", opens_at=NOW - timedelta(days=2),
        closes_at=NOW - timedelta(days=1),
    )  # fmt: skip
    order = sorted(range(len(votes)), key=lambda at: -votes[at])
    for rank, at in enumerate(order, start=1):
        TallyRow.objects.create(
            phase=vote, proposal=cast.options[at], n_votes=votes[at], rank=rank, is_winner=rank <= 2
        )
    Phase.objects.filter(pk=vote.pk).update(closed_at=database_now())


def study(cast: Cast, template: str = "plain", **settings: object) -> Study:
    plain = {"title": "Which first?", "question": "", "area": None, "existing_layer": "", "n_first": 3}
    made = Settings(**{**plain, **settings})  # type: ignore[arg-type]
    return create_study(project=cast.project, by=cast["Piet"], settings=made, template=template, now=NOW)


def run(made: Study) -> Study:
    """Start a study and be its worker."""
    start_study(study=made, by=None, now=NOW)
    run_study(made.pk, clock=clock)
    return Study.objects.select_related("project__organisation", "area").get(pk=made.pk)


PINS = (Ingredient(Source.PINS),)


def scenario(
    cast: Cast, made: Study, model: Model = Model.COVER, title: str = "Best cover", **wanted: object
) -> Scenario:
    """Make a scenario and be its worker."""
    asked = Wanted(**{"model": model, "mix": PINS, **wanted})  # type: ignore[arg-type]
    found = create_scenario(study=made, title=title, wanted=asked, by=cast["Piet"], now=NOW)
    run_scenario(found.pk, clock=clock)
    return Scenario.objects.select_related("study__project__organisation").get(pk=found.pk)


def whole(project: Project, by: Person) -> None:
    """What every page of studies needs, made once: study 1, public, with two scenarios, and study 2, begun."""
    if project.studies.exists():
        return
    pins = project.proposals.filter(point__isnull=False).order_by("number")
    places = [(row.title, row.point) for row in pins[:12]] or [("Here", Point(2.7, 50.85))]
    for number, (title, point) in enumerate(places, start=1001):
        assert point is not None
        Candidate.objects.create(
            project=project, number=number, title=title, point=point, created_by=by, created_at=NOW
        )
    plain = Settings("Which first?", "Which places come first?", None, "", 3)
    first = run(create_study(project=project, by=by, settings=plain, template="charging", now=NOW))
    publish_study(study=first, is_public=True, by=by)
    for title, model in (("Best cover", Model.COVER), ("Shortest way", Model.MEDIAN)):
        wanted = Wanted(model=model, mix=PINS, k=3)
        made = create_scenario(study=first, title=title, wanted=wanted, by=by, now=NOW)
        run_scenario(made.pk, clock=clock)
    create_study(project=project, by=by, settings=plain, template="charging", now=NOW)


def decided(project: Project, by: Person) -> None:
    """One candidate comes and is being built, one comes later, one does not; all published, once."""
    if project.decisions.exists():
        return
    numbers = list(project.candidates.order_by("number").values_list("number", flat=True)[:3])
    outcomes = (("build", "Central and busy."), ("later", "First the works."), ("not", "=Too close to another."))
    for number, (outcome, why) in zip(numbers, outcomes, strict=False):
        decide(
            project=project, about=About(candidates=[number]), outcome=outcome, reason={"en": why, "nl": why},
            council_link="https://example.org/council/7" if outcome == "build" else "", by=by, now=NOW,
        )  # fmt: skip
    publish_decisions(project=project, by=by, base_url="http://testserver/", now=NOW)
    built = project.decisions.get(outcome="build")
    roll_out(
        project=project, decision=built, state="building", on=NOW.date(), note="Cable first", tell=None, by=by,
        base_url="http://testserver/", now=NOW,
    )  # fmt: skip


def proposal(cast: Cast, number: int, lon: float, lat: float) -> Proposal:
    return Proposal.objects.create(
        project=cast.project, number=number, origin=Proposal.Origin.RESIDENT, title=f"Pin {number}",
        point=Point(lon, lat, srid=4326), created_at=NOW,
    )  # fmt: skip
