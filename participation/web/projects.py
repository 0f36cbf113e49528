"""One project: what is asked, until when, what can be done now, and every proposal on a list beside the map."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from participation.models import Draft, Phase, Project, Proposal
from participation.rules.phases import Act
from participation.rules.text import in_language
from participation.rules.voting import TICKED, BallotRules, Choice, Method, in_drawn_order, n_left
from participation.selectors.forms import FormHere, form_here
from participation.selectors.layers import counted_vote
from participation.selectors.projects import Standing, ballot_rules, choices_cast, options, standing
from participation.selectors.proposals import SORTS, n_public, public_proposals, supported_by
from participation.selectors.report import has_answers
from participation.services.voting import close_due_phases
from participation.web.access import access_rows, answering_said, next_said, now_said, proposing_said
from participation.web.asking import answering_refusals, now, person_of, project_or_404, sign_in_first, voter_of
from participation.web.ballot_words import FREE, WORDS, Words, left_said, offered
from participation.web.catalogue import for_search_engines
from participation.web.drafts import draft_of, take_up
from participation.web.filters import SORT_NAMES, Filters, states_of
from participation.web.form_summary import form_summary
from participation.web.maps import map_config
from participation.web.result_words import event_lines
from participation.web.taking import file_links
from participation.web.words import phase_line

A_PAGE = 30
# Of what holds the words that were looked for, so many are counted and can be leafed through.
MOST_FOUND = 10_000


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is chosen on a ballot and what is left; ``is_cast`` when these very choices were cast.

    ``gone`` are numbers that were chosen and left the ballot since; ``n_options`` can be chosen from.

    Units    spent_cents in cents; cap, used and left in choices, points, ranks or cents, as the method counts.
    """

    choices: list[Choice]
    rules: BallotRules
    is_cast: bool
    has_cast: bool
    gone: list[int]
    n_options: int
    spent_cents: int

    @property
    def numbers(self) -> list[int]:
        """The options chosen, in order."""
        return [choice.number for choice in self.choices]

    @property
    def given(self) -> dict[int, int]:
        """What stands beside each chosen option: its rank in a ranking, else its points."""
        if self.rules.method is Method.RANKING:
            return {number: rank for rank, number in enumerate(self.numbers, start=1)}
        return {choice.number: choice.value for choice in self.choices}

    @property
    def cap(self) -> int:
        """How much is there to give?"""
        if self.rules.method is Method.BUDGET:
            return self.rules.budget_cents or 0
        return self.rules.points if self.rules.method is Method.POINTS else self.rules.cap

    @property
    def used(self) -> int:
        """How much was given?"""
        if self.rules.method is Method.BUDGET:
            return self.spent_cents
        points = self.rules.method is Method.POINTS
        return sum(choice.value for choice in self.choices) if points else len(self.choices)

    @property
    def left(self) -> int:
        """How much is left to give?"""
        return n_left(self.cap, self.used)

    @property
    def is_free(self) -> bool:
        """Can everything be chosen, so that no number limits it?"""
        return self.rules.cap >= self.n_options

    @property
    def is_uncounted(self) -> bool:
        """Is there nothing to count down, because choices are all there is to give and all may be chosen?"""
        return self.is_free and self.rules.method in {Method.CHOICES, Method.SUPPORT}

    @property
    def n_dots(self) -> int:
        """How much is there to count off beside the words? 0 for nothing."""
        return 0 if self.is_uncounted else self.cap

    @property
    def words(self) -> Words:
        """How this ballot says what is left."""
        return FREE if self.is_uncounted else WORDS[self.rules.method]

    @property
    def offer(self) -> str:
        """Say what there is to give."""
        return offered(self.words, self.rules.method, self.cap)

    @property
    def said(self) -> str:
        """Say what is left, or by how much it is too much."""
        return left_said(self.words, self.rules.method, self.used, self.cap)

    @property
    def at_once(self) -> bool:
        """Is pressing one button enough to choose, with no number to write?"""
        return self.rules.method in TICKED


def chosen_on(request: HttpRequest, project: Project, vote: Phase) -> Chosen:
    """What has this reader chosen: the draft of this browser, else what was cast last."""
    cast = choices_cast(vote, voter_of(request, vote))
    kept = draft_of(request, project, Draft.Kind.BALLOT).get("choices")
    return chosen_of(vote, cast, [Choice(int(n), int(v)) for n, v in kept] if isinstance(kept, list) else cast or [])


def chosen_of(vote: Phase, cast: list[Choice] | None, choices: list[Choice]) -> Chosen:
    """Look at choices with what this person cast last; those that left the ballot are set apart."""
    rules = ballot_rules(vote)
    is_cast = choices == cast
    if rules.method is not Method.POINTS:
        # A draft from before the town changed points into something else.
        choices = [Choice(choice.number) for choice in choices]
    costs = dict(options(vote.project).values_list("number", "cost_cents"))
    good = [choice for choice in choices if choice.number in costs]
    return Chosen(
        choices=good,
        rules=rules,
        is_cast=is_cast,
        has_cast=bool(cast),
        gone=[choice.number for choice in choices if choice.number not in costs],
        n_options=len(costs),
        spent_cents=sum(costs[choice.number] or 0 for choice in good),
    )


def drawing_seed(request: HttpRequest, project: Project) -> str:
    """Give each reader one order that stays the same from page to page."""
    if not request.session.get("draw"):
        request.session["draw"] = secrets.token_hex(8)
    return f"{project.pk}:{request.session['draw']}"


def in_drawn_page(
    request: HttpRequest, project: Project, rows: QuerySet[Proposal], shown: QuerySet[Proposal], at: range
) -> list[Proposal]:
    """Those of ``shown`` that stand at these places of the list as drawn for this reader: options of the ballot, then
    the rest of ``rows``, newest first.
    """
    options = list(rows.filter(on_ballot=True).order_by("number").values_list("number", flat=True))
    drawn, n = in_drawn_order(options, drawing_seed(request, project)), len(options)
    found: list[Proposal] = []
    if at.start < n:
        by_number = {proposal.number: proposal for proposal in shown.filter(number__in=drawn[at.start : at.stop])}
        found += [by_number[number] for number in drawn[at.start : at.stop] if number in by_number]
    if at.stop > n:
        rest = rows.filter(on_ballot=False).order_by("-number").values("pk")[max(at.start - n, 0) : at.stop - n]
        found += shown.filter(pk__in=rest).order_by("-number")
    return found


def _page(request: HttpRequest, project: Project, filters: Filters) -> dict[str, object]:
    everything = public_proposals(project)
    rows = filters.among(everything)
    n, is_more = _n_found(project, filters, rows)
    page = Paginator(range(n), A_PAGE).get_page(request.GET.get("page"))
    at = range(n)[page.start_index() - 1 : page.end_index()] if n else range(0)
    shown = supported_by(everything, request.user).defer("area__outline")
    if filters.sort == "drawn":
        proposals = in_drawn_page(request, project, rows, shown, at)
    else:
        order = SORTS[filters.sort]
        # The index tells which stand on the page; only of these the rows are read.
        keys = rows.order_by(*order).values("pk")[at.start : at.stop]
        proposals = list(shown.filter(pk__in=keys).order_by(*order))
    return {"page": page, "proposals": proposals, "n_found": n, "is_more": is_more}


def _n_found(project: Project, filters: Filters, rows: QuerySet[Proposal]) -> tuple[int, bool]:
    """How many these rows are, and whether there are more than that: words that half a million hold are not counted."""
    if filters.is_counted:
        return n_public(project, theme=filters.theme), False
    if not filters.text:
        return rows.count(), False
    n = rows[: MOST_FOUND + 1].count()
    return min(n, MOST_FOUND), n > MOST_FOUND


# Pages of other apps in the menu of a project: (address name, label, whether this project has it).
project_tabs: list[tuple[str, object, Callable[[Project], bool]]] = []


def tabs(
    request: HttpRequest, project: Project, where: Standing, form: FormHere, *, answered: bool
) -> list[dict[str, object]]:
    """The pages of one project, those that say something."""
    first = _("Places") if project.area is not None else _("Proposals")
    pages: list[tuple[str, object]] = [("project", _("What it is about") if form is FormHere.ALONE else first)]
    if form is not FormHere.NONE and Act.ANSWER in where.acts:
        pages.append(("form", _("Form")))
    pages.append(("rules", _("Rules of the game")))
    if where.vote_is_over:
        pages.append(("results", _("Result")))
    pages += [(name, label) for name, label, has in project_tabs if has(project)]
    if answered:
        pages.append(("answers", _("Answers")))
    rows: list[dict[str, object]] = []
    for name, label in pages:
        href = reverse(name, args=(project.slug,))
        rows.append({"href": href, "label": label, "current": request.path == href})
    return rows


def process_context(request: HttpRequest, project: Project, where: Standing) -> dict[str, object]:
    """What the head of every page of a project shows: phases, what may be done, what is left on the ballot."""
    vote = where.vote
    voting = Act.VOTE in where.acts
    form = form_here(project)
    answered = has_answers(project)
    return {
        "project": project,
        "has_answers": answered,
        "standing": where,
        "phases": phase_line(where),
        "may_propose": Act.PROPOSE in where.acts,
        "may_support": Act.SUPPORT in where.acts,
        "may_answer": Act.ANSWER in where.acts and form is not FormHere.NONE,
        "is_form_alone": form is FormHere.ALONE,
        "may_vote": voting,
        "vote": vote,
        "chosen": chosen_on(request, project, vote) if voting and vote else None,
        "counted": counted_vote(project),
        "tabs": tabs(request, project, where, form, answered=answered),
        "now_said": now_said(where, form),
        "next_said": next_said(where, in_language(where.next.name, get_language() or "nl") if where.next else ""),
        "proposing_said": proposing_said(project, where) if Act.PROPOSE in where.acts else "",
        "answering_said": answering_said(project, where) if Act.ANSWER in where.acts else "",
    }


def page_context(request: HttpRequest, project: Project) -> dict[str, object]:
    """The head of a page of a project as it stands now; for pages of other apps."""
    return process_context(request, project, standing(project, now()))


@require_safe
@answering_refusals
def project_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a project: question, phases, act, list and map."""
    project = project_or_404(request, slug)
    where = standing(project, now())
    if where.vote_is_over and counted_vote(project) is None:
        close_due_phases(project)
        project = project_or_404(request, slug)
        where = standing(project, now())
    context = process_context(request, project, where)
    if context["is_form_alone"]:
        return render(request, "participation/project_form.html", context | form_summary(project, where))
    voting = Act.VOTE in where.acts
    filters = Filters.read(request.GET, default_sort="drawn" if voting else "most")
    if filters.sort == "drawn" and not voting:
        return redirect("project", slug=slug)
    states = states_of(project, voting=voting or where.is_shortlisting, answered=bool(context["has_answers"]))
    if filters.state not in dict(states):
        filters = replace(filters, state="")
    chosen = context["chosen"]
    numbers = chosen.numbers if isinstance(chosen, Chosen) else []
    context |= {"filters": filters, **_page(request, project, filters)}
    if request.headers.get("HX-Request"):
        # The list follows the map: the rest of the page stands.
        return _varied(render(request, "participation/project_part.html", context))
    # Whoever narrowed the list to a part of the map sees that part again.
    seen = {"view": filters.box[:4]} if filters.box else {}
    context |= {
        "sorts": {name: said for name, said in SORT_NAMES.items() if voting or name != "drawn"},
        "states": states,
        # The map shows all around that part too.
        "map": map_config(project, chosen=numbers, tiles_query=replace(filters, box=None).of_layer(project), **seen)
        if project.area
        else None,
        "person": person_of(request),
        "told_to_machines": for_search_engines(request, project),
        "files": file_links(project, filters.of_layer(project)),
        "layer": f"{project.slug}-proposals",
    }
    return _varied(render(request, "participation/project.html", context))


def _varied(response: HttpResponse) -> HttpResponse:
    """A part of the page and the whole of it have one address: what a browser keeps of one is not the other."""
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_POST
def take_up_draft(request: HttpRequest, slug: str) -> HttpResponse:
    """Go on here with what was begun in another browser."""
    project = project_or_404(request, slug)
    if person_of(request) is None:
        return sign_in_first(request, back_to=reverse("project", args=(slug,)))
    pages = {Draft.Kind.PROPOSAL: "suggest", Draft.Kind.FORM: "form", Draft.Kind.BALLOT: "ballot"}
    kind = next((kind for kind in pages if kind == request.POST.get("kind")), Draft.Kind.BALLOT)
    take_up(request, project, kind)
    return redirect(pages[kind], slug=slug)


@require_safe
def rules_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the rules of the game and what happens with the outcome."""
    project = project_or_404(request, slug)
    where = standing(project, now())
    context = process_context(request, project, where)
    vote = context["vote"]
    if isinstance(vote, Phase):
        context["limits_nothing"] = vote.cap >= options(project).count()
        context["events"] = event_lines(project)
    context["access_rows"] = access_rows(project, where, form_here(project))
    return render(request, "participation/rules.html", context)
