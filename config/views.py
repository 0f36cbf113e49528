"""Pages of the installation itself: health, readiness, whom to tell, and what a refused form says."""

import email
import email.policy
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from participation.models import Organisation
from participation.queries.web_role import State, state

OUTBOX_SHOWS = 30
# The only thing in a mail that stands alone on its line in figures is a sign-in code.
CODE_LINE = re.compile(r"^(\d{6})\s*$", re.MULTILINE)


def healthz(request: HttpRequest) -> HttpResponse:
    """Say that the process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request: HttpRequest) -> HttpResponse:
    """Say whether the database answers and its tables are there, 503 if not; and in words what weakens a vote."""
    try:
        found = state()
        ready = Organisation.objects.exists()
    except Exception:
        return HttpResponse("not ready\n", content_type="text/plain", status=503)
    lines = ["ready" if ready else "not ready", *([] if settings.TESTING else weaknesses(found))]
    return HttpResponse("\n".join([*lines, ""]), content_type="text/plain", status=200 if ready else 503)


def weaknesses(found: State) -> list[str]:
    """Say what of this connection could cost votes: its role, settings against loss, tables it was not granted."""
    said = []
    if found.can_change_votes:
        said.append(
            f"warning: the server connects as {found.role}, which could change votes that were cast;"
            " make a role that cannot: manage.py web_role"
        )
    said += [f"warning: {name} is off, so a ballot that was confirmed may be lost in a crash" for name in found.off]
    if found.unreadable:
        said.append(
            f"warning: {found.role} may not read {', '.join(found.unreadable)};"
            " run manage.py web_role as the owner after every migrate"
        )
    return said


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Explain a form whose protection token went missing, in a sentence."""
    return render(request, "errors/csrf.html", status=403)


def outbox(request: HttpRequest) -> HttpResponse:
    """Show the mails of the demo, newest first, so that a sign-in code can be read. Nowhere else."""
    if not settings.DEMO:
        raise Http404
    # The mailer opens one file a process and appends to it, each mail closed by a line of dashes.
    written = (path.read_bytes() for path in Path(settings.EMAIL_FILE_PATH).glob("*.log"))
    raw = (one for mails in written for one in mails.split(b"-" * 79 + b"\n") if one.strip())
    shown = []
    for mail in (email.message_from_bytes(one, policy=email.policy.default) for one in raw):
        body = mail.get_body(("plain",))
        text = body.get_content() if body else ""
        code = CODE_LINE.search(text)
        sent_at = mail["Date"].datetime if mail["Date"] else datetime.fromtimestamp(0, UTC)
        shown.append(
            {"to": mail["To"], "subject": mail["Subject"], "sent_at": sent_at, "text": text, "code": code and code[1]}
        )
    shown.sort(key=lambda mail: mail["sent_at"], reverse=True)
    return render(request, "outbox.html", {"mails": shown[:OUTBOX_SHOWS]})


class ExampleForm(forms.Form):
    """One field of each kind, for the page of components."""

    title = forms.CharField(
        label=gettext_lazy("What is your place called?"), help_text=gettext_lazy("A street, a square, a building.")
    )
    reason = forms.CharField(label=gettext_lazy("Why here?"), widget=forms.Textarea(attrs={"rows": 3}), required=False)
    theme = forms.ChoiceField(
        label=gettext_lazy("Kind of place"),
        choices=[("", "-"), ("square", gettext_lazy("Square")), ("parking", gettext_lazy("Car park"))],
    )
    use = forms.ChoiceField(
        label=gettext_lazy("When would you use it?"),
        choices=[("day", gettext_lazy("By day")), ("night", gettext_lazy("At night"))],
        widget=forms.RadioSelect,
    )
    follow = forms.BooleanField(label=gettext_lazy("Mail me when something happens to it"), required=False)


def style(request: HttpRequest) -> HttpResponse:
    """Show every component with invented figures, in the reader's language."""
    squares = SimpleNamespace(
        name={"nl": "Plein", "fr": "Place", "en": "Square", "de": "Platz"}, colour="#1f5c3a", position=0
    )
    parking = SimpleNamespace(name={"nl": "Parking", "en": "Car park", "de": "Parkplatz"}, colour="#b45309", position=1)
    named = [
        ("Paardenmarkt", "Poperinge", squares),
        ("Watouplein", "Watou", squares),
        ("Gasthuisparking", "Poperinge", parking),
    ]
    proposals = [
        SimpleNamespace(
            number=number,
            title=title,
            area=SimpleNamespace(name=area),
            theme=theme,
            get_origin_display=_("proposed by the city"),
            body=_("Close to the shops, lit at night."),
        )
        for number, (title, area, theme) in enumerate(named, start=1)
    ]
    town = getattr(request, "organisation", None)
    points = [(2.7228, 50.8546), (2.6205, 50.8596), (2.7235, 50.8568)]
    context = {
        "form": ExampleForm(),
        "refused_form": ExampleForm({"title": "", "use": "day"}, prefix="refused"),
        "proposals": proposals,
        "theme": squares,
        "phases": [
            {"name": _("Information"), "state": "done", "when": _("done")},
            {"name": _("Vote and add"), "state": "now", "when": _("12 days left")},
            {"name": _("Check"), "state": "next", "when": _("December")},
            {"name": _("Decision"), "state": "next", "when": _("January")},
        ],
        "steps": [_("Where?"), _("What and why?"), _("Is it right?")],
        "tabs": [
            {"href": "#1", "label": _("Places") + " (38)", "current": True},
            {"href": "#2", "label": _("Rules of the game"), "current": False},
        ],
        "bars": [
            {"rank": 1, "name": "Paardenmarkt", "what": "Poperinge", "value": 448, "wins": True, "url": ""},
            {"rank": 2, "name": "Watouplein", "what": "Watou", "value": 399, "wins": True, "url": ""},
            {"rank": 3, "name": "Gasthuisparking", "what": "Poperinge", "value": 231, "wins": False, "url": ""},
        ],
        "columns": [
            {"label": _("Village"), "number": False},
            {"label": _("Voters"), "number": True},
            {"label": _("per 1,000 inhabitants"), "number": True},
        ],
        "rows": [["Watou", 214, 128], ["Poperinge", 596, 43], ["Proven", 88, 74]],
        "page": Paginator(range(60), 20).page(2),
        "map": {
            "bounds": [2.58, 50.77, 2.83, 50.96],
            "pins": [
                {"number": p.number, "title": p.title, "area": p.area.name, "lon": lon, "lat": lat}
                for p, (lon, lat) in zip(proposals, points, strict=True)
            ],
            "outline": json.loads(town.outline.json) if town and town.outline else None,
            "places": [{"name": "Watou", "lon": 2.6205, "lat": 50.8596}],
            "chosen": [2],
        },
    }
    return render(request, "style.html", context)


def security_txt(request: HttpRequest) -> HttpResponse:
    """Say whom to tell about a hole (RFC 9116); 404 for a town that named no address."""
    contact = request.organisation.contact_email  # type: ignore[attr-defined]
    if not contact:
        raise Http404("no contact address")
    expires = (timezone.now() + timedelta(days=180)).strftime("%Y-%m-%dT00:00:00Z")
    lines = [f"Contact: mailto:{contact}", f"Expires: {expires}", "Preferred-Languages: nl, fr, en, de"]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
