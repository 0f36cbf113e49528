"""How the audit trail is said to people."""

import re

from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from participation.models import Record
from participation.web.words import grouped

SAID = {
    "proposal.published": _("%(subject)s was published"),
    "proposal.hidden": _("%(subject)s is not shown any more"),
    "proposals.merged": _("%(n)s proposals were joined with %(subject)s"),
    "proposals.unmerged": _("%(n)s proposals were taken apart from %(subject)s again"),
    "proposal.tagged": _("%(subject)s got other tags"),
    "proposal.handed_over": _("%(subject)s was handed over"),
    "note.written": _("a note was written about %(subject)s"),
    "comment.by_city": _("the town commented on %(subject)s"),
    "export.asked": _("a file of “%(subject)s” was asked for, with %(n)s rows"),
    "author.mailed": _("the author of %(subject)s got an answer"),
    "comment.published": _("a comment on %(subject)s was published"),
    "comment.hidden": _("a comment on %(subject)s is not shown any more"),
    "comments.locked": _("comments on %(subject)s were closed"),
    "comments.unlocked": _("comments on %(subject)s were opened again"),
    "answers.left_out": _("answers to a form were left out: %(subject)s"),
    "answers.counted_again": _("answers to a form count again: %(subject)s"),
    "reports.settled": _("%(n)s reports about %(subject)s were looked at"),
    "template.kept": _("the template “%(subject)s” was kept"),
    "template.dropped": _("the template “%(subject)s” was deleted"),
    "act.undone": _("an act about %(subject)s was undone"),
    "ballot.joined": _("%(subject)s joined the ballot"),
    "ballot.left": _("%(subject)s left the ballot"),
    "study.published": _("%(subject)s can be read by everybody"),
    "study.withdrawn": _("%(subject)s can be read by staff alone"),
    "answers.published": _("answers on %(subject)s proposals were published"),
    "layer.uploaded": _("a file was uploaded for layer “%(subject)s”"),
    "layer.read_anew": _("the file of layer “%(subject)s” was read in another way"),
    "layer.accepted": _("layer “%(subject)s” was put to use"),
    "layer.restored": _("an earlier version of layer “%(subject)s” was put to use again"),
    "layer.shown": _("layer “%(subject)s” was shown to everybody"),
    "layer.columns_chosen": _("which columns of layer “%(subject)s” everybody sees was chosen"),
    "layer.compared": _("layer “%(subject)s” was compared with the version in use"),
    "layer.kept_inside": _("layer “%(subject)s” was kept for staff"),
    "layer.deleted": _("layer “%(subject)s” was deleted"),
    "grouping.asked": _("a grouping was asked for, with %(subject)s pins or more in each group"),
    "cluster.kept": _("the cluster “%(subject)s” was kept"),
    "cluster.forgotten": _("the cluster “%(subject)s” was deleted"),
    "study.made": _("%(subject)s was begun"),
    "study.changed": _("%(subject)s was changed"),
    "study.started": _("%(subject)s was put to work"),
    "study.stopped": _("%(subject)s was stopped"),
    "scenario.made": _("%(subject)s was made"),
    "scenario.started": _("%(subject)s was put to work again"),
    "scenario.stopped": _("%(subject)s was stopped"),
    "scenario.moved": _("a place of %(subject)s was moved"),
    "scenario.dropped": _("%(subject)s was deleted"),
    "dossier.published": _("version %(subject)s of the dossier was published"),
    "candidate.made": _("%(subject)s was made"),
    "candidate.changed": _("%(subject)s was changed"),
    "candidate.proposals_added": _("proposals were added to %(subject)s"),
    "candidate.proposal_dropped": _("a proposal was taken from %(subject)s"),
    "candidate.checked": _("something was checked about %(subject)s"),
    "decision.taken": _("it was decided about %(subject)s places"),
    "decision.withdrawn": _("a decision was taken back before anybody saw it"),
    "decision.published": _("%(subject)s decisions were published"),
    "decision.rolled_out": _("it was said how far a place has come"),
    "phase.extension_asked": _("a later closing time was asked for"),
    "phase.extended": _("the vote closes later"),
    "phase.closed": _("the votes were counted"),
    "voters.set": _("who may vote was set"),
    "codes.made": _("%(n)s codes for letters were made"),
    "codes.withdrawn": _("%(n)s codes of letters were withdrawn"),
    "resident_codes.made": _("%(n)s letters for residents were made"),
    "resident_codes.withdrawn": _("%(n)s letters for residents were withdrawn"),
    "resident.verified": _("a resident was verified"),
    "residents.codes_set": _("it was set which postcodes are ours: %(subject)s"),
    "resident.unverified": _("a resident is no longer verified"),
    "embedding.set": _("it was set which sites may show our projects: %(subject)s"),
    "webhook.added": _("a program is told of what happens: “%(subject)s”"),
    "webhook.paused": _("a webhook was paused: “%(subject)s”"),
    "webhook.resumed": _("a webhook goes on: “%(subject)s”"),
    "webhook.tried": _("a test message was sent to a webhook: “%(subject)s”"),
    "webhook.sent_again": _("a message was sent to a webhook again: “%(subject)s”"),
    "webhook.removed": _("a webhook was removed: “%(subject)s”"),
    "base_maps.set": _("the backgrounds of the maps were set: %(subject)s"),
    "address_search.set": _("the address search was set: %(subject)s"),
    "licence.set": _("the licence of the open data was set: %(subject)s"),
    "token.made": _("a token for programs was made: “%(subject)s”"),
    "token.revoked": _("a token for programs was withdrawn: “%(subject)s”"),
    "ballot.on_paper": _("a ballot on paper was typed in"),
    "staff.invited": _("somebody was invited to the desk"),
    "staff.invitation_withdrawn": _("an invitation was taken back"),
    "staff.joined": _("somebody joined the desk"),
    "staff.role_changed": _("somebody got another role"),
    "staff.removed": _("somebody left the desk"),
    "staff.second_factor": _("whether staff need a second factor was set"),
    "project.created": _("a project was opened"),
    "project.begun": _("a project was begun"),
    "project.changed": _("a project was changed: %(subject)s"),
    "project.published": _("a project was made public"),
    "object.permission": _("what the owner says was noted: %(subject)s"),
    "place.seen": _("somebody looked at the exact place of %(subject)s"),
    "data.taken": _("data that not everybody has were taken along: %(subject)s"),
    "import.uploaded": _("the file “%(subject)s” was uploaded"),
    "import.read_anew": _("the file “%(subject)s” was read in another way"),
    "import.tried": _("it was tried out what the file “%(subject)s” would bring"),
    "import.discarded": _("the file “%(subject)s” was thrown away"),
    "areas.loaded": _("neighbourhoods were taken in from the file “%(subject)s”"),
    "supports.imported": _("supporters were taken in from the file “%(subject)s”"),
    "ballots.imported": _("ballots were taken in from a file: %(subject)s"),
    "proposals.imported": _("proposals were taken in from the file “%(subject)s”"),
    "supports.import_undone": _("the supports of the file “%(subject)s” were taken back"),
    "areas.load_undone": _("the neighbourhoods of the file “%(subject)s” were taken back"),
    "proposals.import_undone": _("what was taken in from the file “%(subject)s” was taken back"),
}


# What a line is about, where it has a number or a short name of its own.
KINDS = {
    "proposal": "#%(n)s",
    "study": _("study %(n)s"),
    "scenario": _("scenario %(n)s"),
    "candidate": _("candidate %(n)s"),
    "object": _("object %(n)s"),
    "form": _("the form with number %(n)s"),
    "phase": _("phase %(n)s"),
    "person": _("person %(n)s"),
    "invitation": _("invitation %(n)s"),
    "project": _("project %(n)s"),
}
# The same, where it is one of a few things: parts of a project, files of the desk.
THINGS = {
    "title": _("title"),
    "question": _("question"),
    "summary": _("summary"),
    "rules": _("rules"),
    "outcome": _("what becomes of the outcome"),
    "considered": _("what was considered"),
    "area": _("area"),
    "phases": _("phases"),
    "access": _("who may do what"),
    "themes": _("themes"),
    "vote": _("how the vote is held"),
    "questions": _("questions"),
    "places": _("which places are asked for"),
    "zones": _("zones"),
    "inventory": _("the inventory"),
    "staff": _("staff"),
    "residents": _("residents"),
    "acts": _("the list of acts"),
    "import": _("the rows of an uploaded file"),
    "refused": _("the rows that were left out of a layer"),
    "differences": _("the rows of a layer that differ from the version in use"),
    "dossier": _("the draft of the decision dossier"),
    "answers": _("the report of answers, before everybody has it"),
    "answer": _("a file that somebody answered with"),
}
# What stands beside an act, each with its word.
DETAILS = {
    "act": pgettext_lazy("beside an act", "act"),
    "added": pgettext_lazy("beside an act", "added"),
    "asked": pgettext_lazy("beside an act", "asked about"),
    "ballots": pgettext_lazy("beside an act", "ballots"),
    "batch": pgettext_lazy("beside an act", "batch"),
    "before": pgettext_lazy("beside an act", "before"),
    "candidates": pgettext_lazy("beside an act", "candidates"),
    "changed": pgettext_lazy("beside an act", "changed"),
    "closes_at": pgettext_lazy("beside an act", "closes"),
    "comment": pgettext_lazy("beside an act", "comment"),
    "crs": pgettext_lazy("beside an act", "coordinate system"),
    "dropped": pgettext_lazy("beside an act", "taken away"),
    "event": pgettext_lazy("beside an act", "event"),
    "everybody_sees": pgettext_lazy("beside an act", "everybody sees"),
    "file": pgettext_lazy("beside an act", "file"),
    "format": pgettext_lazy("beside an act", "format"),
    "hash": pgettext_lazy("beside an act", "checksum"),
    "hosts": pgettext_lazy("beside an act", "sites"),
    "how": pgettext_lazy("beside an act", "how"),
    "imported": pgettext_lazy("beside an act", "taken in"),
    "key": pgettext_lazy("beside an act", "key"),
    "kind": pgettext_lazy("beside an act", "kind"),
    "layer": pgettext_lazy("beside an act", "layer"),
    "left": pgettext_lazy("beside an act", "left as it is"),
    "live": pgettext_lazy("beside an act", "as a live layer"),
    "mail": pgettext_lazy("beside an act", "mail"),
    "maps": pgettext_lazy("beside an act", "backgrounds"),
    "merge": pgettext_lazy("beside an act", "joining"),
    "message": pgettext_lazy("beside an act", "message"),
    "n": pgettext_lazy("beside an act", "how many"),
    "n_answers": pgettext_lazy("beside an act", "answers"),
    "n_features": pgettext_lazy("beside an act", "rows"),
    "needed": pgettext_lazy("beside an act", "needed"),
    "new": pgettext_lazy("beside an act", "new"),
    "note": pgettext_lazy("beside an act", "note"),
    "now": pgettext_lazy("beside an act", "now"),
    "numbers": pgettext_lazy("beside an act", "numbers"),
    "on": pgettext_lazy("beside an act", "on"),
    "on_ballot": pgettext_lazy("beside an act", "on the ballot"),
    "options": pgettext_lazy("beside an act", "options"),
    "outcome": pgettext_lazy("beside an act", "outcome"),
    "proposals": pgettext_lazy("beside an act", "proposals"),
    "question": pgettext_lazy("beside an act", "question"),
    "read": pgettext_lazy("beside an act", "read"),
    "reason": pgettext_lazy("beside an act", "reason"),
    "record": pgettext_lazy("beside an act", "line"),
    "refused": pgettext_lazy("beside an act", "left out"),
    "removed": pgettext_lazy("beside an act", "removed"),
    "reports": pgettext_lazy("beside an act", "reports"),
    "role": pgettext_lazy("beside an act", "role"),
    "same": pgettext_lazy("beside an act", "the same"),
    "scenarios": pgettext_lazy("beside an act", "scenarios"),
    "scopes": pgettext_lazy("beside an act", "rights"),
    "state": pgettext_lazy("beside an act", "state"),
    "study": pgettext_lazy("beside an act", "study"),
    "tags": pgettext_lazy("beside an act", "tags"),
    "to": pgettext_lazy("beside an act", "to"),
    "token": pgettext_lazy("beside an act", "token"),
    "undone": pgettext_lazy("beside an act", "taken back"),
    "updated": pgettext_lazy("beside an act", "updated"),
    "url": pgettext_lazy("beside an act", "address"),
    "version": pgettext_lazy("beside an act", "version"),
    "was": pgettext_lazy("beside an act", "was"),
    "what": pgettext_lazy("beside an act", "what"),
}
# Acts about what people named themselves: a layer called “study 1” is no study.
NAMED = frozenset({"layer", "cluster", "webhook", "token", "template", "import", "proposals", "supports", "areas"})
_KIND = re.compile(r"([a-z]+) ([\w.-]+)")


def subject_said(record: Record) -> str:
    """Say what a line is about, in the reader's language; names as they were given."""
    kind = _KIND.fullmatch(record.subject)
    if kind and kind[1] in KINDS and (kind[1] == "proposal" or record.act.partition(".")[0] not in NAMED):
        return str(KINDS[kind[1]]) % {"n": kind[2]}
    if record.act in {"project.changed", "data.taken", "staff.second_factor"} or record.act.startswith("resident"):
        return ", ".join(str(THINGS.get(each, each)) for each in record.subject.split(", "))
    return record.subject


def said(record: Record) -> str:
    """Say what was done; an act without words of its own by its code."""
    facts = {"subject": subject_said(record), "n": grouped(int(record.detail.get("n", 0)))}
    return str(SAID[record.act]) % facts if record.act in SAID else record.act


def details_said(record: Record) -> str:
    """Say what stands beside an act, in the reader's language; numbers, names and codes as they are."""
    return ", ".join(f"{DETAILS.get(name, name)}: {_value(value)}" for name, value in record.detail.items())


def _value(value: object) -> str:
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, list):
        return " ".join(map(str, value))
    return str(value)


def kind_said(act: str) -> str:
    """Say which act it is, whatever it was done to."""
    if act not in SAID:
        return act
    return " ".join((str(SAID[act]) % {"subject": "…", "n": "…"}).split())
