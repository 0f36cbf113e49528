"""The forms of studies and scenarios: what a planner fills in, read into what the rules understand."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils.formats import number_format, sanitize_separators
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from participation.models import Area, Project
from siting.models import Check, Criterion, Layer, Study
from siting.models.naming import NAMES, criterion_name
from siting.rules.criteria import BadCriterion, Curve, Kind, Levels, Value, Worth
from siting.rules.measures import NEEDS_ATTRIBUTE, NEEDS_RADIUS, Asked, Measure, Unit
from siting.rules.scenarios import MAX_RADIUS_M, MIN_RADIUS_M, MOST_SITES, Ingredient, Model, Source, Wanted
from siting.rules.templates import TEMPLATES
from siting.selectors.studies import Site, layers_in_use, worth_of
from siting.services.studies import CriterionSettings, Settings
from siting.web import study_words as words

MAX_TITLE, MAX_QUESTION, MAX_WEIGHT = 120, 1000, 1000
CENTS = 100


class StudyForm(forms.Form):
    """What a study asks, apart from its criteria."""

    title = forms.CharField(label=_("Name of the study"), max_length=MAX_TITLE)
    question = forms.CharField(
        label=_("Which question must it answer?"),
        max_length=MAX_QUESTION,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    template = forms.ChoiceField(label=_("Criteria to begin with"), widget=forms.RadioSelect)
    area = forms.ModelChoiceField(
        label=_("Candidates in"), queryset=Area.objects.none(), required=False, empty_label=_("the whole project")
    )
    existing_layer = forms.ChoiceField(label=_("Layer of what is there already"), required=False)
    n_first = forms.IntegerField(
        label=_("How many places at the top matter?"),
        help_text=_("Of these it is said how firm their order is."),
        min_value=1,
        max_value=MOST_SITES,
        initial=12,
    )

    def __init__(self, *args: Any, project: Project, study: Study | None = None, **kwargs: Any) -> None:
        """Offer the neighbourhoods and layers of the project's town; the set of criteria only for a new study."""
        super().__init__(*args, **kwargs)
        area = self.fields["area"]
        assert isinstance(area, forms.ModelChoiceField)
        area.queryset = Area.objects.filter(organisation=project.organisation_id).defer("outline")
        layers = [(layer.slug, layer.name) for layer in layers_in_use(project)]
        kept = study.existing_layer if study else ""
        if kept and kept not in dict(layers):
            layers.append((kept, gettext("%(layer)s (deleted)") % {"layer": kept}))
        _choices(self, "existing_layer", [("", gettext("none")), *layers])
        if study is None:
            _choices(self, "template", [(name, str(words.TEMPLATE_NAMES[name])) for name in TEMPLATES])
            self.initial.setdefault("template", next(iter(TEMPLATES)))
        else:
            del self.fields["template"]

    def settings(self) -> Settings:
        """What was filled in."""
        data = self.cleaned_data
        return Settings(data["title"], data["question"], data["area"], data["existing_layer"], data["n_first"])


def _choices(form: forms.Form, name: str, choices: Iterable[tuple[str, str]]) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    field.choices = list(choices)


def columns_of(layers: Sequence[Layer]) -> list[tuple[str, str]]:
    """Layers, and each of their columns with numbers, as choices: "slug" and "slug|column"."""
    found = []
    for layer in layers:
        found.append((layer.slug, layer.name))
        found += [
            (f"{layer.slug}|{column['name']}", f"{layer.name}: {column['name']}")
            for column in layer.attributes
            if column["kind"] in {"integer", "number"}
        ]
    return found


class WorthField(forms.CharField):
    """What values are worth, as people write it: "0: 0; 250: 1", or "car park: 1; along the road: 0.3"."""

    def clean(self, value: Any) -> Any:
        """Read the points or levels."""
        text = super().clean(value)
        pairs = [part.rpartition(":") for part in re.split(r"[;\n]", text) if part.strip()]
        if not pairs:
            return None
        try:
            worths = [(name.strip(), float(sanitize_separators(worth.strip()))) for name, _colon, worth in pairs]
        except ValueError:
            raise forms.ValidationError(_("Write what each value is worth, such as “0: 0; 250: 1”.")) from None
        try:
            numbers = [(float(sanitize_separators(name.removesuffix("m").strip())), y) for name, y in worths]
        except ValueError:
            numbers = []
        try:
            if numbers:
                return Curve(tuple(sorted(numbers)))
            return Levels(tuple((words.level_of(name), y) for name, y in worths))
        except BadCriterion:
            raise forms.ValidationError(
                _("What a value is worth lies between 0 and 1, and no value is there twice.")
            ) from None


def worth_text(worth: Worth | None) -> str:
    """Write what values are worth as one would type it."""
    if isinstance(worth, Curve):
        return "; ".join(f"{_typed(x)}: {_typed(y)}" for x, y in worth.points)
    if isinstance(worth, Levels):
        return "; ".join(f"{words.level_name(name)}: {_typed(y)}" for name, y in worth.worths)
    return ""


def _typed(number: float) -> str:
    return str(number_format(int(number) if float(number).is_integer() else number))


class CriterionForm(forms.Form):
    """One criterion of a study."""

    name = forms.CharField(label=_("Name"), max_length=MAX_TITLE)
    kind = forms.ChoiceField(
        label=_("What it does"),
        choices=[(Kind.SCORED.value, _("gives points")), (Kind.HARD.value, _("excludes"))],
    )
    weight = forms.FloatField(label=_("Weight"), min_value=0, max_value=MAX_WEIGHT, required=False, localize=True)
    worth = WorthField(
        label=_("What values are worth"),
        help_text=_("Value: worth from 0 to 1, in between straight lines. Such as 0: 0; 250: 1"),
        required=False,
        max_length=300,
    )
    least = forms.FloatField(label=_("At least"), required=False, localize=True)
    most = forms.FloatField(label=_("At most"), required=False, localize=True)
    measure = forms.ChoiceField(label=_("How it is measured"))
    of = forms.ChoiceField(label=_("Layer, or column of a layer"), required=False)
    check = forms.ChoiceField(label=_("Which check"), required=False)
    radius_m = forms.IntegerField(label=_("Within how many metres"), min_value=1, max_value=50_000, required=False)
    source = forms.CharField(label=_("Where it comes from"), max_length=300, required=False)
    drop = forms.BooleanField(label=_("Leave this criterion out"), required=False)

    def __init__(self, *args: Any, layers: Sequence[Layer], row: Criterion | None = None, **kwargs: Any) -> None:
        """Offer what can be measured; begin with what is kept."""
        if row is not None:
            kwargs["initial"] = self._kept(row)
        super().__init__(*args, **kwargs)
        _choices(self, "measure", [(measure.value, str(said)) for measure, said in words.MEASURES.items()])
        choices = columns_of(layers)
        kept = self.initial.get("of", "")
        if kept and kept not in dict(choices):
            choices.append((kept, gettext("%(layer)s (deleted)") % {"layer": kept.replace("|", ": ")}))
        _choices(self, "of", [("", gettext("none")), *choices])
        _choices(self, "check", [("", gettext("none")), *((value, str(label)) for value, label in Check.Kind.choices)])
        if row is None:
            del self.fields["drop"]

    @staticmethod
    def _kept(row: Criterion) -> dict[str, Any]:
        is_check = row.measure == Measure.CHECK
        return {
            "name": criterion_name(row),
            "kind": row.kind,
            "weight": row.weight,
            "worth": worth_text(worth_of(row.worth)),
            "least": row.least,
            "most": row.most,
            "measure": row.measure,
            "of": f"{row.layer}|{row.attribute}" if row.layer and row.attribute else row.layer,
            "check": row.attribute if is_check else "",
            "radius_m": row.radius_m,
            "source": row.source,
        }

    def clean(self) -> dict[str, Any]:
        """See that it can judge and be measured; a layer may still be missing, that is told beside the outcome."""
        data = super().clean() or {}
        if data.get("drop") or self.errors:
            return data
        measure = Measure(data["measure"])
        is_levels = isinstance(data["worth"], Levels)
        if data["kind"] == Kind.SCORED and data["worth"] is None:
            self.add_error("worth", _("Say what values are worth: this criterion gives points."))
        if data["kind"] == Kind.HARD and data["least"] is None and data["most"] is None and not is_levels:
            self.add_error("least", _("Say from which value on a candidate is excluded: at least, or at most."))
        if measure in NEEDS_RADIUS and not data["radius_m"]:
            self.add_error("radius_m", _("Say within how many metres."))
        if measure in NEEDS_ATTRIBUTE and data["of"] and "|" not in data["of"]:
            self.add_error("of", _("Choose a column of the layer: its numbers are read."))
        if measure is Measure.CHECK and not data["check"]:
            self.add_error("check", _("Say which check."))
        return data

    def settings(self, row: Criterion | None = None) -> CriterionSettings:
        """What was filled in; a name that is the one of the code stays the one of the code, in every language."""
        data = self.cleaned_data
        measure = Measure(data["measure"])
        layer, _bar, column = data["of"].partition("|")
        attribute = data["check"] if measure is Measure.CHECK else column if measure in NEEDS_ATTRIBUTE else ""
        own = data["name"] if row is None or data["name"] != str(NAMES.get(row.code, "")) else ""
        return CriterionSettings(
            name=own,
            kind=Kind(data["kind"]),
            weight=data["weight"] or 0.0,
            worth=data["worth"],
            least=data["least"],
            most=data["most"],
            asked=Asked(measure, "" if measure is Measure.CHECK else layer, attribute, data["radius_m"]),
            source=data["source"],
        )


def value_field(row: Criterion) -> forms.Field:
    """A field for one value typed by hand, as its criterion asks."""
    unknown = ("", gettext("not known"))
    if row.worth.get("levels"):
        levels = [(name, words.level_name(name)) for name, _y in row.worth["levels"]]
        return forms.ChoiceField(choices=[unknown, *levels], required=False)
    if row.unit == Unit.YES_NO:
        choices = [unknown, ("1", gettext("yes")), ("0", gettext("no"))]
        return forms.ChoiceField(choices=choices, required=False)
    return forms.FloatField(required=False, localize=True, min_value=-1e9, max_value=1e9)


def typed_value(row: Criterion, found: Any) -> Value:
    """What was typed, as it is kept."""
    if found in (None, ""):
        return None
    return str(found) if row.worth.get("levels") else float(found)


class ScenarioForm(forms.Form):
    """What a scenario asks."""

    title = forms.CharField(label=_("Name of the scenario"), max_length=MAX_TITLE)
    model = forms.ChoiceField(label=_("How places are chosen"), widget=forms.RadioSelect)
    k = forms.IntegerField(
        label=_("How many places"),
        help_text=_("Empty: as many as it takes, or as many as the vote chose."),
        min_value=1,
        max_value=MOST_SITES,
        required=False,
    )
    radius_m = forms.IntegerField(
        label=_("Within reach is: at most so many metres"), min_value=MIN_RADIUS_M, max_value=MAX_RADIUS_M, initial=250
    )
    supports = forms.FloatField(label=_("Supporters"), min_value=0, required=False, localize=True, initial=100)
    pins = forms.FloatField(label=_("Proposals, each the same"), min_value=0, required=False, localize=True)
    votes = forms.FloatField(label=_("Votes, once counted"), min_value=0, required=False, localize=True)
    people = forms.FloatField(label=_("People of a layer"), min_value=0, required=False, localize=True)
    people_of = forms.ChoiceField(label=_("Which column of which layer"), required=False)
    uses_existing = forms.BooleanField(label=_("What is there already counts"), required=False, initial=True)
    uses_built = forms.BooleanField(
        label=_("What we built since counts too"),
        required=False,
        initial=True,
        help_text=_("Places whose decision is carried out: their state is “built”."),
    )
    at_least_per_area = forms.IntegerField(
        label=_("At least so many in each neighbourhood"), min_value=0, max_value=20, required=False
    )
    spacing_m = forms.IntegerField(
        label=_("At least so many metres between places"), min_value=0, max_value=MAX_RADIUS_M, required=False
    )
    budget = forms.IntegerField(label=_("Budget, in euros"), min_value=0, max_value=10**9, required=False)
    price = forms.IntegerField(
        label=_("What one place costs, in euros"),
        help_text=_("For places of which no cost is known."),
        min_value=0,
        max_value=10**8,
        required=False,
    )
    must = forms.TypedMultipleChoiceField(label=_("Must be in"), coerce=int, required=False)
    must_not = forms.TypedMultipleChoiceField(label=_("May not be in"), coerce=int, required=False)

    def __init__(self, *args: Any, layers: Sequence[Layer], sites: Sequence[Site], **kwargs: Any) -> None:
        """Offer the candidates of the study and the columns of the town's layers."""
        super().__init__(*args, **kwargs)
        chosen = (Model.COVER, Model.MEDIAN, Model.FEWEST, Model.VOTED)
        _choices(self, "model", [(model.value, str(words.MODELS[model])) for model in chosen])
        self.initial.setdefault("model", Model.COVER.value)
        columns = [choice for choice in columns_of(layers) if "|" in choice[0]]
        _choices(self, "people_of", [("", gettext("none")), *columns])
        named = [(str(site.number), f"{site.title} ({site.area})" if site.area else site.title) for site in sites]
        for name in ("must", "must_not"):
            _choices(self, name, named)
            self.fields[name].widget.attrs["size"] = 6

    def clean(self) -> dict[str, Any]:
        """See that it says how many, and for whom."""
        data = super().clean() or {}
        if self.errors:
            return data
        if data["model"] in {Model.COVER, Model.MEDIAN} and data["k"] is None and data["budget"] is None:
            self.add_error("k", _("Say how many places, or give a budget."))
        if data["budget"] is not None and data["price"] is None:
            self.add_error("price", _("Say what one place costs: a budget needs prices."))
        if data["people"] and not data["people_of"]:
            self.add_error("people_of", _("Choose the column that says how many people there are."))
        if not any(data[name] for name in ("supports", "pins", "votes", "people")):
            self.add_error("supports", _("Say for whom places are chosen: give at least one of these a share."))
        if both := set(data["must"]) & set(data["must_not"]):
            self.add_error("must_not", _("The same place must be in and may not: %(n)s.") % {"n": len(both)})
        return data

    def wanted(self) -> Wanted:
        """What was filled in."""
        data = self.cleaned_data
        layer, _bar, column = data["people_of"].partition("|")
        mix = [Ingredient(source, data[source.value] or 0) for source in Source if source is not Source.LAYER]
        mix.append(Ingredient(Source.LAYER, data["people"] or 0, layer, column))
        return Wanted(
            model=Model(data["model"]),
            mix=tuple(part for part in mix if part.share),
            radius_m=data["radius_m"],
            k=data["k"],
            budget_cents=None if data["budget"] is None else data["budget"] * CENTS,
            price_cents=None if data["price"] is None else data["price"] * CENTS,
            uses_existing=data["uses_existing"],
            uses_built=data["uses_built"],
            must=tuple(data["must"]),
            must_not=tuple(data["must_not"]),
            at_least_per_area=data["at_least_per_area"] or 0,
            spacing_m=data["spacing_m"] or 0,
        )
