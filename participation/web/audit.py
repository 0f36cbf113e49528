"""The audit trail at the desk: who did what, filtered, and to take along."""

import csv
import io
from collections.abc import Iterator
from datetime import datetime, timedelta

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.timezone import get_current_timezone, localtime
from django.utils.translation import gettext_lazy as _

from geo.formats.formulas import inert
from participation.models import Organisation, Record
from participation.rules.roles import DeskAct
from participation.selectors.queue import projects_at_the_desk
from participation.selectors.staff import Asked, acts_done, staff_of, trail
from participation.selectors.undoing import undoable
from participation.web import acts
from participation.web.asking import desk, may_do, town_of
from participation.web.desk import town_items
from participation.web.taken import take_file

A_PAGE = 50
COLUMNS = ("at", "act", "person", "project", "subject", "detail", "said")


class TrailForm(forms.Form):
    """What is looked for."""

    act = forms.ChoiceField(label=_("Act"), required=False)
    person = forms.ChoiceField(label=_("Who"), required=False)
    project = forms.ChoiceField(label=_("Project"), required=False)
    since = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    until = forms.DateField(
        label=_("Up to and including"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, data: object, organisation: Organisation) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        done = sorted((acts.kind_said(act), act) for act in acts_done(organisation))
        people = [(str(member.person_id), str(member.person)) for member in staff_of(organisation)]
        projects = [(project.slug, project.slug) for project in projects_at_the_desk(organisation)]
        self._offer("act", [(act, said) for said, act in done])
        self._offer("person", people)
        self._offer("project", projects)

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        self.fields[name].choices = [("", _("all")), *choices]  # type: ignore[attr-defined]

    def asked(self) -> Asked:
        """Read it; what is not good looks for nothing in particular."""
        self.is_valid()
        data = self.cleaned_data
        zone = get_current_timezone()

        def begin(name: str, days: int) -> datetime | None:
            day = data.get(name)
            return datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(days=days) if day else None

        person = data.get("person") or ""
        return Asked(
            act=data.get("act") or "",
            person=int(person) if person else None,
            project=data.get("project") or "",
            since=begin("since", 0),
            until=begin("until", 1),
        )


@desk(DeskAct.AUDIT)
def audit_page(request: HttpRequest) -> HttpResponse:
    """Show the acts of this town, the latest first."""
    town = town_of(request)
    form = TrailForm(request.GET or {}, town)
    page = Paginator(trail(town, form.asked()), A_PAGE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    records = list(page.object_list)
    can_be_undone = undoable(records) if may_do(request, DeskAct.MODERATE) else set()
    context = {
        "desk_items": town_items(request),
        "form": form,
        "page": page,
        "records": [
            {
                "row": record,
                "said": acts.said(record),
                "about": ", ".join(filter(None, (acts.subject_said(record), acts.details_said(record)))),
                "can_be_undone": record.pk in can_be_undone,
            }
            for record in records
        ],
        "back": request.get_full_path(),
        "query": query.urlencode(),
    }
    return render(request, "participation/desk_audit.html", context)


class _Echo(io.StringIO):
    """Hands each written line on at once."""

    def write(self, text: str) -> str:  # type: ignore[override]
        """Give the line back."""
        return text


def _lines(records: Iterator[Record]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow(COLUMNS)
    for record in records:
        cells = (
            localtime(record.at).isoformat(),
            record.act,
            str(record.person or ""),
            record.project.slug if record.project else "",
            acts.subject_said(record),
            ", ".join(f"{name}={value}" for name, value in record.detail.items()),
            acts.said(record),
        )
        yield writer.writerow([inert(cell) for cell in cells])


@desk(DeskAct.AUDIT)
def audit_file(request: HttpRequest) -> HttpResponseBase:
    """Hand the same acts out as CSV."""
    town = town_of(request)
    rows = trail(town, TrailForm(request.GET or {}, town).asked())
    take_file(request, "acts", format="csv", n=rows.count())
    answer = StreamingHttpResponse(_lines(rows.iterator(chunk_size=500)), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{town.slug}-audit.csv"'
    return answer
