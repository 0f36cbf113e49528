"""The step of a project's set-up that asks what is asked: the questions, one by one, in the order they are asked."""

from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from participation.models import Project
from participation.rules.questions import (
    CHOICES,
    HELP_MAX,
    LABEL_MAX,
    OPTIONS_MAX,
    QUESTIONS_MAX,
    STAFF_ONLY,
    WITH_OPTIONS,
    Asked,
    Kind,
    Option,
    Question,
    Questions,
    When,
)
from participation.rules.refusals import Refused
from participation.rules.roles import DeskAct
from participation.rules.wording import cleaned
from participation.selectors.forms import last_option, questions_of
from participation.services.questions import NEW, move_question, remove_question, set_question
from participation.web.asking import desk
from participation.web.desk import clerk
from participation.web.questions import KIND_NAMES, hiding_css, option_name, said, shown_questions
from participation.web.setup import asked_project, kept, page
from participation.web.setup_forms import languages_of

BLANK_OPTIONS = 4
ASKED_NAMES = {
    Asked.ALONE: _("A form of its own"),
    Asked.PROPOSAL: _("With every proposal"),
}
ASKED_HELP = {
    Asked.ALONE: _("People answer these without suggesting anything. A form can be all there is in a project."),
    Asked.PROPOSAL: _("Whoever suggests something answers these as well, after the title and the reason."),
}


class QuestionForm(forms.Form):
    """One question: its words by language, and how it is asked."""

    is_required = forms.BooleanField(label=_("An answer is needed"), required=False)
    is_public = forms.BooleanField(label=_("Others see it"), required=False)
    at_least = forms.FloatField(label=_("At least"), required=False)
    at_most = forms.FloatField(label=_("At most"), required=False)
    when = forms.MultipleChoiceField(
        label=_("Only after one of these answers"),
        help_text=_("Tick nothing to ask it always. Tick answers of one question only."),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, data: Any, *, project: Project, one: Question, asked: Asked, before: Questions) -> None:
        self.languages, self.one = languages_of(project.organisation), one
        initial: dict[str, Any] = {
            "is_required": one.is_required,
            "is_public": one.is_public,
            "at_least": one.at_least,
            "at_most": one.at_most,
            "when": [f"{one.when.question}:{key}" for key in one.when.options] if one.when else [],
        }
        for code, _name in self.languages:
            initial |= {f"label_{code}": one.label.get(code, ""), f"help_{code}": one.help.get(code, "")}
        super().__init__(data, initial=initial)
        for code, _name in self.languages:
            self.fields[f"label_{code}"] = forms.CharField(
                label=_("Question"), required=False, max_length=LABEL_MAX, widget=forms.TextInput({"lang": code})
            )
            self.fields[f"help_{code}"] = forms.CharField(
                label=_("Help"),
                help_text=_("One line, where the question does not say enough."),
                required=False,
                max_length=HELP_MAX,
                widget=forms.TextInput({"lang": code}),
            )
        self.fields["is_public"].help_text = (
            _("Everybody reads the answer with the proposal. Answers given before stay with staff.")
            if asked is Asked.PROPOSAL
            else _("Once the form is closed everybody sees how often each answer was given, never who gave it.")
        )
        choices = [
            (f"{row.key}:{key}", f"{said(row.label)}: {option_name(row, key)}")
            for row in before
            if row.kind in CHOICES
            for key in row.option_keys
        ]
        self.fields["when"].choices = choices  # type: ignore[attr-defined]
        absent = [] if choices else ["when"]
        absent += [] if one.kind is Kind.NUMBER else ["at_least", "at_most"]
        # Counts of a form are of what is chosen; places and documents are never public.
        can_be_public = one.kind not in STAFF_ONLY if asked is Asked.PROPOSAL else one.kind in CHOICES
        absent += [] if can_be_public else ["is_public"]
        for name in absent:
            del self.fields[name]

    def clean_when(self) -> When | None:
        """Read what it depends on."""
        ticked = [value.split(":", 1) for value in self.cleaned_data["when"]]
        if not ticked:
            return None
        if len({question for question, _key in ticked}) > 1:
            raise forms.ValidationError(gettext("Tick answers of one question only."))
        return When(ticked[0][0], tuple(key for _question, key in ticked))

    def by_language(self) -> list[dict[str, object]]:
        """The words, language by language."""
        return [
            {"code": code, "name": name, "fields": [self[f"label_{code}"], self[f"help_{code}"]]}
            for code, name in self.languages
        ]

    def question(self, options: tuple[Option, ...]) -> Question:
        """The question as it was filled in."""
        clean = self.cleaned_data
        return replace(
            self.one,
            label=self._words("label"),
            help=self._words("help"),
            options=options,
            is_required=clean["is_required"],
            is_public=clean.get("is_public", False),
            when=clean.get("when"),
            at_least=clean.get("at_least"),
            at_most=clean.get("at_most"),
        )

    def _words(self, name: str) -> dict[str, str]:
        typed = {code: _line(self.cleaned_data[f"{name}_{code}"]) for code, _name in self.languages}
        return {code: text for code, text in typed.items() if text}


def _line(text: str) -> str:
    return " ".join(cleaned(text).split())


@dataclass(frozen=True, slots=True)
class OptionRow:
    """One answer to choose, as the editor asks for it."""

    key: str
    number: int
    names: list[tuple[str, str, str]]


def _option_rows(
    request: HttpRequest, one: Question, languages: list[tuple[str, str]], highest: int
) -> list[OptionRow]:
    """The answers there are, and empty lines for more, numbered from ``highest`` on."""
    known = {option.key: option.text for option in one.options}
    keys = [*known, *(f"o{highest + n}" for n in range(1, BLANK_OPTIONS + 1))]
    return [
        OptionRow(
            key,
            number,
            [
                (
                    code,
                    name,
                    request.POST.get(f"{key}-{code}", "") if request.POST else known.get(key, {}).get(code, ""),
                )
                for code, name in languages
            ],
        )
        for number, key in enumerate(keys[: OPTIONS_MAX + BLANK_OPTIONS], start=1)
    ]


def _options(rows: list[OptionRow]) -> tuple[Option, ...]:
    """The answers that have words; one without any goes."""
    found = []
    for row in rows:
        text = {code: line for code, _name, typed in row.names if (line := _line(typed[: 2 * LABEL_MAX]))}
        if text:
            found.append(Option(row.key, text))
    return tuple(found)


@desk(DeskAct.SETUP)
def questions(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what is asked, let questions change places and go; a question itself has a page of its own."""
    project = asked_project(request, slug)
    refused = None
    if request.method == "POST":
        act, _colon, which = request.POST.get("act", "").partition(":")
        where, _colon, key = which.partition(":")
        try:
            if act in {"up", "down"} and where in list(Asked):
                move_question(project=project, asked=Asked(where), key=key, up=act == "up", by=clerk(request))
                return redirect("desk_setup_questions", slug=slug)
            if act == "remove" and where in list(Asked):
                remove_question(project=project, asked=Asked(where), key=key, by=clerk(request))
                messages.success(request, gettext("The question is not asked any more."))
                return redirect("desk_setup_questions", slug=slug)
            return kept(request, project, "questions")
        except Refused as found:
            refused = found
    sets = []
    for asked in Asked:
        rows = questions_of(project, asked)
        sets.append(
            {
                "asked": asked.value,
                "name": ASKED_NAMES[asked],
                "help": ASKED_HELP[asked],
                "rows": [_listed(one, rows) for one in rows],
                "shown": shown_questions(rows, {}),
                "css": hiding_css(rows),
                "is_full": len(rows) >= QUESTIONS_MAX,
            }
        )
    kinds = [(kind.value, KIND_NAMES[kind]) for kind in Kind]
    return page(request, project, "questions", {"sets": sets, "kinds": kinds, "most": QUESTIONS_MAX}, refused)


def _listed(one: Question, rows: Questions) -> dict[str, object]:
    facts = [str(KIND_NAMES[one.kind])]
    if one.is_required:
        facts.append(gettext("an answer is needed"))
    facts.append(gettext("others see it") if one.is_public else gettext("staff only"))
    shown = next(row for row in shown_questions(rows, {}) if row.key == one.key)
    return {"key": one.key, "label": said(one.label), "facts": facts, "when_said": shown.when_said}


@desk(DeskAct.SETUP)
def one_question(request: HttpRequest, slug: str, asked: str, key: str) -> HttpResponse:
    """Ask what one question is: its words, its answers, and when it is asked."""
    project = asked_project(request, slug)
    if asked not in list(Asked):
        raise Http404("no such questions")
    rows = questions_of(project, Asked(asked))
    at = next((at for at, row in enumerate(rows) if row.key == key), len(rows))
    if key == NEW:
        kind = request.POST.get("kind") or request.GET.get("kind", "")
        if kind not in list(Kind):
            raise Http404("no such kind")
        one = Question(NEW, Kind(kind), {})
    elif at == len(rows):
        raise Http404("no such question")
    else:
        one = rows[at]
    form = QuestionForm(request.POST or None, project=project, one=one, asked=Asked(asked), before=rows[:at])
    highest = last_option(project, Asked(asked), key)
    options = _option_rows(request, one, form.languages, highest) if one.kind in WITH_OPTIONS else []
    refused = None
    if request.method == "POST" and form.is_valid():
        try:
            made = set_question(
                project=project, asked=Asked(asked), question=form.question(_options(options)), by=clerk(request)
            )
            messages.success(request, gettext("It was kept."))
            if request.POST.get("stay"):
                return redirect("desk_setup_one_question", slug=slug, asked=asked, key=made)
            return redirect("desk_setup_questions", slug=slug)
        except Refused as found:
            refused = found
    context = {
        "form": form,
        "languages": form.by_language(),
        "how": [form[name] for name in ("is_required", "is_public", "at_least", "at_most") if name in form.fields],
        "when": form["when"] if "when" in form.fields else None,
        "options": options,
        "kind": one.kind.value,
        "kind_name": KIND_NAMES[one.kind],
        "asked_name": ASKED_NAMES[Asked(asked)],
        "is_new": key == NEW,
        "staff_only": one.kind in STAFF_ONLY,
        "template": "participation/setup_one_question.html",
    }
    return page(request, project, "questions", context, refused)
