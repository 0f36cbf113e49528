"""The desk's page of webhooks: which programs are told of what, and every message with what came of it."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from participation.models import Delivery, Webhook
from participation.rules.outgoing import URL_MAX
from participation.rules.refusals import Code, Refused
from participation.rules.roles import DeskAct
from participation.rules.webhooks import NAME_MAX, TEST, Event
from participation.selectors.webhooks import deliveries_of, webhooks_of
from participation.services.webhooks import add_webhook, pause_webhook, remove_webhook, send_again, try_webhook
from participation.web.asking import desk, town_of
from participation.web.desk import clerk, town_items
from participation.web.sentences import refusal, sentence, status_of

A_PAGE = 50
EVENTS = {
    Event.PROPOSAL_PUBLISHED: _("A proposal becomes public"),
    Event.PROPOSAL_HIDDEN: _("A proposal is public no more"),
    Event.ANSWERS_PUBLISHED: _("The town answers"),
    Event.VOTE_COUNTED: _("A vote is counted"),
    Event.PROJECT_PUBLISHED: _("A project becomes public"),
}
NAMES: dict[str, Any] = {event.value: said for event, said in EVENTS.items()} | {TEST: _("A test")}


class WebhookForm(forms.Form):
    """Asks whom to tell of what; the rules say what is missing."""

    name = forms.CharField(
        label=_("What is it for?"), help_text=_("Such as “Town website” or “GIS server”."), max_length=NAME_MAX,
        required=False,
    )  # fmt: skip
    url = forms.CharField(label=_("Address that is called"), max_length=URL_MAX, required=False)
    events = forms.MultipleChoiceField(
        label=_("What is it told of?"),
        choices=[(event.value, said) for event, said in EVENTS.items()],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )


def _why(tried: Mapping[str, Any]) -> str:
    """What came of a try that nobody answered: a refusal in words, anything else as the machine said it."""
    known = next((code for code in Code if code.value == tried["why"]), None)
    return str(sentence(known, tried["facts"])) if known else str(tried["why"])


def _row(delivery: Delivery) -> dict[str, Any]:
    """A message as the page shows it."""
    tries = [
        {"at": parse_datetime(each["at"]), "status": each["status"], "ms": each["ms"], "why": _why(each)}
        for each in delivery.tries
    ]
    state = "taken" if delivery.taken_at else "waiting" if delivery.due_at else "given_up"
    return {"row": delivery, "event": NAMES.get(delivery.event, delivery.event), "tries": tries[::-1], "state": state}


def _hook(webhook: Webhook) -> dict[str, Any]:
    return {"row": webhook, "events": [str(NAMES[event]) for event in webhook.events if event in NAMES]}


@desk(DeskAct.TOKENS)
def webhooks_page(request: HttpRequest) -> HttpResponse:
    """Show the webhooks and their messages; a POST adds one and shows its secret, this one time."""
    town, now = town_of(request), timezone.now()
    form = WebhookForm(request.POST or None)
    said, status, secret = None, 200, ""
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                _made, secret = add_webhook(organisation=town, by=clerk(request), now=now, **form.cleaned_data)
            except Refused as refused:
                said, status = refusal(refused), status_of(refused)
            else:
                form, status = WebhookForm(), 200
    asked = request.GET.get("webhook", "")
    only = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 10 else None
    page = Paginator(deliveries_of(town, only), A_PAGE).get_page(request.GET.get("page"))
    context = {
        "desk_items": town_items(request),
        "form": form,
        "refusal": said,
        "secret": secret,
        "hooks": [_hook(webhook) for webhook in webhooks_of(town)],
        "hosts": [str(origin) for origin in settings.WEBHOOK_HOSTS],
        "page": page,
        "deliveries": [_row(delivery) for delivery in page.object_list],
        "only": only,
    }
    response = render(request, "participation/desk_webhooks.html", context, status=status)
    # The page may hold a secret: no cache keeps it, not even the browser's own for its back button.
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@desk(DeskAct.TOKENS)
def change(request: HttpRequest, key: int) -> HttpResponse:
    """Try a webhook out, pause it, let it go on, or remove it."""
    town, by, act, now = town_of(request), clerk(request), request.POST.get("act", ""), timezone.now()
    if act == "remove":
        webhook = remove_webhook(organisation=town, key=key, by=by)
        messages.success(request, gettext("“%(name)s” is told nothing any more.") % {"name": webhook.name})
    elif act in {"pause", "resume"}:
        webhook = pause_webhook(organisation=town, key=key, paused=act == "pause", by=by, now=now)
        said = gettext("“%(name)s” is paused. What happens meanwhile waits.")
        said = said if act == "pause" else gettext("“%(name)s” goes on. What waited is being sent.")
        messages.success(request, said % {"name": webhook.name})
    else:
        try_webhook(organisation=town, key=key, by=by, now=now)
        messages.success(request, gettext("A test is on its way. Look below in some seconds."))
    return redirect("desk_webhooks")


@require_POST
@desk(DeskAct.TOKENS)
def again(request: HttpRequest, key: int) -> HttpResponse:
    """Send a message once more."""
    send_again(organisation=town_of(request), delivery=key, by=clerk(request), now=timezone.now())
    messages.success(request, gettext("The message is on its way again. Look below in some seconds."))
    return redirect("desk_webhooks")
