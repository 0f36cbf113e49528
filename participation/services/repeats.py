"""Does an act once for each Idempotency-Key, however often it is asked for."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction

from participation.models import Organisation, Person, Repeat
from participation.rules.refusals import Code, Refused

Answer = dict[str, Any]


@transaction.atomic
def once(
    *, organisation: Organisation, person: Person, key: str, asked: str, act: Callable[[], Answer], now: datetime
) -> tuple[Answer, bool]:
    """Do ``act`` and keep its answer, or give back what was answered before (and True then).

    The key is written first: of two requests at once the second waits for the first, then finds its answer. When the
    act is refused nothing is kept, and the key may be tried again.

    Locks    the key's row, to the end of the act.
    Refuses  request.key_reused, and what the act refuses.
    """
    digest = hashlib.sha256(asked.encode()).digest()
    row, is_new = Repeat.objects.get_or_create(
        organisation=organisation, person=person, key=key, defaults={"asked": digest, "made_at": now}
    )
    if not is_new:
        if bytes(row.asked) != digest:
            raise Refused(Code.REQUEST_KEY_REUSED)
        return dict(row.answer), True
    answer = act()
    row.answer = answer
    row.save(update_fields=["answer"])
    return answer, False
