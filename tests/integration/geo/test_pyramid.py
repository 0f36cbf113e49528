"""Whatever happens to the pins, the tiles of every zoom count what a recount counts, and keep the rules of tiles."""

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import mapbox_vector_tile
import pyogrio
import pytest
from django.contrib.gis.geos import Point
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from geo.models import Cell, Delta
from geo.plane.tiles import Tile, tile_at, world
from geo.queries.pyramid import merge, waiting
from geo.queries.tiles import COUNTED_ZOOMS
from geo.tasks import merge_tiles
from geo.tiles import vector_tile
from participation.models import Membership, Merge, Person, Project, Proposal, Record, Support, Theme
from participation.rules.refusals import Refused
from participation.rules.roles import Role
from participation.selectors.layers import proposals_layer
from participation.selectors.undoing import UNDOABLE
from participation.services.merging import merge_proposals, undo_merge
from participation.services.pins import rebuild_tiles
from participation.services.proposals import hide_proposal
from participation.services.undoing import undo
from tests import mvt

pytestmark = pytest.mark.django_db

ZOOMS = (0, 4, 9, 13, 15, 16, 17, 18, 22)
# Of a cell: column and row, how many, their weight, and how many of each theme.
Counts = dict[tuple[int, int], tuple[int, float, dict[str, int]]]


@pytest.fixture
def themes(project: Project) -> list[Theme | None]:
    return [None, *(Theme.objects.create(project=project, slug=slug) for slug in ("plein", "straat-50%", "park"))]


@pytest.fixture
def people(db: None) -> list[Person]:
    return [Person.objects.create_user(f"{name}@example.org") for name in "abc"]


def recount(project: Project, z: int) -> Counts:
    """What the cells of a zoom hold, counted from the rows by other means: no Morton codes, no tiles, no SQL sums."""
    cells = 2**z * Tile(z, 0, 0).cells
    found: dict[tuple[int, int], list[Proposal]] = defaultdict(list)
    for pin in Proposal.objects.filter(project=project, state="published", point__isnull=False).select_related("theme"):
        assert pin.point is not None
        x, y = world(pin.point.x, pin.point.y)
        found[min(int(x * cells), cells - 1), min(int(y * cells), cells - 1)].append(pin)
    return {
        place: (
            len(pins),
            float(sum(pin.n_supports for pin in pins)),
            dict(Counter(pin.theme.slug for pin in pins if pin.theme)),
        )
        for place, pins in found.items()
    }


def drawn(project: Project, z: int, tiles: set[Tile]) -> Counts:
    """What these tiles of a zoom say."""
    source, found = proposals_layer(project, has_map=True), {}
    pins = {pin.number: pin for pin in Proposal.objects.filter(project=project).select_related("theme")}
    for tile in tiles:
        content = vector_tile(source, *tile)
        mvt.check(content)
        layers = mapbox_vector_tile.decode(content, default_options={"y_coord_down": True}) if content else {}
        for feature in layers.get("pins", {"features": []})["features"]:
            x, y = feature["geometry"]["coordinates"]
            place = tile.x * tile.cells + x * tile.cells // 4096, tile.y * tile.cells + y * tile.cells // 4096
            assert place not in found
            said = feature["properties"]
            kinds = {name.removeprefix("theme:"): n for name, n in said.items() if name.startswith("theme:")}
            if said["n"] == 1:
                pin = pins[said["id"]]
                assert said["title"] == pin.title
                assert said["theme"] == (pin.theme.slug if pin.theme else "")
                kinds = {pin.theme.slug: 1} if pin.theme else {}
            found[place] = said["n"], said["w"], kinds
    return found


def assert_right(project: Project, seen: set[tuple[float, float]], zooms: Iterable[int] = ZOOMS) -> None:
    """Every zoom says what is there, also where something was before."""
    for z in zooms:
        assert drawn(project, z, {tile_at(*place, z) for place in seen}) == recount(project, z), z


def assert_whole() -> None:
    """Merged, every level adds up to the same, and holds no cell of which nothing is left."""
    for layer in waiting():
        assert merge(layer) is not None
    assert not Delta.objects.exists()
    assert not Cell.objects.filter(n=0).exists()
    levels: dict[int, Counter[str]] = defaultdict(Counter)
    for cell in Cell.objects.all():
        levels[cell.key.bit_length() // 2].update(n=cell.n, w=cell.w, sx=cell.sx, sy=cell.sy)
    assert len({tuple(sorted(sums.items())) for sums in levels.values()}) <= 1, levels
    assert set(levels) in (set(), set(range(2, 19)))


# --- any sequence of acts -------------------------------------------------------------------------------

# What is joined with another one says with which, and is none of those that merely come in.
STATES = [state for state in Proposal.State.values if state != Proposal.State.MERGED]
# In one street, at the seams of tiles, over the town, and at the ends of the world.
PLACES = st.one_of(
    st.tuples(st.floats(2.7200, 2.7215), st.floats(50.8500, 50.8508)),
    st.sampled_from([(2.72, 50.85), (2.8125, 50.85), (0.0, -5e-324), (180.0, 90.0), (-180.0, -90.0), (-180.0, 85.06)]),
    st.tuples(st.floats(2.6, 2.9), st.floats(50.7, 51.0)),
)
WHICH = st.integers(0, 30)
ACTS = st.one_of(
    st.tuples(st.just("insert"), st.lists(PLACES, min_size=1, max_size=4), st.sampled_from(STATES)),
    st.tuples(st.just("move"), WHICH, PLACES),
    st.tuples(st.sampled_from(["hide", "publish", "delete", "rename", "lose place"]), WHICH),
    st.tuples(st.sampled_from(["support", "take back"]), WHICH, st.integers(0, 2)),
    st.tuples(st.just("theme"), WHICH, st.integers(0, 3)),
    st.tuples(st.just("join"), WHICH, WHICH),
    st.tuples(st.sampled_from(["part", "take down", "undo act"]), WHICH),
    st.tuples(st.sampled_from(["merge", "undo", "forget theme", "all hide", "all publish", "rebuild"])),
)


class Town:
    """A project to which things happen: each act is one of the database's statements, as the services write them, or
    one of staff at the desk."""

    def __init__(self, project: Project, themes: list[Theme | None], people: list[Person]) -> None:
        self.project, self.themes, self.people = project, list(themes), people
        self.staff = people[0]
        Membership.objects.create(organisation=project.organisation, person=self.staff, role=Role.MODERATOR)
        self.seen: set[tuple[float, float]] = {(2.72, 50.85)}
        self.number = 0

    def pin(self, which: int) -> Any:
        rows = Proposal.objects.filter(project=self.project)
        numbers = list(rows.order_by("number").values_list("number", flat=True))
        return rows.filter(number=numbers[which % len(numbers)]) if numbers else rows.none()

    def at_the_desk(self, act: Callable[..., Any], **facts: Any) -> None:
        """Let staff do this; what is refused changes nothing."""
        with suppress(Refused):
            act(by=self.staff, **facts)

    def do(self, act: str, *facts: Any) -> None:
        # What was joined with another one comes and goes by joining alone.
        rows = Proposal.objects.filter(project=self.project).exclude(state=Proposal.State.MERGED)
        told: dict[str, Any] = {"base_url": "https://example.org", "now": timezone.now()}
        match act, *facts:
            case "insert", places, state:
                self.seen |= set(places)
                pins = []
                for place in places:
                    self.number += 1
                    pins.append(self._new(place, state))
                Proposal.objects.bulk_create(pins)
            case "move", which, (lon, lat):
                self.seen.add((lon, lat))
                self.pin(which).update(point=Point(lon, lat, srid=4326))
            case "lose place", which:
                self.pin(which).update(point=None)
            case "hide", which:
                self.pin(which).filter(pk__in=rows).update(state="hidden")
            case "publish", which:
                self.pin(which).filter(pk__in=rows).update(state="published")
            case "join", which, other:
                numbers = [row.number for one in (which, other) for row in self.pin(one)]
                if numbers:
                    facts_of = {"project": self.project, "numbers": numbers[:1], "into": numbers[-1]}
                    self.at_the_desk(merge_proposals, **facts_of, **told)
            case "part", which:
                merges = list(Merge.objects.filter(project=self.project, undone_at=None).order_by("pk"))
                if merges:
                    self.at_the_desk(undo_merge, merge=merges[which % len(merges)], **told)
            case "take down", which:
                for row in self.pin(which).filter(pk__in=rows):
                    self.at_the_desk(hide_proposal, project=self.project, number=row.number, reason="Elsewhere")
            case "undo act", which:
                records = list(Record.objects.filter(project=self.project, act__in=UNDOABLE).order_by("-pk"))
                if records:
                    record = records[which % len(records)]
                    town = self.project.organisation
                    self.at_the_desk(undo, organisation=town, record_id=record.pk, **told)
            case "all hide" | "all publish" as state, *_:
                rows.update(state={"all hide": "hidden", "all publish": "published"}[state])
            case "rename", which:
                self.pin(which).update(title="Another", on_ballot=False)
            case "delete", which:
                self.pin(which).filter(merge_parts=None, merges_into=None).delete()
            case "support", which, person:
                hearts = [Support(proposal=pin, person=self.people[person]) for pin in self.pin(which)]
                Support.objects.bulk_create(hearts, ignore_conflicts=True)
            case "take back", which, person:
                Support.objects.filter(proposal__in=self.pin(which), person=self.people[person]).delete()
            case "theme", which, theme:
                self.pin(which).update(theme=self.themes[theme])
            case "forget theme", *_:
                theme = next((theme for theme in reversed(self.themes) if theme), None)
                if theme is not None:
                    self.themes = [None if one is theme else one for one in self.themes]
                    Theme.objects.filter(pk=theme.pk).delete()
            case "undo", *_:
                with transaction.atomic():
                    self.number += 1
                    Proposal.objects.bulk_create([self._new((2.72, 50.85), "published")])
                    rows.update(theme=None, state="hidden")
                    merge(self.project.pk)
                    transaction.set_rollback(True)
            case "merge", *_:
                merge_tiles(timestamp=0)
            case "rebuild", *_:
                assert rebuild_tiles(self.project) == rows.filter(state="published", point__isnull=False).count()

    def _new(self, place: tuple[float, float], state: str) -> Proposal:
        return Proposal(
            project=self.project,
            number=self.number,
            title=f"Pin {self.number}",
            state=state,
            theme=self.themes[self.number % len(self.themes)],
            point=Point(*place, srid=4326),
            created_at=timezone.now(),
        )


# Joined twice over, apart again from the middle of the chain, taken down and back, as a moderator may.
DESK: list[tuple[Any, ...]] = [
    ("insert", [(2.72, 50.85), (2.7205, 50.8503), (2.73, 50.86), (2.74, 50.87)], "published"),
    ("support", 0, 0), ("support", 1, 0), ("support", 1, 1), ("support", 2, 2),
    ("join", 0, 1), ("merge",), ("join", 1, 2), ("part", 0), ("support", 0, 1), ("take down", 3), ("undo act", 0),
    ("join", 0, 3), ("undo act", 0), ("undo act", 2),
]  # fmt: skip


@example(acts=DESK)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(acts=st.lists(ACTS, min_size=5, max_size=20))
def test_after_any_acts_the_tiles_count_what_a_recount_counts(
    project: Project, themes: list[Theme | None], people: list[Person], acts: list[tuple[Any, ...]]
) -> None:
    with transaction.atomic():
        town = Town(project, themes, people)
        for act in acts:
            town.do(*act)
        assert_right(project, town.seen)
        assert_whole()
        assert_right(project, town.seen)
        # And when everything is gone, nothing is left of it.
        project.merges.all().delete()
        project.proposals.filter(state="merged").update(state="published", merged_into=None)
        project.proposals.all().delete()
        assert_whole()
        assert not Cell.objects.exists()
        transaction.set_rollback(True)


def test_the_acts_of_the_desk_do_what_they_are_called(town: Town) -> None:
    """The control: the sequence above is not a row of refusals."""
    states = []
    for act in DESK:
        town.do(*act)
        rows = Proposal.objects.filter(project=town.project).order_by("number")
        states.append("".join(row.state[0] for row in rows))
    # (p)ublished, (m)erged, (h)idden
    assert states[4:] == [
        "pppp", "mppp", "mppp", "mmpp", "pmpp", "pmpp", "pmph", "pmpp", "mmpp", "pmpp", "pppp",
    ]  # fmt: skip
    assert_right(town.project, town.seen, (13, 18))


def long_run(town: Town, n: int, seed: int) -> None:
    """Many acts, so that the log is merged by those who write it."""
    chance = random.Random(seed)
    places = [(2.72 + chance.gauss(0, 0.01), 50.85 + chance.gauss(0, 0.01)) for _ in range(n)]
    for start in range(0, n, 100):
        town.do("insert", places[start : start + 100], "published")
        for act in ("hide", "publish", "support", "support", "move", "theme", "delete", "take back"):
            facts: dict[str, tuple[Any, ...]] = {
                "support": (chance.randrange(3),),
                "take back": (chance.randrange(3),),
                "move": (chance.choice(places),),
                "theme": (chance.randrange(4),),
            }
            town.do(act, chance.randrange(10_000), *facts.get(act, ()))


@pytest.fixture
def town(project: Project, themes: list[Theme | None], people: list[Person]) -> Town:
    return Town(project, themes, people)


def test_without_a_worker_the_log_stays_short_and_the_tiles_right(town: Town) -> None:
    long_run(town, 3000, seed=1)
    assert 0 < Delta.objects.count() < 1100
    assert Cell.objects.exists()
    assert_right(town.project, town.seen, ZOOMS[:4])


@pytest.mark.parametrize("lost", ["count_pins_in", "count_pins_change", "count_pins_out"])
def test_control_without_a_trigger_the_comparison_fails(town: Town, lost: str) -> None:
    """Each of the three is needed, and the comparison above would see that it is missing; a rebuild mends it."""
    town.do("insert", [(2.72, 50.85), (2.73, 50.85), (2.74, 50.85)], "published")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE participation_proposal DISABLE TRIGGER {lost}")
    town.do("insert", [(2.75, 50.85)], "published")
    town.do("hide", 0)
    town.do("delete", 1)
    with pytest.raises(AssertionError):
        assert_right(town.project, town.seen)
    assert rebuild_tiles(town.project) == 2
    assert_right(town.project, town.seen)


def test_control_a_merge_that_forgets_a_level_is_seen(town: Town) -> None:
    town.do("insert", [(2.72, 50.85), (2.73, 50.85)], "published")
    assert_whole()
    Cell.objects.filter(key__gte=1 << 22, key__lt=1 << 23).update(n=7)
    with pytest.raises(AssertionError):
        assert_whole()
    with pytest.raises(AssertionError):
        assert_right(town.project, town.seen)


# --- what is asked of a tile --------------------------------------------------------------------------------


def test_filtered_rows_are_counted_one_by_one(town: Town) -> None:
    """What is not all of the rows never comes out of the pyramid."""
    town.do("insert", [(2.72, 50.85)] * 4 + [(2.73, 50.85)] * 4, "published")
    source = proposals_layer(town.project, has_map=True)
    only = source.only(source.rows.filter(theme__slug="park"))
    assert source.counted is not None
    assert only.counted is None
    for z in ZOOMS:
        content = vector_tile(only, *tile_at(2.72, 50.85, z))
        features = mapbox_vector_tile.decode(content)["pins"]["features"] if content else []
        expected = 2 if tile_at(2.72, 50.85, z) == tile_at(2.73, 50.85, z) else 1
        assert sum(feature["properties"]["n"] for feature in features) == expected, z


@pytest.mark.parametrize("z", [*COUNTED_ZOOMS[::3], COUNTED_ZOOMS[-1]])
def test_the_pyramid_and_the_grid_on_the_fly_draw_the_same(town: Town, z: int) -> None:
    long_run(town, 300, seed=2)
    source = proposals_layer(town.project, has_map=True)
    one_by_one = source.only(source.rows)
    for tile in {tile_at(*place, z) for place in town.seen}:
        mine, theirs = (
            {
                (feature["geometry"]["coordinates"][0] // 2, feature["geometry"]["coordinates"][1] // 2): feature[
                    "properties"
                ]
                for feature in mapbox_vector_tile.decode(vector_tile(one, *tile))["pins"]["features"]
            }
            if vector_tile(one, *tile)
            else {}
            for one in (source, one_by_one)
        )
        # In which order a feature names its properties says nothing.
        one, other = (sorted(repr(sorted(told.items())) for told in side.values()) for side in (mine, theirs))
        assert one == other


def test_gdal_reads_the_tiles(town: Town, tmp_path: Path) -> None:
    town.do("insert", [(2.72, 50.85)] * 5 + [(2.73, 50.86)], "published")
    tile = tile_at(2.72, 50.85, 10)
    path = tmp_path / "10" / str(tile.x)
    path.mkdir(parents=True)
    (path / f"{tile.y}.pbf").write_bytes(vector_tile(proposals_layer(town.project, has_map=True), *tile))
    frame = pyogrio.read_dataframe(path / f"{tile.y}.pbf", layer="pins", X=str(tile.x), Y=str(tile.y), Z="10")
    assert frame.n.sum() == 6
    assert {"n", "w", "theme:plein", "theme:park"} <= set(frame.columns)
    group = frame[frame.n == 5].to_crs(4326).geometry.iloc[0]
    assert (group.x, group.y) == pytest.approx((2.72, 50.85), abs=2e-4)
