"""What words must be: clean, and no longer than there is room for. Nothing that somebody wrote is ever cut."""

import re

from participation.rules.refusals import Code, Refused

TITLE_MAX = 120
BODY_MAX = 4000
REASON_MAX = 1000
PUBLIC_NAME_MAX = 60

# Control characters but for line ends and tabs: PostgreSQL refuses NUL, and the rest only ever hides something.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|[\ud800-\udfff]")


def cleaned(text: str) -> str:
    """Drop control characters and blanks at the ends; line ends become plain ones."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def bounded(text: str, most: int, code: Code = Code.BODY_TOO_LONG) -> str:
    """Give back the clean text.

    Refuses  body.too_long, or ``code`` where a text has one of its own; with the most and the length.
    """
    text = cleaned(text)
    if len(text) > most:
        raise Refused(code, {"max": most, "length": len(text)})
    return text


def line(text: str, most: int, code: Code = Code.BODY_TOO_LONG) -> str:
    """Give back the clean text on one line.

    Refuses  as ``bounded`` does.
    """
    return bounded(" ".join(cleaned(text).split()), most, code)


def title_and_body(title: str, body: str) -> tuple[str, str]:
    """Give back the clean title and body.

    Refuses  title.missing, title.too_long, body.too_long.
    """
    title = line(title, TITLE_MAX, Code.TITLE_TOO_LONG)
    if not title:
        raise Refused(Code.TITLE_MISSING)
    return title, bounded(body, BODY_MAX)
