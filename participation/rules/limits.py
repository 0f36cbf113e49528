"""How much of what anybody may write one person can write in an hour, and how long it may be."""

from datetime import timedelta

from participation.rules.refusals import Code, Refused
from participation.rules.wording import bounded, line

HOUR = timedelta(hours=1)
COMMENTS_AN_HOUR = 30
REPORTS_AN_HOUR = 20
# Of each kind from one network address: a class in a library gets on, a flood of the queue does not.
WITHOUT_ACCOUNT_AN_HOUR = 60
COMMENT_MAX = 2000
NOTE_MAX = 2000
MAIL_MAX = 4000
TEMPLATE_NAME_MAX = 60
# How many proposals, at most, are joined with one at once.
JOINED_AT_MOST = 100
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
    text = bounded(text, COMMENT_MAX, Code.COMMENT_TOO_LONG)
    if not text:
        raise Refused(Code.COMMENT_MISSING)
    return text


def tags_of(text: str) -> list[str]:
    """Read tags that are typed with commas between them: small letters, each once, in the order typed.

    Refuses  body.too_long for one of them, setup.too_many.
    """
    words = (line(part.casefold(), TAG_MAX) for part in text.split(","))
    tags = list(dict.fromkeys(word for word in words if word))
    if len(tags) > TAGS_MAX:
        raise Refused(Code.SETUP_TOO_MANY, {"max": TAGS_MAX})
    return tags
