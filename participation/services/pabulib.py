"""Gives a counted vote as pabulib keeps elections: what came from a file goes out with the same content."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from django.utils.timezone import localtime

from participation.models import Ballot, BallotCast, Phase, Proposal, TallyRow
from participation.queries import voting as queries
from participation.rules.electorate import Channel
from participation.rules.pabulib import RULES, Pabulib, Row, Table
from participation.rules.pabulib_vote import named
from participation.rules.refusals import Code, Refused
from participation.rules.text import in_language
from participation.rules.voting import Method, Rule
from participation.selectors.projects import options

KINDS = {
    Method.CHOICES: "approval",
    Method.SUPPORT: "approval",
    Method.BUDGET: "approval",
    Method.POINTS: "cumulative",
    Method.RANKING: "ordinal",
}
NAMES = {rule: name for name, rule in reversed(RULES.items())}
VOTING_METHODS = {Channel.WEB: "internet", Channel.CODE: "internet", Channel.PAPER: "paper"}
Choices = Sequence[tuple[str, int]]


def pabulib_of(phase: Phase) -> Pabulib:
    """Write a counted vote down, ballots by their last cast; no voter can be told from it that the file did not tell.

    Order    options by number; ballots as they came from a file, else by their random tags.
    Refuses  vote.not_counted while the vote runs.
    """
    if phase.closed_at is None:
        raise Refused(Code.VOTE_NOT_COUNTED)
    found = list(options(phase.project))
    ids = {option.number: id_of(phase, option) for option in found}
    given = dict(_given(phase, ids))
    method = Method(phase.method)
    if phase.project.source:
        fields = phase.project.source["fields"]
        votes = _given_back(phase, fields["votes"], given, method)
        projects = Table(
            tuple(fields["projects"]), tuple(Row(0, tuple(option.source)) for option in found if option.source)
        )
        counts = {"num_projects": len(projects.rows), "num_votes": len(votes.rows)}
        at = {name: fields["meta"].index(name) for name in ("key", "value")}
        rows = [list(cells) for cells in phase.project.source["meta"]]
        for cells in rows:
            n = counts.get(cells[at["key"]].strip())
            # "6.0" stays as it is; only what is no longer true is written anew.
            if n is not None and float(cells[at["value"]]) != n:
                cells[at["value"]] = str(n)
        return Pabulib(Table(tuple(fields["meta"]), tuple(Row(0, tuple(cells)) for cells in rows)), projects, votes)
    votes = _votes(phase, given, method)
    return Pabulib(_meta(phase, len(found), len(votes.rows)), _projects(phase, found), votes)


def id_of(phase: Phase, option: Proposal) -> str:
    """How a file names an option."""
    if not phase.project.source or not option.source:
        return str(option.number)
    return str(option.source[phase.project.source["fields"]["projects"].index("project_id")]).strip()


def _given(phase: Phase, ids: Mapping[int, str]) -> Iterator[tuple[int, Choices]]:
    """What each ballot that counts names, in order, by its key."""
    for ballot, rows in groupby(queries.last_ballots(phase.pk).tolist(), key=lambda row: row[0]):
        yield ballot, [(ids[number], value) for _ballot, number, value, _rank in rows]


def _given_back(phase: Phase, fields: Sequence[str], given: Mapping[int, Choices], method: Method) -> Table:
    """The ballots of a file as they came."""
    rows = []
    ballots = Ballot.objects.filter(phase=phase, source__isnull=False).order_by("pk").values_list("pk", "source")
    for ballot, source in ballots.iterator():
        said = dict(zip(("vote", "points"), named(given.get(ballot, ()), method), strict=True))
        cells = (said[field] if cell is None else cell for field, cell in zip(fields, source or (), strict=True))
        rows.append(Row(0, tuple(cells)))
    return Table(tuple(fields), tuple(rows))


def _votes(phase: Phase, given: Mapping[int, Choices], method: Method) -> Table:
    """The ballots of a vote of our own, under running numbers that tell nothing."""
    channels = dict(
        BallotCast.objects.filter(phase=phase)
        .order_by("ballot_id", "-seq")
        .distinct("ballot_id")
        .values_list("ballot_id", "channel")
    )
    tags = Ballot.objects.filter(phase=phase).order_by("tag").values_list("pk", flat=True)
    scored = method is Method.POINTS
    rows = []
    for number, ballot in enumerate((pk for pk in tags if pk in given), start=1):
        vote, points = named(given[ballot], method)
        how = VOTING_METHODS[Channel(channels[ballot])]
        rows.append(Row(0, (str(number), vote, points, how) if scored else (str(number), vote, how)))
    points_field = ("points",) if scored else ()
    return Table(("voter_id", "vote", *points_field, "voting_method"), tuple(rows))


def _amount(cents: int) -> str:
    """Write an amount in whole euros where there are no cents."""
    return f"{cents / 100:.2f}" if cents % 100 else str(cents // 100)


def _projects(phase: Phase, found: Sequence[Proposal]) -> Table:
    counted = {row.proposal_id: row for row in TallyRow.objects.filter(phase=phase)}
    language = _language(phase)
    # Points and points by rank are a score; a file's "votes" are always how many ballots name it.
    score = "votes" if Method(phase.method) not in {Method.POINTS, Method.RANKING} else "score"
    rows = []
    for option in found:
        row, point = counted.get(option.pk), option.point
        rows.append(
            Row(
                0,
                (
                    str(option.number),
                    _amount(option.cost_cents or 0) if phase.budget_cents is not None else "1",
                    str(row.n_votes if row else 0),
                    option.title,
                    in_language(option.theme.name, language) if option.theme else "",
                    option.area.name if option.area else "",
                    str(point.y) if point else "",
                    str(point.x) if point else "",
                    str(int(bool(row and row.is_winner))),
                ),
            )
        )
    fields = ("project_id", "cost", score, "name", "category", "neighborhood", "latitude", "longitude", "selected")
    return Table(fields, tuple(rows))


def _language(phase: Phase) -> str:
    return str((phase.project.organisation.languages or ["nl"])[0])


def _meta(phase: Phase, n_projects: int, n_votes: int) -> Table:
    """What a vote of our own says of itself. Without a budget each option costs 1, and the winners are the budget."""
    town, method, language = phase.project.organisation, Method(phase.method), _language(phase)
    opens, closes = localtime(phase.opens_at), localtime(phase.closes_at)
    limits: dict[str, object] = {"min_length": phase.floor}
    if method is not Method.SUPPORT:
        limits["max_length"] = phase.cap
    if method is Method.POINTS:
        limits |= {"max_points": phase.points_max, "max_sum_points": phase.points}
    if method is Method.BUDGET:
        limits["max_sum_cost"] = _amount(phase.budget_cents or 0)
    meta: dict[str, object] = {
        "description": in_language(phase.project.title, language),
        "unit": town.name,
        "instance": f"{closes:%Y}",
        "num_projects": n_projects,
        "num_votes": n_votes,
        "budget": _amount(phase.budget_cents) if phase.budget_cents is not None else phase.n_winners,
        "vote_type": KINDS[method],
        "rule": NAMES[Rule(phase.rule)],
        "date_begin": f"{opens:%d.%m.%Y}",
        "date_end": f"{closes:%d.%m.%Y}",
        **limits,
        "language": language,
        **({"currency": "EUR"} if phase.budget_cents is not None else {}),
    }
    return Table(("key", "value"), tuple(Row(0, (key, str(value))) for key, value in meta.items()))
