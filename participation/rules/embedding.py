"""Which sites may show a project within their own pages."""

import re

from participation.rules.refusals import Code, Refused

MOST_SITES = 20
# A host name with a dot in it, as a browser writes it, and a port where there must be one; no wildcards: whoever may
# frame a page is named.
_HOST = re.compile(r"(?=.{4,253}$)([a-z0-9](-?[a-z0-9])*\.)+[a-z]{2,63}(:\d{2,5})?", re.ASCII)


def sites(text: str) -> list[str]:
    """Read host names, one a line, as people paste them: with or without https:// and a path.

    Refuses  embed.bad_site, embed.too_many.
    """
    found: dict[str, None] = {}
    for line in text.splitlines():
        site = line.strip().lower().removeprefix("https://").partition("/")[0]
        if not site:
            continue
        if not _HOST.fullmatch(site):
            raise Refused(Code.EMBED_BAD_SITE, {"site": line.strip()[:60]})
        found[site] = None
    if len(found) > MOST_SITES:
        raise Refused(Code.EMBED_TOO_MANY, {"most": MOST_SITES})
    return list(found)
