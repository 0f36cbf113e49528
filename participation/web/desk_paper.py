"""Ballots on paper, typed in by a clerk: who, which numbers, check, cast."""

import re
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import localdate
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from participation.models import Phase, Project
from participation.rules.phases import Act
from participation.rules.refusals import Code, Refused
from participation.rules.roles import DeskAct
from participation.rules.voting import Choice, Method
from participation.selectors.projects import ballot_rules, options, standing
from participation.services.paper import Who, cast_on_paper, try_on_paper
from participation.web.asking import desk, now
from participation.web.ballot import lines
from participation.web.desk import clerk, desk_items, desk_project
from participation.web.desk_voters import BornField
from participation.web.projects import chosen_of
from participation.web.sentences import refusal, status_of

EXAMPLE, EXAMPLE_POINTS = "12 4 7", "12:3 4:2"


class PaperForm(forms.Form):
    """Who voted, in one of three ways, and the numbers on their ballot."""

    email = forms.CharField(
        label=_("Mail address"),
        max_length=254,
        required=False,
        widget=forms.TextInput(
            attrs={"inputmode": "email", "autocomplete": "off", "autocapitalize": "none", "autofocus": True}
        ),
    )
    code = forms.CharField(
        label=_("Code of the letter"),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    name = forms.CharField(
        label=_("Name on the identity card"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    born_on = BornField(required=False)
    numbers = forms.CharField(
        label=_("Numbers on the ballot"),
        max_length=2000,
        error_messages={"required": _("Type the numbers that were chosen.")},
        widget=forms.TextInput(attrs={"inputmode": "text", "autocomplete": "off"}),
    )
    of_age = forms.BooleanField(required=False)

    def __init__(self, vote: Phase, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        method = Method(vote.method)
        if method is Method.POINTS:
            said = gettext("Number and points, such as %(example)s") % {"example": EXAMPLE_POINTS}
        elif method is Method.RANKING:
            said = gettext("In the order of the ranks, such as %(example)s") % {"example": EXAMPLE}
        else:
            said = gettext("With spaces between them, such as %(example)s") % {"example": EXAMPLE}
        self.fields["numbers"].help_text = said
        if vote.min_age is None:
            del self.fields["of_age"]
        else:
            said = gettext("The voter is %(age)s or older") % {"age": vote.min_age}
            self.fields["of_age"].label = said


def read_numbers(text: str, method: Method) -> list[Choice]:
    """Read the choices that a clerk typed: "12 4 7", or "12:3 4:2" where there are points.

    Refuses  paper.unreadable.
    """
    points = method is Method.POINTS
    pattern = re.compile(r"(\d{1,6})[:=](\d{1,6})" if points else r"(\d{1,6})")
    choices = []
    for part in re.split(r"[\s,;]+", text.strip()):
        found = pattern.fullmatch(part)
        if found is None or not part.isascii():
            example = EXAMPLE_POINTS if points else EXAMPLE
            raise Refused(Code.PAPER_UNREADABLE, {"text": part[:40], "example": example})
        choices.append(Choice(int(found[1]), int(found[2]) if points else 1))
    return choices


def _choices(project: Project, vote: Phase, text: str) -> list[Choice]:
    """Read the numbers, each of them on the ballot.

    Refuses  paper.unreadable, vote.option_gone.
    """
    choices = read_numbers(text, ballot_rules(vote).method)
    known = set(options(project).values_list("number", flat=True))
    gone = [choice.number for choice in choices if choice.number not in known]
    if gone:
        raise Refused(Code.VOTE_OPTION_GONE, {"numbers": gone})
    return choices


@desk(DeskAct.PAPER)
def paper_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Take in one ballot on paper: filled in, checked, cast under the clerk's name."""
    project = desk_project(request, slug)
    where = standing(project, now())
    vote = where.vote if Act.VOTE in where.acts else None
    context: dict[str, object] = {
        "project": project,
        "desk_items": desk_items(request, project),
        "vote": vote,
        "open": vote is not None and vote.takes_paper,
    }
    if vote is None or not vote.takes_paper:
        return render(request, "participation/desk_paper.html", context)
    form = PaperForm(vote, request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                checked = _take_in(request, project, vote, form)
            except Refused as refused:
                context["refusal"], status = refusal(refused), status_of(refused)
            else:
                if checked is None:
                    return redirect("desk_paper", slug=slug)
                context |= checked
                status = 200
                # The button of the check is what the keyboard is for now.
                form.fields["email"].widget.attrs.pop("autofocus")
    context |= {"form": form, "options": options(project)}
    return render(request, "participation/desk_paper.html", context, status=status)


def _take_in(request: HttpRequest, project: Project, vote: Phase, form: PaperForm) -> dict[str, object] | None:
    """Check what was typed, or cast it when it was checked: what the check shows, None when it was cast.

    Refuses  what services.paper.cast_on_paper refuses; paper.unreadable, vote.bad_nonce.
    """
    filled, moment = form.cleaned_data, now()
    who = Who(filled["email"], filled["code"], filled["name"], filled["born_on"])
    choices = _choices(project, vote, filled["numbers"])
    of_age, today = filled.get("of_age", False), localdate(moment)
    if request.POST.get("act") != "cast":
        try_on_paper(phase=vote, who=who, choices=choices, of_age=of_age, now=moment, today=today)
        return {"lines": lines(chosen_of(vote, None, choices), project), "nonce": uuid4()}
    try:
        nonce = UUID(request.POST.get("nonce", ""))
    except ValueError as error:
        raise Refused(Code.VOTE_BAD_NONCE) from error
    receipt = cast_on_paper(
        phase=vote,
        who=who,
        choices=choices,
        nonce=nonce,
        of_age=of_age,
        clerk=clerk(request),
        ballot_url=request.build_absolute_uri(reverse("ballot", args=(project.slug,))),
        now=moment,
        today=today,
    )
    # What was chosen before is between the voter and the box; that there was something, the clerk may say.
    if receipt.seq > 1:
        said = gettext("The ballot is in the box. It replaces the one this person cast before.")
    else:
        said = gettext("The ballot is in the box. It is the first of this person.")
    messages.success(request, said)
    return None
