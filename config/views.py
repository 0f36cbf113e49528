"""Pages of the installation itself: health, readiness, and what a refused form says."""

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def healthz(request: HttpRequest) -> HttpResponse:
    """Say that the process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request: HttpRequest) -> HttpResponse:
    """Say whether the database answers and its tables are there; 503 if not."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM participation_organisation LIMIT 1")
            ready = cursor.fetchone() is not None
    except Exception:  # noqa: BLE001 -- whatever is wrong, the answer is "not ready"
        ready = False
    return HttpResponse("ready\n" if ready else "not ready\n", content_type="text/plain", status=200 if ready else 503)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Explain a form whose protection token went missing, in a sentence."""
    return render(request, "errors/csrf.html", status=403)
