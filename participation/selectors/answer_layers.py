"""Answers as flat columns: for staff every sheet of a project as a table, for everybody what is public of a proposal.

A question is one column; one with several answers to tick is a column an answer. A column is called by the question's
key and its first words in the town's language, so that its name stays when the words change.
"""

from collections.abc import Iterator, Sequence
from uuid import UUID

from django.contrib.gis.db.models import GeometryField
from django.db.models import (
    BooleanField,
    Case,
    CharField,
    Count,
    DateField,
    FloatField,
    Func,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce, Concat
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from geo.catalog import Asker, FeatureSource
from geo.columns import Column
from participation.models import AnswerSheet, FormVersion, Membership, Organisation, Person, Project, ProjectRole
from participation.rules.questions import AGREEMENT, Asked, Kind, Question, read
from participation.rules.roles import DESK_ACTS, DeskAct
from participation.rules.text import in_language
from participation.selectors.forms import that_count
from participation.selectors.organisations import address_of

NAME_MAX = 40
_MAY_EXPORT = [role for role, acts in DESK_ACTS.items() if DeskAct.EXPORT in acts]
_TITLES = {
    Asked.ALONE: gettext_lazy("%(project)s: answers to the form"),
    Asked.PROPOSAL: gettext_lazy("%(project)s: answers with proposals"),
}
# Stands for the key of a file while its address is taken apart.
_ANY = UUID(int=0)
# What follows the project's name in the name of a layer.
LAYERS = {Asked.ALONE: "form", Asked.PROPOSAL: "form-with-proposals"}


def _versions(project: Project, asked: Asked) -> list[FormVersion]:
    """The versions of its questions, the first one first; no query where they were fetched beforehand."""
    return sorted((row for row in project.form_versions.all() if row.asked == asked), key=lambda row: row.number)


def _columns(project: Project, versions: Sequence[FormVersion]) -> Iterator[tuple[Question, Column]]:
    """Every question ever asked as columns of its sheets."""
    first = (project.organisation.languages or ["nl"])[0]
    last: dict[str, Question] = {}
    names: dict[str, str] = {}
    options: dict[str, dict[str, str]] = {}
    language = get_language() or "nl"
    for version in versions:
        for one in read(version.questions):
            last[one.key] = one
            words = slugify(in_language(one.label, first)).replace("-", "_")
            names.setdefault(one.key, f"{one.key}_{words}"[:NAME_MAX].rstrip("_"))
            ever = options.setdefault(one.key, {})
            ever |= {option.key: in_language(option.text, language) for option in one.options}
    for key, one in last.items():
        for column in _flat(project.organisation, one, names[key], in_language(one.label, language), options[key]):
            yield one, column


def _flat(town: Organisation, one: Question, name: str, title: str, options: dict[str, str]) -> Iterator[Column]:
    text = KeyTextTransform(one.key, "answers")
    match one.kind:
        case Kind.NUMBER:
            yield Column(name, Cast(text, FloatField()), "number", title)
        case Kind.AGREE:
            # A number, to be reckoned with: 1 disagrees completely, 5 agrees completely.
            yield Column(name, Cast(text, FloatField()), "number", f"{title} ({AGREEMENT[0]}–{AGREEMENT[-1]})")
        case Kind.DATE:
            yield Column(name, Cast(text, DateField()), "date", title)
        case Kind.ONE:
            words = [When(**{f"answers__{one.key}": key}, then=Value(said)) for key, said in options.items()]
            yield Column(name, Case(*words, default=None, output_field=TextField()), "text", title)
        case Kind.MANY:
            for key, said in options.items():
                ticked = Case(
                    When(**{f"answers__{one.key}__contains": key}, then=Value(True)),
                    When(answers__has_key=one.key, then=Value(False)),
                    default=None,
                    output_field=BooleanField(),
                )
                yield Column(f"{name}_{key}", ticked, "boolean", f"{title}: {said}")
        case Kind.POINT:
            for axis, function in (("lon", "ST_X"), ("lat", "ST_Y")):
                place = Func(text, function="ST_GeomFromGeoJSON", output_field=GeometryField())
                read_off = Func(place, function=function, output_field=FloatField())
                yield Column(f"{name}_{axis}", read_off, "number", f"{title}: {axis}")
        case Kind.LINE | Kind.AREA:
            place = Func(text, function="ST_GeomFromGeoJSON", output_field=GeometryField())
            yield Column(f"{name}_wkt", Func(place, function="ST_AsText", output_field=CharField()), "text", title)
        case Kind.PHOTO | Kind.FILE:
            before, after = f"{address_of(town)}{reverse('answer_file', args=(_ANY,))}".split(str(_ANY))
            file = Concat(Value(before), text, Value(after), output_field=TextField())
            there = Case(When(answers__has_key=one.key, then=file), default=None, output_field=TextField())
            yield Column(name, there, "text", title)
        case _:
            yield Column(name, text, "text", title)


def public_columns(project: Project) -> list[Column]:
    """What everybody may know of the answers with a public proposal: what was announced as public when it was asked."""
    versions = _versions(project, Asked.PROPOSAL)
    if not versions:
        return []
    asked = {version.pk: read(version.questions) for version in versions}
    found = []
    for one, column in _columns(project, versions):
        told = [pk for pk, questions in asked.items() if any(q.key == one.key and q.is_public for q in questions)]
        # Public now, and public for those who answered it.
        if versions[-1].pk in told:
            sheet = AnswerSheet.objects.filter(proposal=OuterRef("pk"), version__in=told).order_by()
            value = Subquery(sheet.annotate(kp_given=column.path).values("kp_given"))
            found.append(Column(column.name, value, column.kind, column.title))
    return found


def answers_layer(project: Project, asked: Asked) -> FeatureSource:
    """Every sheet of a project as a table, without who sent it."""
    columns = [
        Column("number", "pk", "integer", gettext_lazy("Number")),
        Column("sent_on", "sent_at", "date", gettext_lazy("Sent on")),
        Column("language", "language", "text", gettext_lazy("Language")),
        Column("has_account", _has_account(), "boolean", gettext_lazy("With an account")),
        Column("version", "version__number", "integer", gettext_lazy("Version of the form")),
    ]
    if asked is Asked.PROPOSAL:
        columns.insert(1, Column("proposal", "proposal__number", "integer", gettext_lazy("Proposal")))
        columns.insert(2, Column("title", Coalesce("proposal__title", Value("")), "text", gettext_lazy("Title")))
    columns += [column for _one, column in _columns(project, _versions(project, asked))]
    title = in_language(project.title, get_language() or "nl")
    rows = that_count(AnswerSheet.objects.filter(project=project, proposal__isnull=asked is Asked.ALONE))
    return FeatureSource(
        id=f"{project.slug}-{LAYERS[asked]}",
        title=_TITLES[asked] % {"project": title},
        description=_("What people answered, one row a form; for staff alone."),
        rows=rows,
        geometry=None,
        geometry_type=None,
        key="pk",
        columns=tuple(columns),
        # Nothing is told by a layer of staff to a cache, and a sheet that is changed has the same number.
        updated=f"answers.{project.pk}.{_latest(rows)}",
        time="sent_on",
    )


def _has_account() -> Case:
    return Case(When(person__isnull=False, then=Value(True)), default=Value(False), output_field=BooleanField())


def _latest(rows: QuerySet[AnswerSheet]) -> str:
    found = rows.aggregate(n=Count("pk"), sent=Max("sent_at"), changed=Max("changed_at"))
    return f"{found['n']}.{found['sent']}.{found['changed']}"


def layers_of_answers(project: Project) -> list[FeatureSource]:
    """The tables of answers a project has."""
    asked_in = {row.asked for row in project.form_versions.all()}
    return [answers_layer(project, asked) for asked in Asked if asked in asked_in]


def staff_layers(asker: Asker) -> Iterator[FeatureSource]:
    """The tables of answers of a town, for its staff who may take data along."""
    if not isinstance(asker.person, Person):
        return
    # In one question, because every list of layers asks it.
    town = Membership.objects.filter(person=asker.person, role__in=_MAY_EXPORT).values("organisation")
    single = ProjectRole.objects.filter(person=asker.person, role__in=_MAY_EXPORT).values("project")
    projects = (
        Project.objects.filter(organisation__slug=asker.organisation, form_versions__isnull=False)
        .filter(Q(organisation__in=town) | Q(pk__in=single))
        .exclude(state=Project.State.DRAFT)
        .select_related("organisation")
        .defer("area", "organisation__outline")
        .prefetch_related("form_versions")
        .distinct()
        .order_by("slug")
    )
    for project in projects:
        yield from layers_of_answers(project)
