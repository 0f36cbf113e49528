"""Makes a project of a pabulib file: its options, its vote, every ballot, and the tally."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from itertools import chain, islice
from uuid import uuid4

import numpy as np
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.gis.geos import MultiPolygon, Point, Polygon
from django.db import transaction
from django.utils.timezone import make_aware

from participation.models import (
    Ballot,
    BallotCast,
    CodeBatch,
    Organisation,
    Person,
    Phase,
    Project,
    Proposal,
    Record,
)
from participation.queries import voting as queries
from participation.rules.pabulib import Pabulib
from participation.rules.pabulib_vote import Told, named, vote_told
from participation.rules.phases import PhaseKind
from participation.rules.places import LonLat, lon_lat
from participation.rules.refusals import Code, Refused
from participation.rules.rows import THEME_MAX, shortened
from participation.rules.voting import Choice, Method, check_ballot
from participation.rules.wording import BODY_MAX, TITLE_MAX, bounded, cleaned
from participation.selectors.places import ground_of
from participation.selectors.projects import ballot_rules, option_facts
from participation.services.importing.proposals import THEMES_MAX, Themes
from participation.services.importing.rows import batches
from participation.services.project_setup import PHASE_NAMES, check_slug
from participation.services.voting import close_phase

# Degrees around the outermost places, some hundred metres: a pin on the very edge is seen whole.
MARGIN = 0.005
# Ballots written at a time, so that what is in memory does not grow with the file.
BALLOTS = 5_000
# Rows a statement (see services.synthetic).
BATCH = 500


@transaction.atomic
def import_pabulib(*, organisation: Organisation, slug: str, file: Pabulib, now: datetime) -> tuple[Phase, Told]:
    """Make a project of a file, or fill one that is still empty; its phases then give way to the vote of the file.

    Voters are inactive people without a mail address, a new one each. What the file says and no table of ours holds
    is kept as given, so that services.pabulib gives back what came in. The tally is written as at any closing.

    Order    options are numbered from 1 in the order of the file, ballots get ascending keys in theirs.
    Refuses  project.not_empty, project.slug_bad; what rules.pabulib_vote.vote_told and
             rules.voting.check_ballot refuse.
    Cost     29,000 ballots with 266,000 choices in less than a minute, on a busy machine of two cores.
    """
    told = vote_told(file)
    project = _project(organisation, slug, file)
    opens_at, closes_at = _times(told, now)
    phase = Phase.objects.create(
        project=project,
        position=1,
        kind=PhaseKind.VOTE,
        name=PHASE_NAMES[PhaseKind.VOTE],
        opens_at=opens_at,
        closes_at=closes_at,
        method=told.method,
        rule=told.rule,
        cap=told.cap,
        floor=told.floor,
        points=told.points,
        points_max=told.points_max,
        budget_cents=told.budget_cents,
    )
    option_pks = _options(project, file, told, opens_at)
    _ballots(phase, file, told, option_pks)
    Record.objects.create(
        organisation=organisation,
        project=project,
        act="ballots.imported",
        subject=f"project {slug}",
        detail={"options": len(option_pks), "ballots": len(told.ballots)},
    )
    close_phase(phase)
    phase.refresh_from_db()
    return phase, told


def _language(town: Organisation) -> str:
    return str((town.languages or ["nl"])[0])


def _project(town: Organisation, slug: str, file: Pabulib) -> Project:
    """Find the empty project, or make one."""
    project = Project.objects.select_for_update().filter(organisation=town, slug=slug).first()
    if project is None:
        check_slug(slug)
        about = file.about
        words = cleaned(about.get("description", "")) or " ".join(
            about[key] for key in ("unit", "district", "instance") if about.get(key)
        )
        title = {_language(town): shortened(words or slug, TITLE_MAX)}
        project = Project(organisation=town, slug=slug, title=title, question=title)
    elif (
        Proposal.objects.filter(project=project).exists()
        or Ballot.objects.filter(phase__project=project).exists()
        or CodeBatch.objects.filter(phase__project=project).exists()
    ):
        raise Refused(Code.PROJECT_NOT_EMPTY, {"slug": f"{town.slug}/{slug}"})
    else:
        Phase.objects.filter(project=project).delete()
    project.source = {
        "meta": [row.cells for row in file.meta.rows],
        "fields": {"meta": file.meta.fields, "projects": file.projects.fields, "votes": file.votes.fields},
    }
    places = [place for place in _places(file) if place]
    if places and project.area is None:
        lons, lats = [place.lon for place in places], [place.lat for place in places]
        box = Polygon.from_bbox(
            (
                max(min(lons) - MARGIN, -180),
                max(min(lats) - MARGIN, -90),
                min(max(lons) + MARGIN, 180),
                min(max(lats) + MARGIN, 90),
            )
        )
        project.area = MultiPolygon(box, srid=4326)
    project.save()
    return project


def _times(told: Told, now: datetime) -> tuple[datetime, datetime]:
    """From the first moment of the first day to the last of the last; over by now, for there are all its ballots."""

    def midnight(day: date) -> datetime:
        return make_aware(datetime.combine(day, time()))

    closes_at = min(midnight(told.ends + timedelta(days=1)), now) if told.ends else now
    opens_at = midnight(told.begins) if told.begins else closes_at - timedelta(days=1)
    return min(opens_at, closes_at - timedelta(days=1)), closes_at


def _cells(file: Pabulib, field: str) -> list[str]:
    """A column of the projects, empty where there is none."""
    return file.projects.column(field) if field in file.projects.fields else [""] * len(file.projects.rows)


def _places(file: Pabulib) -> list[LonLat | None]:
    """Where each project lies; None where the file does not say it, or names no place on earth."""
    found: list[LonLat | None] = []
    for lon, lat in zip(_cells(file, "longitude"), _cells(file, "latitude"), strict=True):
        try:
            found.append(lon_lat(lon, lat))
        except Refused:
            found.append(None)
    return found


def _options(project: Project, file: Pabulib, told: Told, created_at: datetime) -> list[int]:
    """Make the options; their keys in the order of the file."""
    language = file.about.get("language", "")
    language = language if language in dict(settings.LANGUAGES) else _language(project.organisation)
    themes = Themes(project, language)
    # "education,sport": a project has one theme here, the first. A column with more themes than that names none.
    kinds = [shortened(" ".join(cell.partition(",")[0].split()), THEME_MAX) for cell in _cells(file, "category")]
    if len(set(kinds)) > THEMES_MAX:
        kinds = [""] * len(kinds)
    places = _places(file)
    spots = [place or LonLat(0, 0) for place in places]
    areas = ground_of(project).neighbourhood_ids(
        np.array([spot.lon for spot in spots], dtype=np.float64),
        np.array([spot.lat for spot in spots], dtype=np.float64),
    )
    rows = []
    columns = zip(file.projects.rows, file.projects.column("project_id"), _cells(file, "name"), strict=True)
    for at, (row, key, name) in enumerate(columns):
        words = " ".join(cleaned(name).split()) or key
        title = shortened(words, TITLE_MAX)
        body = [words] if title != words else []
        rows.append(
            Proposal(
                project=project,
                number=at + 1,
                title=title,
                body=bounded("\n\n".join([*body, _cells(file, "description")[at]]), BODY_MAX),
                language=language,
                theme=themes.named(kinds[at]),
                point=Point(places[at].lon, places[at].lat, srid=4326) if places[at] else None,  # type: ignore[union-attr]
                area_id=areas[at] if places[at] else None,
                cost_cents=told.costs_cents[at],
                on_ballot=True,
                created_at=created_at,
                source=row.cells,
            )
        )
    return [row.pk for row in Proposal.objects.bulk_create(rows, batch_size=BATCH)]


def _ballots(phase: Phase, file: Pabulib, told: Told, option_pks: Sequence[int]) -> None:
    """Write every ballot, one cast each, at the first moment of the vote: when it was, a file does not say."""
    queries.lock_phase(phase.pk)
    ids, fields = file.projects.column("project_id"), file.votes.fields
    rules = ballot_rules(phase)
    facts = option_facts(phase.project_id, [Choice(at + 1) for at in range(len(ids))])
    language = phase.project.organisation.languages[0] if phase.project.organisation.languages else "nl"
    no_password = make_password(None)
    rows = zip(file.votes.rows, told.ballots, strict=True)
    for nth, batch in enumerate(chain([list(islice(rows, BATCH))], batches(rows, BALLOTS))):
        if nth == 1:
            queries.count_rows_anew()
        people = Person.objects.bulk_create(
            [Person(email=None, language=language, is_active=False, password=no_password) for _ballot in batch],
            batch_size=BATCH,
        )
        ballots = []
        for person, (row, choices) in zip(people, batch, strict=True):
            check_ballot(choices, rules, facts)
            said = dict(zip(("vote", "points"), named(((ids[n - 1], v) for n, v in choices), told.method), strict=True))
            if told.method is not Method.POINTS:
                del said["points"]
            cells = [None if said.get(field) == cell else cell for field, cell in zip(fields, row.cells, strict=True)]
            ballots.append(Ballot(phase=phase, person=person, source=cells))
        Ballot.objects.bulk_create(ballots, batch_size=BATCH)
        casts = BallotCast.objects.bulk_create(
            [
                BallotCast(ballot=ballot, phase=phase, cap=phase.cap, seq=1, nonce=uuid4(), recorded_at=phase.opens_at)
                for ballot in ballots
            ],
            batch_size=BATCH,
        )
        queries.copy_votes(
            (cast.pk, phase.cap, position, option_pks[choice.number - 1], choice.value)
            for cast, (_row, choices) in zip(casts, batch, strict=True)
            for position, choice in enumerate(choices, start=1)
        )
