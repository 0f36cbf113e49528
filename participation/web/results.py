"""The outcome of a vote, one sentence first, by the binding rule or another; before it is counted, when it will be."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import get_language, gettext, ngettext
from django.views.decorators.http import require_safe

from participation.models import Area, Phase, Project
from participation.rules.explaining import Reason, unit_of
from participation.rules.text import in_language
from participation.rules.voting import Method, Rule
from participation.selectors.layers import counted_vote
from participation.selectors.projects import Standing, standing
from participation.selectors.results import Ranked, Result, result_of
from participation.services.tally import Counted, counted_by, rules_for, seed_of
from participation.services.voting import close_due_phases
from participation.web import result_picture
from participation.web.asking import answering_refusals, now, project_or_404
from participation.web.maps import map_config
from participation.web.projects import process_context
from participation.web.result_tables import areas_table, as_csv, as_json, as_xlsx, options_table, tables_of
from participation.web.result_words import CHANNEL_NAMES, RULE_NAMES, RULE_WORDS, UNIT_NAMES, amount, event_lines, why
from participation.web.sentences import money
from participation.web.words import grouped

FILES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json; charset=utf-8",
}
# A shared picture is asked for by many at once, and a result hardly ever changes.
PICTURE_SECONDS = 300
IN_DESCRIPTION = 3


@dataclass(frozen=True, slots=True)
class Shown:
    """One result as somebody asked for it."""

    project: Project
    vote: Phase
    counted: Counted
    result: Result

    @property
    def unit(self) -> str:
        """What its scores count."""
        return unit_of(Method(self.vote.method), self.counted.rule)

    @property
    def titles(self) -> dict[int, str]:
        """What each option is called, by number."""
        return {row.proposal.number: title_of(row) for row in self.result.rows}


@dataclass(frozen=True, slots=True)
class Headline:
    """The result in one sentence, and its parts for whoever sets some of them in bold."""

    people: str
    votes: str
    first: str

    @property
    def text(self) -> str:
        """The whole sentence."""
        if self.votes:
            return gettext("%(people)s, %(votes)s: %(first)s.") % {
                "people": self.people,
                "votes": self.votes,
                "first": self.first,
            }
        return gettext("%(people)s: %(first)s.") % {"people": self.people, "first": self.first}


def title_of(row: Ranked) -> str:
    """What an option is called, as long as it may be read."""
    if row.is_public:
        return row.proposal.title
    return gettext("Option %(number)s, no longer shown") % {"number": row.proposal.number}


def headline_of(shown: Shown) -> Headline:
    """Say who took part, with how much, and how many come first."""
    n_people, n_first = shown.result.turnout.n_people, len(shown.result.winners)
    if shown.project.area is not None:
        first = ngettext("this %(n)s place comes first", "these %(n)s places come first", n_first)
    else:
        first = ngettext("this %(n)s proposal comes first", "these %(n)s proposals come first", n_first)
    if not n_first:
        first = gettext("nothing was chosen")
    unit = "points" if shown.vote.method == Method.POINTS else "votes"
    return Headline(
        people=ngettext("%(n)s person", "%(n)s people", n_people) % {"n": grouped(n_people)},
        votes="" if shown.vote.method == Method.RANKING else amount(shown.counted.n_choices, unit),
        first=first % {"n": n_first} if n_first else first,
    )


def counted_project(request: HttpRequest, slug: str) -> tuple[Project, Standing]:
    """Find a project and where it stands, and count its vote first when its time is over."""
    project = project_or_404(request, slug)
    where = standing(project, now())
    if where.vote_is_over and counted_vote(project) is None:
        close_due_phases(project)
        project = project_or_404(request, slug)
        where = standing(project, now())
    return project, where


def _shown(project: Project, vote: Phase, wanted: str = "", spread: str = "") -> Shown:
    """Count as asked: by a rule that fits the ballots, with or without one place an area; else as it binds."""
    vote.project = project
    rule = Rule(wanted) if wanted in set(rules_for(vote)) else Rule(vote.rule)
    one_per_area = vote.one_per_area if spread not in {"0", "1"} else spread == "1"
    counted = counted_by(vote, rule, one_per_area=one_per_area)
    return Shown(
        project, vote, counted, result_of(vote, counted.outcome.order, counted.outcome.scores, counted.winners)
    )


def _asked(request: HttpRequest, project: Project) -> Shown | None:
    vote = counted_vote(project)
    if vote is None:
        return None
    return _shown(project, vote, request.GET.get("rule", ""), request.GET.get("spread", ""))


def _query(counted: Counted) -> str:
    return urlencode({"rule": counted.rule.value, "spread": int(counted.one_per_area)})


def _switch(shown: Shown) -> dict[str, object]:
    """The other ways of counting, as links: each rule, and one place an area or not."""
    vote, counted = shown.vote, shown.counted

    def href(rule: Rule, spread: bool) -> str:
        query = urlencode({"rule": rule.value, "spread": int(spread)})
        return f"{reverse('results', args=(shown.project.slug,))}?{query}#ways"

    rules = rules_for(vote)
    return {
        "rules": [
            {
                "href": href(rule, counted.one_per_area),
                "label": RULE_NAMES[rule],
                "current": rule is counted.rule,
                "is_binding": rule == vote.rule,
            }
            for rule in (rules if len(rules) > 1 else ())
        ],
        "spread": href(counted.rule, not counted.one_per_area) if shown.project.area is not None else "",
    }


def _reasons(shown: Shown) -> dict[str, list[dict[str, object]]]:
    """What comes and what goes, each with its sentence; where nothing does, what stands at the edge."""
    titles = shown.titles
    explained = shown.counted.explained
    areas = dict(Area.objects.filter(organisation=shown.project.organisation_id).values_list("pk", "name"))

    def said(reasons: tuple[Reason[int], ...]) -> list[dict[str, object]]:
        has_costs = shown.vote.budget_cents is not None
        return [
            {
                "title": titles[reason.option],
                "why": why(reason, unit=shown.unit, has_costs=has_costs, titles=titles, areas=areas),
            }
            for reason in reasons
        ]

    if explained.come or explained.go:
        return {"come": said(explained.come), "go": said(explained.go)}
    winners = set(explained.winners)
    return {
        "just_in": said(tuple(reason for reason in explained.edge if reason.option in winners)),
        "just_out": said(tuple(reason for reason in explained.edge if reason.option not in winners)),
    }


def _bars(shown: Shown) -> list[dict[str, object]]:
    has_costs = shown.vote.budget_cents is not None
    rows: list[dict[str, object]] = []
    for row in shown.result.rows:
        what = [row.proposal.area.name] if row.proposal.area and shown.project.area is not None else []
        if has_costs:
            what.append(money(row.proposal.cost_cents or 0))
        rows.append(
            {
                "rank": row.rank,
                "name": title_of(row),
                "what": " · ".join(what),
                "value": row.score,
                "wins": row.is_winner,
                "url": reverse("proposal", args=(shown.project.slug, row.proposal.number)) if row.is_public else "",
            }
        )
    return rows


def _map(shown: Shown) -> dict[str, object]:
    return map_config(
        shown.project,
        tiles=None,
        apart=1,  # the order is what this map tells: numbers may touch, a ring with a count would be taken for one
        pins=[
            {
                "number": row.rank,
                "title": row.proposal.title,
                "lon": row.proposal.point.x,
                "lat": row.proposal.point.y,
                "later": not row.is_winner,
                "url": reverse("proposal", args=(shown.project.slug, row.proposal.number)),
            }
            for row in shown.result.rows
            if row.proposal.point and row.is_public
        ],
    )


def _preview(request: HttpRequest, shown: Shown, sentence: str) -> dict[str, str]:
    """What is told to whoever is sent the address of this page."""
    binding = shown if shown.counted.is_binding else _shown(shown.project, shown.vote)
    first = [title_of(row) for row in binding.result.winners]
    more = len(first) - IN_DESCRIPTION
    names = ", ".join(first[:IN_DESCRIPTION])
    picture = reverse("results_picture", args=(shown.project.slug,))
    return {
        "title": sentence,
        "description": gettext("%(names)s and %(n)s more") % {"names": names, "n": more} if more > 0 else names,
        "image": request.build_absolute_uri(f"{picture}?lang={get_language()}"),
        "url": request.build_absolute_uri(reverse("results", args=(shown.project.slug,))),
    }


@require_safe
@answering_refusals
def results(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the outcome; while the vote runs, only when there will be one."""
    project, where = counted_project(request, slug)
    context = process_context(request, project, where)
    shown = _asked(request, project)
    if shown is None:
        return render(request, "participation/results_later.html", context)
    vote, counted, result = shown.vote, shown.counted, shown.result
    has_map = project.area is not None
    headline = headline_of(shown)
    binding = headline if counted.is_binding else headline_of(_shown(project, vote))
    files = reverse("results_file", args=(slug, "csv")).removesuffix("csv")
    context |= {
        "result": result,
        "turnout": result.turnout,
        "channels": [
            {"name": CHANNEL_NAMES[channel], "n": n, "share": 100 * n / result.turnout.n_people if n else n}
            for channel, n in result.turnout.channels.items()
        ],
        "headline": headline,
        "vote": vote,
        "counted_by": counted,
        "unit": UNIT_NAMES[shown.unit],
        "rule_words": RULE_WORDS[counted.rule],
        "binding_name": RULE_NAMES[Rule(vote.rule)],
        "changes": _reasons(shown),
        "drawn": [shown.titles[number] for number in counted.explained.drawn],
        "seed": seed_of(vote),
        "switch": _switch(shown),
        "bars": _bars(shown),
        "options_table": options_table(vote, counted, result),
        "areas_table": areas_table(result) if has_map else None,
        "most_per_thousand": max((area.per_thousand or 0 for area in result.areas), default=0),
        "left_cents": (vote.budget_cents or 0) - result.spent_cents,
        "map": _map(shown) if has_map else None,
        "events": event_lines(project),
        "files": [{"href": f"{files}{kind}?{_query(counted)}", "kind": kind.upper()} for kind in FILES],
        "preview": _preview(request, shown, binding.text),
    }
    return render(request, "participation/results.html", context)


@require_safe
@answering_refusals
def results_file(request: HttpRequest, slug: str, kind: str) -> HttpResponse:
    """Hand out the result as a file; there is none before the votes are counted."""
    shown = _asked(request, counted_project(request, slug)[0])
    if shown is None or kind not in FILES:
        raise Http404("no such file")
    vote, counted = shown.vote, shown.counted
    tables = tables_of(vote, counted, shown.result)
    language = get_language() or "nl"
    title = in_language(shown.project.title, language)
    if kind == "csv":
        content = as_csv(tables[0])
    elif kind == "json":
        content = as_json(vote, counted, tables, {"title": title, "sentence": headline_of(shown).text})
    else:
        content = as_xlsx(
            tables,
            [
                (gettext("Project"), title),
                (gettext("Result"), headline_of(shown).text),
                (gettext("Counted by"), str(RULE_NAMES[counted.rule])),
                (gettext("Binding"), gettext("yes") if counted.is_binding else gettext("no")),
                (gettext("Each neighbourhood one"), gettext("yes") if counted.one_per_area else gettext("no")),
                (gettext("Seed of the draw"), seed_of(vote)),
            ],
        )
    name = f"{shown.project.slug}-results.{kind}"
    return HttpResponse(
        content, content_type=FILES[kind], headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


@require_safe
@answering_refusals
def picture(request: HttpRequest, slug: str) -> HttpResponse:
    """Draw the binding result to share; there is none before the votes are counted."""
    project, _where = counted_project(request, slug)
    vote = counted_vote(project)
    if vote is None:
        raise Http404("no result yet")
    wanted = request.GET.get("lang", "")
    language = wanted if wanted in dict(settings.LANGUAGES) else get_language() or "nl"
    key = f"picture.{vote.pk}.{project.revision}.{project.organisation.revision}.{language}"
    drawing = cache.get(key)
    if drawing is None:
        with translation.override(language):
            drawing = _drawn(_shown(project, vote), language)
        cache.set(key, drawing, timeout=None)
    headers = {"Cache-Control": f"public, max-age={PICTURE_SECONDS}", "Content-Language": language}
    return HttpResponse(drawing, content_type="image/png", headers=headers)


def _drawn(shown: Shown, language: str) -> bytes:
    town = shown.project.organisation
    foot = []
    if town.is_fictitious:
        foot.append(gettext("Example: people and votes are made up."))
    if shown.vote.closed_at:
        at = date_format(localtime(shown.vote.closed_at), "DATE_FORMAT")
        foot.append(gettext("Counted on %(at)s") % {"at": at})
    return result_picture.draw(
        site=town.site_name,
        title=in_language(shown.project.title, language),
        sentence=headline_of(shown).text,
        bars=[(title_of(row), row.score, grouped(row.score)) for row in shown.result.rows],
        foot=" · ".join(foot),
        colour=result_picture.town_colour(town.theme),
    )
