"""Who may vote, said before somebody fills in a ballot: in general, and to this reader."""

from django.http import HttpRequest
from django.utils.timezone import localdate
from django.utils.translation import gettext, ngettext

from participation.models import Phase
from participation.rules.electorate import Eligibility, check_eligible, must_say_age
from participation.rules.refusals import Code, Refused
from participation.selectors.electorate import terms_of, voter_in
from participation.web.asking import now, voter_of
from participation.web.sentences import refusal
from participation.web.words import grouped


def who_may_vote(vote: Phase) -> list[str]:
    """Say who may vote in this phase, in sentences."""
    if vote.eligibility == Eligibility.VERIFIED:
        said = [gettext("Residents whom the town verified can vote. Not verified yet? Ask the town.")]
    elif vote.eligibility == Eligibility.CODE:
        said = [gettext("Everyone who got a letter with a code from the town can vote, also without a mail address.")]
    else:
        said = [gettext("Everyone with a mail address can vote.")]
    if vote.min_age is not None:
        said.append(gettext("You must be %(min_age)s or older.") % {"min_age": vote.min_age})
    if vote.takes_paper:
        said.append(gettext("You can also vote on paper. Ask the town."))
    if vote.n_eligible is not None:
        n = vote.n_eligible
        said.append(ngettext("%(n)s person may vote.", "%(n)s people may vote.", n) % {"n": grouped(n)})
    return said


def voting_context(request: HttpRequest, vote: Phase) -> dict[str, object]:
    """What the pages of a ballot know of their reader: who votes, why not if so, whether they must say their age."""
    person = voter_of(request, vote)
    if person is None:
        by_letter = vote.eligibility == Eligibility.CODE
        return {"voter": None, "not_eligible": refusal(Refused(Code.VOTE_NO_CODE)) if by_letter else None}
    voter, terms = voter_in(vote, person), terms_of(vote)
    said = None
    try:
        check_eligible(voter, terms, on_paper=False, today=localdate(now()))
    except Refused as refused:
        said = refusal(refused)
    return {"voter": person, "not_eligible": said, "must_say_age": must_say_age(voter, terms)}


def says_age(request: HttpRequest, vote: Phase) -> bool:
    """Does this form say that the voter is old enough? This browser's next form is ticked beforehand."""
    says = bool(request.POST.get("of_age"))
    if says and vote.min_age is not None and not said_age(request, vote):
        request.session[_age_key(vote)] = True
    return says


def said_age(request: HttpRequest, vote: Phase) -> bool:
    """Did somebody say so in this browser before?"""
    return bool(request.session.get(_age_key(vote)))


def _age_key(vote: Phase) -> str:
    return f"of_age:{vote.pk}"
