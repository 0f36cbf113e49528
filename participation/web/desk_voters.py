"""The desk's pages about who may vote: letters with codes, and the roll of verified residents."""

from tempfile import TemporaryFile
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import localdate
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from participation.models import Organisation, Phase, Project
from participation.rules.electorate import CODES_MAX, Eligibility, Terms, VerifiedBy
from participation.rules.refusals import Refused
from participation.rules.roles import DeskAct
from participation.selectors.electorate import batches_of, terms_of, verified_counts
from participation.selectors.projects import standing
from participation.services.codes import Printed, make_codes, make_resident_codes, withdraw_batch
from participation.services.identities import set_resident_codes
from participation.services.roll import unverify_resident, verify_resident
from participation.services.voting import set_voters
from participation.web.asking import desk, now, town_of
from participation.web.desk import clerk, desk_items, desk_project
from participation.web.letters import Letter, resident_letter, vote_letter, write_zip
from participation.web.sentences import refusal, status_of
from participation.web.words import grouped

BORN_FORMATS = ["%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%Y-%m-%d"]
KNOWN_BY = {
    VerifiedBy.STAFF: _("at the desk"),
    VerifiedBy.LETTER: _("by letter"),
    VerifiedBy.OIDC: _("by signing in with an identity card"),
}


class BornField(forms.DateField):
    """Asks for a day of birth, typed as people write it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            label=_("Date of birth"),
            help_text=_("Such as 31/12/1980"),
            input_formats=BORN_FORMATS,
            widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
            **kwargs,
        )


class VotersForm(forms.Form):
    """Who may vote."""

    eligibility = forms.ChoiceField(
        label=_("Who may vote"),
        choices=[
            (Eligibility.MAIL.value, _("Everyone with a mail address")),
            (Eligibility.VERIFIED.value, _("Residents whom the town verified")),
            (Eligibility.CODE.value, _("Everyone who gets a letter with a code")),
        ],
        widget=forms.RadioSelect,
    )
    min_age = forms.IntegerField(
        label=_("How old one must be"),
        help_text=_("Leave it empty for every age."),
        min_value=1,
        max_value=99,
        required=False,
    )
    takes_paper = forms.BooleanField(label=_("Staff type in ballots on paper"), required=False)
    n_eligible = forms.IntegerField(
        label=_("How many people may vote"),
        help_text=_("Everyone can read it. Leave it empty where nobody knows."),
        min_value=1,
        max_value=2**31 - 1,
        required=False,
    )


class LettersForm(forms.Form):
    """How many letters, in which languages."""

    n = forms.IntegerField(label=_("How many letters"), min_value=1, max_value=CODES_MAX, initial=100, localize=False)
    languages = forms.MultipleChoiceField(
        label=_("Languages of the letter"),
        help_text=_("The first one is printed large, the others small below it."),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one language.")},
    )

    def __init__(self, known: list[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = dict(settings.LANGUAGES)
        languages: Any = self.fields["languages"]
        languages.choices = [(code, names.get(code, code)) for code in known]
        languages.initial = known


def said_in(project: Project) -> list[str]:
    """In which languages of the town does a project ask its question? In all of them where it asks in none."""
    languages = project.organisation.languages
    return [code for code in languages if project.question.get(code)] or languages


class ResidentForm(forms.Form):
    """Who is verified; of the name only a hash is kept."""

    email = forms.CharField(
        label=_("Mail address"),
        help_text=_("The one they sign in with. Leave it empty for somebody without one: they can vote on paper."),
        max_length=254,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "email", "autocomplete": "off", "autocapitalize": "none"}),
    )
    name = forms.CharField(
        label=_("Name on the identity card"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    born_on = BornField()


def vote_of(project: Project) -> Phase | None:
    """The vote of a project that runs, ran last or is to come."""
    return standing(project, now()).vote


@desk(DeskAct.ELECTORATE)
def voters_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Set who may vote, before anybody did."""
    project = desk_project(request, slug)
    vote = vote_of(project)
    context: dict[str, object] = {"project": project, "desk_items": desk_items(request, project), "vote": vote}
    if vote is None:
        return render(request, "participation/desk_voters.html", context)
    terms = terms_of(vote)
    form = VotersForm(
        request.POST or None,
        initial={
            "eligibility": terms.eligibility.value,
            "min_age": terms.min_age,
            "takes_paper": terms.takes_paper,
            "n_eligible": vote.n_eligible,
        },
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            asked = form.cleaned_data
            terms = Terms(Eligibility(asked["eligibility"]), asked["min_age"], asked["takes_paper"])
            try:
                set_voters(phase=vote, terms=terms, n_eligible=asked["n_eligible"], by=clerk(request))
            except Refused as refused:
                context["refusal"], status = refusal(refused), status_of(refused)
            else:
                messages.success(request, gettext("Kept. Everyone reads it beside the vote button."))
                return redirect("desk_voters", slug=slug)
    return render(request, "participation/desk_voters.html", context | {"form": form}, status=status)


@desk(DeskAct.ELECTORATE)
def codes_page(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Show the prints of codes; a POST makes new ones and answers with the letters, the one time they are whole."""
    project = desk_project(request, slug)
    vote = vote_of(project)
    form = LettersForm(said_in(project), request.POST or None)
    said, status = None, 200
    if request.method == "POST" and vote is not None:
        status = 422
        if form.is_valid():
            try:
                return _letters(request, project, vote, form.cleaned_data)
            except Refused as refused:
                said, status = refusal(refused), status_of(refused)
    by_letter = vote is not None and vote.eligibility == Eligibility.CODE
    context = {
        "project": project,
        "desk_items": desk_items(request, project),
        "vote": vote,
        "by_letter": by_letter,
        "form": form,
        "refusal": said,
        "batches": batches_of(vote) if vote is not None and by_letter else [],
        "most": grouped(CODES_MAX),
    }
    return render(request, "participation/desk_codes.html", context, status=status)


def _letters(request: HttpRequest, project: Project, vote: Phase, asked: dict[str, Any]) -> HttpResponseBase:
    printed = make_codes(phase=vote, n=asked["n"], by=clerk(request), now=now())
    letter = vote_letter(project, vote, asked["languages"][0])
    page_url = request.build_absolute_uri(reverse("code", args=(project.slug,)))
    return _zip(letter, printed, asked["languages"], page_url, project.slug)


def _zip(letter: Letter, printed: Printed, languages: list[str], page_url: str, name: str) -> HttpResponseBase:
    """Answer with a print, which is kept nowhere."""
    file = TemporaryFile()  # noqa: SIM115 -- the answer closes it
    write_zip(file, letter=letter, codes=printed.codes, languages=languages, page_url=page_url)
    file.seek(0)
    response = FileResponse(file, as_attachment=True, filename=f"{name}-letters-{printed.batch.pk}.zip")
    response["Cache-Control"] = "no-store"
    return response


def _withdraw(request: HttpRequest, of: Phase | Organisation, batch: int) -> None:
    n = withdraw_batch(of=of, batch_id=batch, by=clerk(request), now=now())
    said = ngettext("%(n)s code was withdrawn.", "%(n)s codes were withdrawn.", n)
    messages.success(request, said % {"n": grouped(n)})


@require_POST
@desk(DeskAct.ELECTORATE)
def codes_withdraw(request: HttpRequest, slug: str, batch: int) -> HttpResponse:
    """Withdraw the codes of a lost print that nobody used."""
    project = desk_project(request, slug)
    vote = vote_of(project)
    if vote is not None:
        _withdraw(request, vote, batch)
    return redirect("desk_codes", slug=slug)


@desk(DeskAct.ELECTORATE)
def resident_codes_page(request: HttpRequest) -> HttpResponseBase:
    """Show the prints of letters that verify residents; a POST makes new ones and answers with them, once."""
    town = town_of(request)
    form = LettersForm(town.languages, request.POST or None)
    said, status = None, 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            asked = form.cleaned_data
            try:
                printed = make_resident_codes(organisation=town, n=asked["n"], by=clerk(request), now=now())
            except Refused as refused:
                said, status = refusal(refused), status_of(refused)
            else:
                letter = resident_letter(town, asked["languages"][0])
                page_url = request.build_absolute_uri(reverse("my_code"))
                return _zip(letter, printed, asked["languages"], page_url, town.slug)
    context = {"form": form, "refusal": said, "batches": batches_of(town), "most": grouped(CODES_MAX)}
    return render(request, "participation/desk_resident_codes.html", context, status=status)


@require_POST
@desk(DeskAct.ELECTORATE)
def resident_codes_withdraw(request: HttpRequest, batch: int) -> HttpResponse:
    """Withdraw the letters of a lost print that nobody used."""
    _withdraw(request, town_of(request), batch)
    return redirect("desk_resident_codes")


@desk(DeskAct.ELECTORATE)
def people_page(request: HttpRequest) -> HttpResponse:
    """Verify a resident, and show how many are."""
    town = town_of(request)
    form = ResidentForm(request.POST or None)
    said, status = None, 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            moment = now()
            try:
                verify_resident(
                    organisation=town, **form.cleaned_data, language=town.languages[0], by=clerk(request), now=moment,
                    today=localdate(moment),
                )  # fmt: skip
            except Refused as refused:
                said, status = refusal(refused), status_of(refused)
            else:
                messages.success(request, gettext("Verified. The name was not kept."))
                return redirect("desk_people")
    counts = verified_counts(town)
    context = {
        "form": form,
        "refusal": said,
        "counts": [(KNOWN_BY[VerifiedBy(by)], grouped(n)) for by, n in counts.items()],
        "n_verified": grouped(sum(counts.values())),
        "has_any": bool(counts),
    }
    return render(request, "participation/desk_people.html", context, status=status)


@require_POST
@desk(DeskAct.ELECTORATE)
def people_codes(request: HttpRequest) -> HttpResponse:
    """Set by which postcodes an identity is that of a resident."""
    typed = request.POST.get("codes", "")
    set_resident_codes(organisation=town_of(request), codes=typed.replace(",", " ").split(), by=clerk(request))
    messages.success(request, gettext("It was kept."))
    return redirect("desk_people")


@require_POST
@desk(DeskAct.ELECTORATE)
def people_unverify(request: HttpRequest) -> HttpResponse:
    """Take back that somebody is verified."""
    unverify_resident(organisation=town_of(request), email=request.POST.get("email", "")[:254], by=clerk(request))
    messages.info(request, gettext("No longer verified. A ballot that was cast stays in the box."))
    return redirect("desk_people")
