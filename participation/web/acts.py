"""How the audit trail is said to people."""

from django.utils.translation import gettext_lazy as _

from participation.models import Record

SAID = {
    "proposal.published": _("%(subject)s was published"),
    "proposal.hidden": _("%(subject)s is not shown any more"),
    "ballot.joined": _("%(subject)s joined the ballot"),
    "ballot.left": _("%(subject)s left the ballot"),
    "study.published": _("%(subject)s can be read by everybody"),
    "study.withdrawn": _("%(subject)s can be read by staff alone"),
    "phase.closed": _("the votes were counted"),
}


def said(record: Record) -> str:
    """Say what was done; an act without words of its own by its code."""
    subject = record.subject.replace("proposal ", "#")
    return str(SAID.get(record.act, record.act)) % {"subject": subject} if record.act in SAID else record.act
