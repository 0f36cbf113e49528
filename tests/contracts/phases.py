"""Every public address of a project by kind of phase, and each of one proposal by the state of that as well.

A new address without a row here, and a row that says otherwise than the page, fail tests/contracts/test_phases.py.
The key is how it is asked and its name: "POST support" is the form sent to the address that is called so.
"""

from typing import NamedTuple

from django.urls import URLPattern, URLResolver, get_resolver

from participation.rules.phases import PhaseKind

# The kinds of phase, in the order of the columns below; the last is a vote that takes proposals as well.
COLUMNS = (*((kind, False) for kind in PhaseKind), (PhaseKind.VOTE, True))


class Opens(NamedTuple):
    """When an address is open, what it answers a resident then, and one who is not signed in; else it answers 409.

    ``when``: "x" open, "." not; the columns: inform, propose, discuss, shortlist, vote, decide, roll out, vote with
    write-ins. ``nobody`` is None where whoever is not signed in is asked to do so first, in every phase.
    """

    when: str
    answer: int
    nobody: int | None


BY_PHASE: dict[str, Opens] = {
    "GET suggest":         Opens(".x.....x", 200, 200),
    "POST suggest":        Opens(".x.....x", 302, 302),
    "GET suggest_what":    Opens(".x.....x", 200, 200),
    "POST suggest_what":   Opens(".x.....x", 302, 302),
    # The page with what was written stays to be read; that it is too late stands on it.
    "POST suggest_check":  Opens(".x.....x", 302, None),
    "POST support":        Opens(".xx....x", 302, None),
    "POST comment":        Opens(".xx.....", 302, None),
    "GET form":            Opens(".xx....x", 200, 200),
    "POST form":           Opens(".xx....x", 302, 302),
    "POST form_check":     Opens(".xx....x", 302, None),
    "GET ballot":          Opens("....x..x", 200, 200),
    "POST ballot":         Opens("....x..x", 302, 302),
    "POST ballot_choose":  Opens("....x..x", 302, 302),
    "GET ballot_check":    Opens("....x..x", 200, 200),
    "POST ballot_cast":    Opens("....x..x", 302, None),
    "POST api_proposals":  Opens(".x.....x", 201, None),
    "PUT api_support":     Opens(".xx....x", 200, None),
    "DELETE api_support":  Opens(".xx....x", 200, None),
    "POST api_comments":   Opens(".xx.....", 201, None),
    "PUT api_form":        Opens(".xx....x", 200, None),
    "POST api_drafts":     Opens(".x.....x", 201, None),
    "GET api_ballot":      Opens("....x..x", 200, None),
    "PUT api_ballot":      Opens("....x..x", 200, None),
}  # fmt: skip

# What is the same in every kind of phase: the answer to a resident, and to one who is not signed in.
ALWAYS: dict[str, tuple[int, int]] = {
    "GET project": (200, 200),
    "GET embed": (200, 200),
    "GET feed": (200, 200),
    "GET rules": (200, 200),
    "GET proposal": (200, 200),
    # What lies at a place and what is called alike may be looked at, whoever may propose.
    "GET suggest_place": (200, 200),
    "GET suggest_alike": (200, 200),
    # What was begun stays to be read.
    "GET suggest_check": (200, 200),
    "GET form_check": (200, 200),
    "GET form_done": (200, 200),
    "POST take_up_draft": (302, 302),
    "GET report": (200, 200),
    "POST report": (302, 302),
    "POST follow": (302, 302),
    # The stage's votes are for everybody with a mail address: there are no letters.
    "GET code": (409, 409),
    "POST code": (409, 409),
    # What was cast in the latest vote stays to be read, also after it.
    "GET ballot_done": (200, 302),
    "GET results": (200, 200),
    "GET results_file": (200, 200),
    "GET results_picture": (200, 200),
    "GET answers": (200, 200),
    "GET answers_pdf": (200, 200),
    "GET outcome": (200, 200),
    "GET dossier": (200, 200),
    "GET dossier_file": (200, 200),
    "GET dossier_picture": (200, 200),
    "GET study": (200, 200),
    "GET ogc_collection": (200, 200),
    "GET ogc_queryables": (200, 200),
    "GET ogc_items": (200, 200),
    "GET ogc_item": (200, 200),
    "GET tile_sets": (200, 200),
    "GET tile_set": (200, 200),
    "GET tile": (200, 200),
    "GET export": (200, 200),
    "GET export_about": (200, 200),
    "GET api_project": (200, 200),
    "GET api_results": (200, 200),
    "GET api_answers": (200, 200),
    "GET api_proposals": (200, 200),
    "GET api_alike": (200, 200),
    "GET api_inventory": (200, 200),
    "GET api_proposal": (200, 200),
    "GET api_comments": (200, 200),
    "POST api_reports": (201, 401),
    "PUT api_follow": (200, 401),
    "DELETE api_follow": (200, 401),
    "GET api_questions": (200, 200),
    "GET api_form": (200, 401),
    # Nothing was begun by this program: what it sends there is about nothing.
    "DELETE api_draft": (404, 401),
    "POST api_draft_photos": (400, 401),
    "DELETE api_draft_photo": (404, 401),
    "POST api_draft_files": (400, 401),
    "DELETE api_draft_file": (404, 401),
    "GET api_outcome": (200, 200),
    "GET api_study": (200, 200),
}

# What an address of one proposal answers while proposals are collected, by the state of that one: a resident who is
# not its author, and one who is not signed in. The columns are STATES: submitted, published, hidden, joined, on ballot.
BY_STATE: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "GET api_comments":      ((404, 200, 404, 200, 200), (404, 200, 404, 200, 200)),
    "POST api_comments":     ((404, 201, 404, 409, 201), (401, 401, 401, 401, 401)),
    "PUT api_follow":        ((404, 200, 404, 200, 200), (401, 401, 401, 401, 401)),
    "DELETE api_follow":     ((404, 200, 404, 200, 200), (401, 401, 401, 401, 401)),
    "GET api_proposal":      ((404, 200, 404, 200, 200), (404, 200, 404, 200, 200)),
    "POST api_reports":      ((404, 201, 404, 201, 201), (401, 401, 401, 401, 401)),
    "PUT api_support":       ((404, 200, 404, 409, 200), (401, 401, 401, 401, 401)),
    "DELETE api_support":    ((404, 200, 404, 200, 200), (401, 401, 401, 401, 401)),
    "POST comment":          ((404, 302, 404, 409, 302), (302, 302, 302, 302, 302)),
    "POST follow":           ((404, 302, 404, 302, 302), (302, 302, 302, 302, 302)),
    "GET ogc_item":          ((404, 200, 404, 404, 200), (404, 200, 404, 404, 200)),
    "GET proposal":          ((404, 200, 410, 200, 200), (404, 200, 410, 200, 200)),
    "GET report":            ((404, 200, 404, 200, 200), (404, 200, 404, 200, 200)),
    "POST report":           ((404, 302, 404, 302, 302), (404, 302, 404, 302, 302)),
    "POST support":          ((404, 302, 404, 409, 302), (302, 302, 302, 302, 302)),
}  # fmt: skip

# What each sends, good enough to be taken where it is open.
SENT: dict[str, dict[str, object]] = {
    "POST suggest": {"lon": "2.7", "lat": "50.85", "next": "1"},
    "POST suggest_what": {"title": "Een bank", "body": "Om te zitten"},
    "POST form": {"a_q1": "o2", "version": "1"},
    "POST comment": {"text": "Goed idee"},
    "POST report": {"reason": "spam"},
    "POST ballot_choose": {"number": "1"},
    "POST ballot_cast": {"nonce": "00000000-0000-4000-8000-000000000007", "choice": "1"},
    "POST api_proposals": {"title": "Een bank", "place": {"lon": 2.7, "lat": 50.85}},
    "POST api_comments": {"text": "Goed idee"},
    "POST api_reports": {"reason": "spam"},
    "PUT api_form": {"version": 1, "answers": {"q1": "o2"}},
    "POST api_drafts": {"kind": "proposal"},
    "PUT api_ballot": {"choices": [{"number": 1}]},
}


def routes(resolver: URLResolver | None = None, before: str = "") -> dict[str, str]:
    """Walk the URLconf: every address by its name, as it is written there."""
    found = {}
    for pattern in (resolver or get_resolver()).url_patterns:
        at = f"{before}{pattern.pattern}"
        if isinstance(pattern, URLPattern):
            found[pattern.name or f"?{at}"] = at
        else:
            found |= routes(pattern, at)
    return found


def of_proposals(resolver: URLResolver | None = None) -> set[str]:
    """The names of all public addresses of one proposal, as a page, a form, for programs or as a feature."""
    known = of_projects(resolver)
    one = ("/proposals/<int:number>", "/items/<str:key>")
    return {name for name, at in routes(resolver).items() if name in known and any(each in at for each in one)}


def of_projects(resolver: URLResolver | None = None) -> set[str]:
    """The names of all public addresses of a project, of its layer or of a file of that."""
    holes = ("<slug:slug>", "<str:layer>", "<str:name>")
    return {name for name, at in routes(resolver).items() if "desk/" not in at and any(hole in at for hole in holes)}
