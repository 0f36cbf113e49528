"""Sets a page as PDF; loads the engine, which takes half a second, so only printing.py loads this, and late."""

import mimetypes
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from weasyprint import HTML
from weasyprint.urls import URLFetcher, URLFetcherResponse

# An address that no page of the outside can have: the host is reserved (RFC 2606).
OWN = "https://own.invalid"


class _Own(URLFetcher):  # type: ignore[misc]
    """Fetches what a printed page links to: our own static files, and pictures that stand in the page itself."""

    def __init__(self) -> None:
        # Nothing a resident wrote makes this machine ask anybody, or read another file.
        super().__init__(allowed_protocols={"data"}, allow_redirects=False)

    def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:
        """Give the file behind an address.

        Raises   ValueError for what is neither a static file nor in the page; WeasyPrint leaves it out then.
        """
        if not url.startswith(f"{OWN}{settings.STATIC_URL}"):
            return super().fetch(url, headers)
        name = unquote(urlsplit(url).path).removeprefix(settings.STATIC_URL)
        path = staticfiles_storage.path(name) if staticfiles_storage.exists(name) else finders.find(name)
        if not isinstance(path, str):
            raise ValueError(f"no static file {name[:200]}")
        kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
        return URLFetcherResponse(url, open(path, "rb"), {"Content-Type": kind})


def set_page(html: str) -> bytes:
    """Set a whole page as PDF/UA; its language, title and headings become the document's.

    Cost     about 20 ms a page of text.
    """
    content: bytes = HTML(string=html, base_url=OWN, url_fetcher=_Own()).write_pdf(pdf_variant="pdf/ua-1")
    return content
