"""The WSGI entry point that a server such as granian or gunicorn loads."""

import os
from collections.abc import Callable, Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
_FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")


class _Whole:
    """A body that must come as long as it was announced: one that ends before that is broken, not short.

    A server may hand on what came before the line broke (granian does), and Django takes the end of a body for the
    end of the form: a box that did not arrive would be one that was emptied.
    """

    def __init__(self, stream: Any, length: int) -> None:
        self._stream, self._left = stream, length

    def read(self, size: int = -1) -> bytes:
        """Read so many bytes, or all that are left; OSError where they do not come."""
        wanted = self._left if size is None or size < 0 else min(size, self._left)
        parts: list[bytes] = []
        while wanted > 0:
            part = self._stream.read(wanted)
            if not part:
                raise OSError("the line broke before the end of the body")
            parts.append(part)
            wanted -= len(part)
            self._left -= len(part)
        return b"".join(parts)

    def readline(self, size: int = -1) -> bytes:
        """Read a line, or so many bytes of it; OSError as in read."""
        line: bytes = self._stream.readline(self._left if size is None or size < 0 else min(size, self._left))
        if not line and self._left and size != 0:
            raise OSError("the line broke before the end of the body")
        self._left -= len(line)
        return line


def whole_forms(app: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """Hand forms on with a body that breaks where it was cut off (participation.middleware.whole_forms says so)."""

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        length = str(environ.get("CONTENT_LENGTH") or "")
        if length.isdecimal() and str(environ.get("CONTENT_TYPE", "")).lower().startswith(_FORMS):
            environ["wsgi.input"] = _Whole(environ["wsgi.input"], int(length))
        return app(environ, start_response)

    return answer


application = whole_forms(get_wsgi_application())
