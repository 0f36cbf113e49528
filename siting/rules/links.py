"""What a web address and a day must be when people type them."""

from datetime import date
from urllib.parse import urlsplit

from participation.rules.refusals import Code, Refused

LINK_MAX = 500


def web_address(text: str) -> str:
    """Give back a web address, or nothing for nothing.

    Refuses  link.bad for what is no https or http address: a link in a page must lead to a page.
    """
    link = text.strip()
    if not link:
        return ""
    try:
        parts = urlsplit(link)
        is_good = parts.scheme in {"http", "https"} and "." in (parts.hostname or "") and "@" not in parts.netloc
    except ValueError:
        is_good = False
    if not is_good or len(link) > LINK_MAX or any(sign.isspace() or not sign.isprintable() for sign in link):
        raise Refused(Code.LINK_BAD, {"link": link[:80]})
    return link


def day(text: str) -> date:
    """Read a day as forms send it.

    Refuses  date.bad.
    """
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise Refused(Code.DATE_BAD, {"date": text.strip()[:20]}) from error
