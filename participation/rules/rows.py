"""How a row of somebody else's file becomes words, a moment and a key of ours: text in, clean values out."""

import hashlib
import html
import re
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo

import nh3

from participation.rules.refusals import Code, Refused
from participation.rules.wording import BODY_MAX, cleaned

# A title taken from a body is its first sentence, or as many words as fit in a list.
TITLE_FROM_BODY_MAX = 80
# Beyond this a text is refused as it is: cleaning five megabytes only to refuse them helps nobody.
RAW_TEXT_MAX = 10 * BODY_MAX
KEY_MAX = 200
THEME_MAX = 80
SLUG_MAX = 60

# Only what is really a tag is taken for one: "3 <4", "a <b and c" and "speed<limit>" are words of a resident.
_NAMES = (
    "a|abbr|address|article|audio|b|base|big|blockquote|body|br|button|canvas|caption|center|cite|code|col|dd|del|div"
    "|dl|dt|em|embed|fieldset|figure|font|footer|form|frame|frameset|h[1-6]|head|header|hr|html|i|iframe|img|input|ins"
    "|kbd|label|li|link|main|map|mark|marquee|math|meta|nav|noscript|object|ol|option|p|param|pre|q|s|samp|script"
    "|section|select|small|source|span|strike|strong|style|sub|sup|svg|table|tbody|td|template|textarea|tfoot|th|thead"
    "|title|tr|tt|u|ul|var|video"
)
_ATTRIBUTES = r"""(?:[\s/]+[\w:.-]+\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'<>]+))*"""
_TAG = rf"(?:(?:script|style)\b[^<>]*|/?(?:{_NAMES}){_ATTRIBUTES})[\s/]*>|!--|!doctype\s"
_NOT_A_TAG = re.compile(rf"<(?!{_TAG})", re.IGNORECASE)
_NOT_AN_ENTITY = re.compile(r"&(?!(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,30});)", re.IGNORECASE)
_LINE_END = re.compile(
    r"<(?:br|hr)[\s/]*>|</(?:p|div|li|tr|h[1-6]|blockquote|pre|table|ul|ol|title)\s*>", re.IGNORECASE
)
_UNSEEN = {"script", "style", "title", "template", "noscript", "iframe"}
# Exports cut fields in the middle of a tag: '" src="images/10.png"></span>&nbsp;hard to see'.
_END_OF_A_TAG = re.compile(r"""^"?(?:\s+[\w-]+="[^"]*")+\s*/?>""")
_EMPTY_LINES = re.compile(r"[ \t]*\n(?:[ \t]*\n)+")
# "Ave. and", "approx. ten": a small letter goes on with the sentence.
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+(?![a-z])")


def plain_text(text: str) -> str:
    """Turn text that may hold HTML into plain text: tags go, entities become signs, ``<br>`` becomes a line end.

    Refuses  body.too_long for what is far too long to be cleaned.
    """
    if len(text) > RAW_TEXT_MAX:
        raise Refused(Code.BODY_TOO_LONG, {"max": BODY_MAX, "length": len(text)})
    text = _END_OF_A_TAG.sub("", cleaned(text))
    if "<" in text or "&" in text:
        text = _NOT_AN_ENTITY.sub("&amp;", _NOT_A_TAG.sub("&lt;", text))
        text = nh3.clean(_LINE_END.sub("\n", text), tags=set(), clean_content_tags=_UNSEEN)
        # Once, not until nothing changes: "&amp;lt;" is somebody's way to write "&lt;".
        text = html.unescape(text)
    return cleaned(_EMPTY_LINES.sub("\n\n", text.replace("\u00a0", " ")))


def shortened(text: str, length: int) -> str:
    """Cut a line at a word so that it fits, with "…" behind it; what fits stays as it is."""
    if len(text) <= length:
        return text
    cut = text[: length - 1]
    if not text[length - 1].isspace() and " " in cut.strip():
        cut = cut.rsplit(None, 1)[0]
    return cut.rstrip(" ,;:.-–") + "…"


def title_from(body: str) -> str:
    """Take the first sentence of a body, or as much of it as fits, for a title."""
    line = body.strip().partition("\n")[0].strip()
    return shortened(_SENTENCE_END.split(line, maxsplit=1)[0], TITLE_FROM_BODY_MAX)


_SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(?:[ T,]+(.+))?")
_YEAR_BETWEEN = re.compile(r"(\d{1,2})/(\d{4})/(\d{1,2})(?:[ T]+(.+))?")
_DAY_FIRST = re.compile(r"(\d{1,2})[.-](\d{1,2})[.-](\d{4})(?:[ T,]+(.+))?")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*([ap]m)?", re.IGNORECASE)
_EPOCH = re.compile(r"-?\d{9,10}(?:\.0*)?|-?\d{12,13}(?:\.0*)?")
_SECONDS_DIGITS = 10


def _clock(text: str | None) -> tuple[int, int, int]:
    if not text:
        return 0, 0, 0
    match = _CLOCK.fullmatch(text.strip())
    if match is None:
        raise ValueError(text)
    hour, minute, second = (int(part or 0) for part in match.groups()[:3])
    if half := (match[4] or "").lower():
        if not 1 <= hour <= 12:
            raise ValueError(text)
        hour = hour % 12 + (12 if half == "pm" else 0)
    return hour, minute, second


def moment(text: str, zone: tzinfo, *, day_first: bool = False) -> datetime | None:
    """Read a moment as files write it; None when it cannot be read, or lies before 1900.

    ISO 8601; 03/14/2012 15:01 (the month first, unless ``day_first`` or it can only be the day); 14/2012/03 15:01;
    14-03-2012 and 14.03.2012; seconds or milliseconds since 1970. Without a zone of its own it is ``zone``'s.
    """
    text = text.strip()
    try:
        found = _moment(text, day_first=day_first)
    except (ValueError, OverflowError, OSError):
        return None
    found = found if found.tzinfo else found.replace(tzinfo=zone)
    return found.astimezone(UTC) if found.year >= 1900 else None


def _moment(text: str, *, day_first: bool) -> datetime:
    if _EPOCH.fullmatch(text):
        whole = int(text.partition(".")[0])
        return datetime.fromtimestamp(whole / (1 if len(str(abs(whole))) <= _SECONDS_DIGITS else 1000), UTC)
    if match := _YEAR_BETWEEN.fullmatch(text):
        day, year, month, clock = int(match[1]), int(match[2]), int(match[3]), match[4]
    elif match := _DAY_FIRST.fullmatch(text):
        day, month, year, clock = int(match[1]), int(match[2]), int(match[3]), match[4]
    elif match := _SLASHED.fullmatch(text):
        month, day, year, clock = int(match[1]), int(match[2]), int(match[3]), match[4]
        if month > 12 or (day_first and day <= 12):
            month, day = day, month
    else:
        return datetime.fromisoformat(text)
    return datetime(year, month, day, *_clock(clock))  # noqa: DTZ001 -- its zone is given by moment


def cell(value: object) -> str:
    """Say what stands in a cell, whatever type the file gave it: 5.0 is "5", nothing is ""."""
    if value is None or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)


def row_key(attributes: Mapping[str, object], place: str, key: str) -> str:
    """Say by what a row is known again: its own key, else a hash of all it holds."""
    key = cleaned(key)
    if key and len(key) <= KEY_MAX:
        return key
    if key:
        return f"sha256:{hashlib.sha256(key.encode()).hexdigest()}"
    content = "\x1f".join(f"{name}\x1e{cell(attributes[name]).strip()}" for name in sorted(attributes))
    return f"sha256:{hashlib.sha256(f'{content}{place}'.encode(errors='replace')).hexdigest()}"


def short_slug(slug: str, name: str) -> str:
    """Fit a slug; a long or an empty one ends in a hash of its name, so that two names do not become one."""
    if 0 < len(slug) <= SLUG_MAX:
        return slug
    mark = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{slug[: SLUG_MAX - 9]}-{mark}".lstrip("-")
