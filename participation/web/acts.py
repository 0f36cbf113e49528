"""How the audit trail is said to people."""

from django.utils.translation import gettext_lazy as _

from participation.models import Record
from participation.web.words import grouped

SAID = {
    "proposal.published": _("%(subject)s was published"),
    "proposal.hidden": _("%(subject)s is not shown any more"),
    "ballot.joined": _("%(subject)s joined the ballot"),
    "ballot.left": _("%(subject)s left the ballot"),
    "phase.extension_asked": _("a later closing time was asked for"),
    "phase.extended": _("the vote closes later"),
    "phase.closed": _("the votes were counted"),
    "voters.set": _("who may vote was set"),
    "codes.made": _("%(n)s codes for letters were made"),
    "codes.withdrawn": _("%(n)s codes of letters were withdrawn"),
    "resident.verified": _("a resident was verified"),
    "resident.unverified": _("a resident is no longer verified"),
    "ballot.on_paper": _("a ballot on paper was typed in"),
}


def said(record: Record) -> str:
    """Say what was done; an act without words of its own by its code."""
    subject = record.subject.replace("proposal ", "#")
    facts = {"subject": subject, "n": grouped(int(record.detail.get("n", 0)))}
    return str(SAID[record.act]) % facts if record.act in SAID else record.act
