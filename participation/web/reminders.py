"""The way out of reminders: a link in each of them, one button, no signing in."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt

from participation.services.reminders import person_of_token, set_reminders


# Mail programs press this button from outside (RFC 8058); the signed token in the address is what lets them.
@csrf_exempt
def reminders(request: HttpRequest, token: str) -> HttpResponse:
    """Show the button; pressed, no reminder comes any more, and a button to have them again is shown.

    Looking changes nothing: mail filters open every link.
    """
    person = person_of_token(token)
    if person is None:
        raise Http404("no such link")
    wanted = person.reminders
    if request.method == "POST":
        wanted = request.POST.get("wanted") == "1"
        set_reminders(person, wanted=wanted)
    return render(request, "participation/reminders.html", {"wanted": wanted})
