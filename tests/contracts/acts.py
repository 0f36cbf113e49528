"""Every act, by kind of phase, by who acts, by the state of what it is about, and by role at the desk: one table each.

Written by hand, so that a slip in the rules does not slip in here as well. A new act, kind of phase, state, level,
role or right without a cell fails tests/contracts/test_acts.py.
"""

from participation.models import Proposal
from participation.rules.access import Level
from participation.rules.phases import Act, PhaseKind
from participation.rules.refusals import Code
from participation.rules.roles import DeskAct, Role

# Which acts a phase opens: "x" open, "." not; the columns are the acts in their order:
# propose, support, comment, answer, report, follow, vote.
WRITE_INS = "vote with write-ins"
OPENS: dict[str, str] = {
    #                      P S C A R F V
    PhaseKind.INFORM:     "....xx.",
    PhaseKind.PROPOSE:    "xxxxxx.",
    PhaseKind.DISCUSS:    ".xxxxx.",
    PhaseKind.SHORTLIST:  "....xx.",
    PhaseKind.VOTE:       "....xxx",
    WRITE_INS:            "xx.xxxx",
    PhaseKind.DECIDE:     "....xx.",
    PhaseKind.ROLL_OUT:   "....xx.",
}  # fmt: skip

# Who acts: nobody signed in, who has a letter and no mail address, a resident, one whom the town verified at the desk
# and one by the letter it sent them, the staff by role, the moderator of this project alone and of another one, and the
# manager of another town. At the public side staff are people like all others.
WHO = (
    "nobody", "letter", "resident", "verified", "verified_by_letter", "moderator", "planner", "gis", "communication",
    "manager", "this_project", "other_project", "other_town",
)  # fmt: skip


def everybody(code: Code | None, **others: Code | None) -> dict[str, Code | None]:
    """The same refusal, or none, for all but those named."""
    return dict.fromkeys(WHO, code) | others


# Which refusal meets whom at each level; None for nobody of them.
ADMITS: dict[Level, dict[str, Code | None]] = {
    Level.ANYONE: everybody(None),
    Level.MAIL: everybody(None, nobody=Code.SIGN_IN_FIRST, letter=Code.ACCESS_NO_MAIL),
    Level.VERIFIED: everybody(
        Code.ACCESS_NOT_VERIFIED,
        nobody=Code.SIGN_IN_FIRST,
        letter=Code.ACCESS_NO_MAIL,
        verified=None,
        verified_by_letter=None,
    ),
}
# A vote says it in words of its own (participation/rules/electorate.py).
ADMITS_TO_VOTE: dict[Level, dict[str, Code | None]] = {
    Level.MAIL: everybody(None, nobody=Code.SIGN_IN_FIRST, letter=Code.SIGN_IN_FIRST),
    Level.VERIFIED: everybody(
        Code.VOTE_NOT_VERIFIED, nobody=Code.SIGN_IN_FIRST, verified=None, verified_by_letter=None
    ),
}
# The level that holds where nobody said otherwise.
BY_DEFAULT: dict[Act, Level] = {
    Act.PROPOSE: Level.MAIL,
    Act.SUPPORT: Level.MAIL,
    Act.COMMENT: Level.MAIL,
    Act.ANSWER: Level.MAIL,
    Act.REPORT: Level.ANYONE,
    Act.FOLLOW: Level.MAIL,
    Act.VOTE: Level.MAIL,
}

# Who does an act for the town: neither phase nor level holds for them.
IN_OFFICE: dict[Act, frozenset[str]] = {Act.COMMENT: frozenset({"moderator", "planner", "manager", "this_project"})}

# Acts about no proposal; each other one has its row below.
ABOUT_NOTHING = frozenset({Act.PROPOSE, Act.ANSWER})
# What an act is about, by its state; on the ballot is one more.
ON_BALLOT = "on the ballot"
STATES = (*Proposal.State.values, ON_BALLOT)
ABOUT: dict[Act, dict[str, Code | None]] = {
    Act.SUPPORT: {
        Proposal.State.SUBMITTED: Code.PROPOSAL_NOT_PUBLIC,
        Proposal.State.PUBLISHED: None,
        Proposal.State.HIDDEN: Code.PROPOSAL_NOT_PUBLIC,
        Proposal.State.MERGED: Code.PROPOSAL_NOT_PUBLIC,
        ON_BALLOT: None,
    },
    Act.COMMENT: {
        Proposal.State.SUBMITTED: Code.PROPOSAL_NOT_PUBLIC,
        Proposal.State.PUBLISHED: None,
        Proposal.State.HIDDEN: Code.PROPOSAL_NOT_PUBLIC,
        Proposal.State.MERGED: Code.PROPOSAL_NOT_PUBLIC,
        ON_BALLOT: None,
    },
    # What was joined with another one stays to be read, and can still be followed and reported.
    Act.REPORT: {
        Proposal.State.SUBMITTED: Code.PROPOSAL_NOT_PUBLIC,
        Proposal.State.PUBLISHED: None,
        Proposal.State.HIDDEN: Code.PROPOSAL_NOT_PUBLIC,
        Proposal.State.MERGED: None,
        ON_BALLOT: None,
    },
    Act.FOLLOW: {
        Proposal.State.SUBMITTED: Code.PROPOSAL_NOT_PUBLIC,
        Proposal.State.PUBLISHED: None,
        Proposal.State.HIDDEN: Code.PROPOSAL_NOT_PUBLIC,
        Proposal.State.MERGED: None,
        ON_BALLOT: None,
    },
    Act.VOTE: {
        Proposal.State.SUBMITTED: Code.VOTE_OPTION_GONE,
        Proposal.State.PUBLISHED: Code.VOTE_OPTION_GONE,
        Proposal.State.HIDDEN: Code.VOTE_OPTION_GONE,
        Proposal.State.MERGED: Code.VOTE_OPTION_GONE,
        ON_BALLOT: None,
    },
}

# What each role may do at the desk; the columns: resident, moderator, planner, GIS user, communication, manager.
DESK_COLUMNS = (Role.RESIDENT, Role.MODERATOR, Role.PLANNER, Role.GIS, Role.COMMUNICATION, Role.MANAGER)
DESK: dict[DeskAct, str] = {
    #                    R M P G C M
    DeskAct.SEE:        ".xxxxx",
    DeskAct.MODERATE:   ".xx..x",
    DeskAct.SHORTLIST:  "..x..x",
    DeskAct.EXPORT:     "..xx.x",
    DeskAct.LAYERS:     "..xx.x",
    DeskAct.SITE:       "..x..x",
    DeskAct.DECIDE:     "..x..x",
    DeskAct.EXTEND:     "..x..x",
    DeskAct.PAPER:      ".xx..x",
    DeskAct.ELECTORATE: "..x..x",
    DeskAct.WORDS:      "..x.xx",
    DeskAct.SETUP:      "..x..x",
    DeskAct.AUDIT:      "..x..x",
    DeskAct.PEOPLE:     ".....x",
    DeskAct.TOKENS:     ".....x",
}  # fmt: skip

# What staff do with a piece of the queue, by its state; the columns are STATES: submitted, published, hidden, joined,
# on the ballot; while a vote runs. On the stage one proposal is joined with the published one, and everything has an
# author with a mail address, a comment and a report.
TARGET, PARTS, LISTED = Code.MERGE_TARGET_NOT_PUBLIC, Code.MERGE_NOT_POSSIBLE, Code.MERGE_ON_BALLOT
UNSEEN = Code.PROPOSAL_NOT_PUBLIC
APART, LATE = Code.MERGE_UNDONE, Code.UNDO_NOT_POSSIBLE
DESK_ABOUT: dict[str, tuple[Code | None, ...]] = {
    #                    sub.    publ.   hidden  joined  ballot
    "publish":          (None,   None,   None,   None,   None),
    "hide":             (None,   None,   None,   None,   None),
    # Others with this one; with one that is joined means with what it is joined with.
    "merge here":       (TARGET, None,   TARGET, None,   None),
    "merge into":       (None,   None,   PARTS,  PARTS,  LISTED),
    "unmerge":          (APART,  None,   APART,  None,   APART),
    "note":             (None,   None,   None,   None,   None),
    "tags":             (None,   None,   None,   None,   None),
    "hand_over":        (None,   None,   None,   None,   None),
    "mail":             (None,   None,   None,   None,   None),
    "settle":           (None,   None,   None,   None,   None),
    "lock":             (None,   None,   None,   None,   None),
    "unlock":           (None,   None,   None,   None,   None),
    "comment_publish":  (None,   None,   None,   None,   None),
    "comment_hide":     (None,   None,   None,   None,   None),
    # Onto the ballot and off it again: what is there, or is not, already stays so.
    "shortlist on":     (UNSEEN, None,   UNSEEN, UNSEEN, None),
    "shortlist off":    (None,   None,   None,   None,   None),
    # To undo that it was hidden, while it is as it is now.
    "undo":             (LATE,   LATE,   None,   LATE,   LATE),
}  # fmt: skip
# The same while no vote runs: what is listed may be joined with another one.
NOT_VOTING: dict[str, tuple[Code | None, ...]] = DESK_ABOUT | {"merge into": (None, None, PARTS, PARTS, None)}
