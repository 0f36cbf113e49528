"""The outcome of a vote, one sentence first, by the binding rule or another; before it is counted, when it will be."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from participation.models import Phase, Project
from participation.rules.voting import Rule
from participation.selectors.layers import counted_vote
from participation.selectors.projects import standing
from participation.selectors.results import Result, result_of
from participation.services.tally import Counted, counted_by, rules_for
from participation.services.voting import close_due_phases
from participation.web.asking import answering_refusals, now, project_or_404
from participation.web.maps import map_config
from participation.web.projects import process_context

RULE_NAMES = {
    Rule.PLURALITY: _("Most votes"),
    Rule.GREEDY: _("Most votes that fit"),
    Rule.EQUAL_SHARES: _("Equal shares"),
    Rule.BORDA: _("Points by rank"),
}
RULE_WORDS = {
    Rule.PLURALITY: _("What got most comes first."),
    Rule.GREEDY: _("What got most comes first; what no longer fits in the sum is skipped."),
    Rule.EQUAL_SHARES: _(
        "Every voter gets an equal share of what there is to give. A proposal is chosen when its supporters can pay "
        "for it together, so that a minority also gets something."
    ),
    Rule.BORDA: _("The higher you put a proposal, the more points it gets. What got most points comes first."),
}


def counted_project(request: HttpRequest, slug: str) -> Project:
    """Find a project, and count its vote first when its time is over."""
    project = project_or_404(request, slug)
    if standing(project, now()).vote_is_over and counted_vote(project) is None:
        close_due_phases(project)
        project = project_or_404(request, slug)
    return project


def _asked(request: HttpRequest, vote: Phase) -> Counted:
    """Count as the address asks: by a rule that fits the ballots, with or without one place an area."""
    wanted = request.GET.get("rule", "")
    rule = Rule(wanted) if wanted in set(rules_for(vote)) else Rule(vote.rule)
    spread = request.GET.get("spread")
    one_per_area = vote.one_per_area if spread not in {"0", "1"} else spread == "1"
    return counted_by(vote, rule, one_per_area=one_per_area)


def _switch(project: Project, vote: Phase, counted: Counted) -> dict[str, object]:
    """The other ways of counting, as links: each rule, and one place an area or not."""

    def href(rule: Rule, spread: bool) -> str:
        query = urlencode({"rule": rule.value, "spread": int(spread)})
        return f"{reverse('results', args=(project.slug,))}?{query}"

    return {
        "rules": [
            {
                "href": href(rule, counted.one_per_area),
                "label": RULE_NAMES[rule],
                "current": rule is counted.rule,
                "is_binding": rule == vote.rule,
            }
            for rule in rules_for(vote)
        ],
        "spread": href(counted.rule, not counted.one_per_area) if project.area is not None else "",
    }


def _map(project: Project, result: Result) -> dict[str, object]:
    return map_config(
        project,
        tiles=None,
        apart=1,  # the order is what this map tells: numbers may touch, a ring with a count would be taken for one
        pins=[
            {
                "number": row.rank,
                "title": row.proposal.title,
                "lon": row.proposal.point.x,
                "lat": row.proposal.point.y,
                "later": not row.is_winner,
                "url": reverse("proposal", args=(project.slug, row.proposal.number)),
            }
            for row in result.rows
            if row.proposal.point
        ],
    )


@answering_refusals
def results(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the outcome; while the vote runs, only when there will be one."""
    project = counted_project(request, slug)
    vote = counted_vote(project)
    context = process_context(request, project, standing(project, now()))
    if vote is None:
        return render(request, "participation/results_later.html", context)
    vote.project = project
    counted = _asked(request, vote)
    result = result_of(vote, counted.outcome.order, counted.outcome.scores, counted.winners)
    population = project.organisation.population
    titles = {row.proposal.number: row.proposal.title for row in result.rows}
    context |= {
        "result": result,
        "vote": vote,
        "counted_by": counted,
        "rule_name": RULE_NAMES[counted.rule],
        "rule_words": RULE_WORDS[counted.rule],
        "binding_name": RULE_NAMES[Rule(vote.rule)],
        "come": [titles[number] for number in counted.come],
        "go": [titles[number] for number in counted.go],
        "switch": _switch(project, vote, counted),
        "bars": [
            {
                "rank": row.rank,
                "name": row.proposal.title,
                "what": row.proposal.area.name if row.proposal.area else "",
                "value": row.score,
                "wins": row.is_winner,
                "url": reverse("proposal", args=(slug, row.proposal.number)),
            }
            for row in result.rows
        ],
        "map": _map(project, result) if project.area is not None else None,
        "one_in": round(population / result.n_people) if population and result.n_people else None,
    }
    return render(request, "participation/results.html", context)
