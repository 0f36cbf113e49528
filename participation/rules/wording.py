"""What a proposal's words must be."""

import re

from participation.rules.refusals import Code, Refused

TITLE_MAX = 120
BODY_MAX = 4000
REASON_MAX = 1000

# Control characters but for line ends and tabs: PostgreSQL refuses NUL, and the rest only ever hides something.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|[\ud800-\udfff]")


def cleaned(text: str) -> str:
    """Drop control characters and blanks at the ends; line ends become plain ones."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def title_and_body(title: str, body: str) -> tuple[str, str]:
    """Give back the clean title and body.

    Refuses  title.missing, title.too_long, body.too_long.
    """
    title, body = " ".join(cleaned(title).split()), cleaned(body)
    if not title:
        raise Refused(Code.TITLE_MISSING)
    if len(title) > TITLE_MAX:
        raise Refused(Code.TITLE_TOO_LONG, {"max": TITLE_MAX, "length": len(title)})
    if len(body) > BODY_MAX:
        raise Refused(Code.BODY_TOO_LONG, {"max": BODY_MAX, "length": len(body)})
    return title, body
