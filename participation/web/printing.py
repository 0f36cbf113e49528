"""Turns a page into an accessible PDF; reads nothing but the installation's own static files."""

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string


def as_pdf(html: str) -> bytes:
    """Set a whole page as PDF/UA; its language, title and headings become the document's."""
    # Loaded with the first PDF: it would take half a second of every start of every process.
    from participation.web.pdf import set_page

    return set_page(html)


def printed(request: HttpRequest, template: str, context: dict[str, object], *, filename: str) -> HttpResponse:
    """Answer with a page as PDF, in the reader's language."""
    content = as_pdf(render_to_string(template, context, request=request))
    return HttpResponse(
        content,
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{filename}"', "Cache-Control": "private, no-cache"},
    )
