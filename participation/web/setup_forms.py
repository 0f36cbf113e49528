"""The forms of setting up a project: texts by language, the area, the rules of a vote."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from geo.plane.crs import ALL, CRS84
from participation.models import Organisation, Project
from participation.rules.electorate import Eligibility
from participation.rules.templates import TEMPLATES, Consider
from participation.rules.text import in_language
from participation.rules.vote_settings import VoteSettings
from participation.rules.voting import NO_CAP, Method, Rule

PLANES = [(crs.name, f"{crs.title} ({crs.name})") for crs in ALL if crs is not CRS84]
CENTS = 100
CORNERS_MAX = 500

TEXT_LABELS = {
    "title": _("Title"),
    "question": _("The question"),
    "summary": _("In two sentences"),
    "rules": _("Rules of the game"),
    "outcome": _("What will happen with the outcome"),
}
TEXT_HELP = {
    "title": _("Short, for lists: “Charging points”."),
    "question": _("What you ask, as one would ask a neighbour."),
    "summary": _("What one can do, and until when it matters."),
    "rules": _("One rule a line."),
    "outcome": _("Who decides, by when, and what the vote means for that. Promise only what you can keep."),
}
CONSIDER = {
    Consider.PROMISE: _("Is the promise clear? Who decides afterwards, and what if the outcome is not liked?"),
    Consider.MISSING: _("Who is missing? Who will not hear of it, and how do you reach them?"),
    Consider.CHANGE: _("What can residents really change? What is fixed already, and is that said?"),
}


def languages_of(organisation: Organisation) -> list[tuple[str, str]]:
    """The languages of a town with their names, its first one first."""
    names = dict(settings.LANGUAGES)
    return [(code, str(names[code])) for code in organisation.languages or ["nl"] if code in names]


class TextsForm(forms.Form):
    """Texts of a project in each language of its town: fields such as ``title_nl``."""

    def __init__(self, data: Any, *, project: Project, names: Sequence[str]) -> None:
        self.languages, self.names = languages_of(project.organisation), names
        initial = {
            f"{name}_{code}": getattr(project, name).get(code, "") for name in names for code, _name in self.languages
        }
        super().__init__(data, initial=initial)
        for code, _name in self.languages:
            for name in names:
                one_line = name in {"title", "question"}
                widget: forms.Widget = forms.TextInput() if one_line else forms.Textarea(attrs={"rows": 4})
                widget.attrs["lang"] = code
                self.fields[f"{name}_{code}"] = forms.CharField(
                    label=TEXT_LABELS[name], help_text=TEXT_HELP[name], required=False, widget=widget
                )

    def by_language(self) -> list[dict[str, object]]:
        """The fields, language by language."""
        return [
            {"code": code, "name": name, "fields": [self[f"{text}_{code}"] for text in self.names]}
            for code, name in self.languages
        ]

    def texts(self) -> dict[str, dict[str, str]]:
        """What was filled in."""
        return {
            name: {code: self.cleaned_data[f"{name}_{code}"] for code, _name in self.languages} for name in self.names
        }


class NewForm(forms.Form):
    """What a project is called, and what it begins with."""

    title = forms.CharField(label=_("Title"), help_text=TEXT_HELP["title"], max_length=120)
    begin = forms.ChoiceField(label=_("Begin with"), widget=forms.RadioSelect)

    def __init__(self, data: Any, *, language: str, projects: Sequence[Project]) -> None:
        super().__init__(data, initial={"begin": "blank"})
        self.fields["begin"].choices = [  # type: ignore[attr-defined]
            ("blank", _("nothing")),
            *((f"template:{slug}", in_language(template.name, language)) for slug, template in TEMPLATES.items()),
        ]
        self.fields["begin"].choices += [  # type: ignore[attr-defined]
            (f"copy:{project.slug}", gettext("a copy of “%(title)s”") % {"title": in_language(project.title, language)})
            for project in projects
        ]


class AreaForm(forms.Form):
    """Where proposals may lie."""

    kind = forms.ChoiceField(
        label=_("The area"),
        choices=[
            ("town", _("the whole town")),
            ("areas", _("neighbourhoods")),
            ("drawn", _("a drawing on the map")),
            ("file", _("a file")),
            ("none", _("no place: it is not about a spot on the map")),
        ],
        widget=forms.RadioSelect,
    )
    areas = forms.MultipleChoiceField(label=_("Neighbourhoods"), required=False, widget=forms.CheckboxSelectMultiple)
    corners = forms.CharField(
        label=_("Corners of the drawing"),
        help_text=_("One corner a line, latitude and longitude: 50.8553, 2.7262. Or click on the map."),
        required=False,
        widget=forms.Textarea(attrs={"rows": 5, "data-draw-corners": "", "spellcheck": "false"}),
    )
    file = forms.FileField(
        label=_("File"),
        help_text=_("GeoPackage, Shapefile (its parts in one zip), GeoJSON or FlatGeobuf with surfaces."),
        required=False,
    )
    crs = forms.ChoiceField(
        label=_("Coordinate system of the file"), required=False, choices=[("", _("As the file says")), *PLANES]
    )

    def __init__(self, data: Any, files: Any, *, initial: Mapping[str, Any], areas: Sequence[tuple[str, str]]) -> None:
        super().__init__(data, files, initial=dict(initial))
        self.fields["areas"].choices = areas  # type: ignore[attr-defined]


def _whole(label: Any, *, most: int = 30_000, required: bool = True, **more: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=1, max_value=most, required=required, localize=False, **more)


class VoteForm(forms.Form):
    """All rules of a vote."""

    method = forms.ChoiceField(label=_("How one votes"), widget=forms.RadioSelect)
    cap = _whole(_("Choices at most"), most=NO_CAP)
    floor = _whole(_("Choices at least"))
    points = _whole(_("Points to divide"))
    points_max = _whole(_("Points on one at most"))
    budget = forms.IntegerField(
        label=_("The sum to spend, in euros"), min_value=1, max_value=10**9, required=False, localize=False
    )
    cap_per_area = _whole(_("Choices in one neighbourhood at most"), required=False)
    cap_per_theme = _whole(_("Choices of one theme at most"), required=False)
    rule = forms.ChoiceField(label=_("How the votes count"), widget=forms.RadioSelect)
    n_winners = _whole(_("How many are chosen"))
    one_per_area = forms.BooleanField(label=_("Each neighbourhood gets at least one"), required=False)
    eligibility = forms.ChoiceField(
        label=_("Who may vote"),
        choices=[
            (Eligibility.MAIL.value, _("Everyone with a mail address")),
            (Eligibility.VERIFIED.value, _("Residents whom the town verified")),
            (Eligibility.CODE.value, _("Everyone who gets a letter with a code")),
        ],
        widget=forms.RadioSelect,
    )
    min_age = _whole(_("How old one must be"), most=99, required=False, help_text=_("Leave it empty for every age."))
    n_eligible = _whole(_("How many people may vote"), most=2**31 - 1, required=False)
    takes_paper = forms.BooleanField(label=_("Staff type in ballots on paper"), required=False)
    write_ins = forms.BooleanField(label=_("New proposals may come in while the vote runs"), required=False)
    write_ins_join = forms.BooleanField(label=_("Staff may add them to the running ballot"), required=False)
    hides_tally = forms.BooleanField(
        label=_("Nobody sees counts before the vote closes, the town neither"), required=False
    )

    def __init__(
        self, data: Any, *, now: VoteSettings, methods: Mapping[Method, Any], rules: Mapping[Rule, Any]
    ) -> None:
        initial = {name: getattr(now, name) for name in VoteSettings.__dataclass_fields__}
        initial["budget"] = now.budget_cents // CENTS if now.budget_cents else None
        super().__init__(data, initial=initial)
        self.fields["method"].choices = [(method.value, said) for method, said in methods.items()]  # type: ignore[attr-defined]
        self.fields["rule"].choices = [(rule.value, said) for rule, said in rules.items()]  # type: ignore[attr-defined]

    def settings(self) -> VoteSettings:
        """What was filled in."""
        given = dict(self.cleaned_data)
        euros = given.pop("budget")
        given |= {
            "method": Method(given["method"]),
            "rule": Rule(given["rule"]),
            "eligibility": Eligibility(given["eligibility"]),
            "budget_cents": euros * CENTS if euros else None,
        }
        return VoteSettings(**given)

    def groups(self) -> list[tuple[Any, list[forms.BoundField]]]:
        """The fields, under a heading each."""
        heads = (
            (
                _("The ballot"),
                ("method", "cap", "floor", "points", "points_max", "budget", "cap_per_area", "cap_per_theme"),
            ),
            (_("The outcome"), ("rule", "n_winners", "one_per_area", "hides_tally")),
            (_("The voters"), ("eligibility", "min_age", "n_eligible", "takes_paper")),
            (_("New proposals"), ("write_ins", "write_ins_join")),
        )
        return [(head, [self[name] for name in names]) for head, names in heads]


class ConsiderForm(forms.Form):
    """The critical questions."""

    def __init__(self, data: Any, *, given: Mapping[str, str]) -> None:
        super().__init__(data, initial=dict(given))
        for ask, said in CONSIDER.items():
            self.fields[ask.value] = forms.CharField(
                label=said, required=False, widget=forms.Textarea(attrs={"rows": 3})
            )
