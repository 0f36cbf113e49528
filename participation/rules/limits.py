"""How much of what anybody may write one person can write in an hour, and how long it may be."""

from datetime import timedelta

from participation.rules.refusals import Code, Refused
from participation.rules.wording import cleaned

HOUR = timedelta(hours=1)
COMMENTS_AN_HOUR = 30
REPORTS_AN_HOUR = 20
# Of each kind from one network address: a class in a library gets on, a flood of the queue does not.
WITHOUT_ACCOUNT_AN_HOUR = 60
COMMENT_MAX = 2000
NOTE_MAX = 2000
MAIL_MAX = 4000
TAG_MAX = 30
TAGS_MAX = 12


def check_often(n_before: int, most: int) -> None:
    """Say whether somebody who did this so often in the last hour may do it once more.

    Refuses  act.too_often.
    """
    if n_before >= most:
        raise Refused(Code.TOO_OFTEN, {"max": most})


def comment_text(text: str) -> str:
    """Give back the clean text of a comment.

    Refuses  comment.missing, comment.too_long.
    """
    text = cleaned(text)
    if not text:
        raise Refused(Code.COMMENT_MISSING)
    if len(text) > COMMENT_MAX:
        raise Refused(Code.COMMENT_TOO_LONG, {"max": COMMENT_MAX, "length": len(text)})
    return text


def tags_of(text: str) -> list[str]:
    """Read tags that are typed with commas between them: small letters, each once, in the order typed."""
    words = (" ".join(cleaned(part).split()).casefold()[:TAG_MAX].strip() for part in text.split(","))
    return list(dict.fromkeys(word for word in words if word))[:TAGS_MAX]
