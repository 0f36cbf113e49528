"""Every act of residents and every act at the desk: by which operations of the API it is done, or why by none.

Written by hand. A new act without a row, a row that names an operation that is not there, and an operation that
writes and stands in no row fail tests/contracts/test_api_acts.py.
"""

from participation.rules.phases import Act
from participation.rules.roles import DeskAct

PIECE = "/projects/{slug}/proposals/{number}"
DESK = "/desk/projects/{slug}"
DESK_PIECE = f"{DESK}/proposals/{{number}}"

ACTS: dict[Act, tuple[str, ...]] = {
    Act.PROPOSE: (
        "POST /projects/{slug}/proposals",
        "POST /projects/{slug}/drafts",
        "DELETE /projects/{slug}/drafts/{draft}",
        "POST /projects/{slug}/drafts/{draft}/photos",
        "DELETE /projects/{slug}/drafts/{draft}/photos/{key}",
        "POST /claims",
    ),
    Act.SUPPORT: (f"PUT {PIECE}/support", f"DELETE {PIECE}/support"),
    Act.COMMENT: (f"GET {PIECE}/comments", f"POST {PIECE}/comments"),
    Act.ANSWER: (
        "GET /projects/{slug}/questions",
        "GET /projects/{slug}/form",
        "PUT /projects/{slug}/form",
        "POST /projects/{slug}/drafts/{draft}/files",
        "DELETE /projects/{slug}/drafts/{draft}/files/{question}",
    ),
    Act.REPORT: (f"POST {PIECE}/reports",),
    Act.FOLLOW: (f"PUT {PIECE}/follow", f"DELETE {PIECE}/follow"),
    Act.VOTE: ("GET /projects/{slug}/ballot", "PUT /projects/{slug}/ballot"),
}

DESK_ACTS: dict[DeskAct, tuple[str, ...]] = {
    DeskAct.SEE: ("GET /desk/projects", "GET /desk/queue", f"GET {DESK}/queue", f"GET {DESK_PIECE}"),
    DeskAct.MODERATE: (
        f"POST {DESK_PIECE}/publish",
        f"POST {DESK_PIECE}/hide",
        f"POST {DESK_PIECE}/merge",
        f"POST {DESK_PIECE}/notes",
        f"POST {DESK_PIECE}/mails",
        f"PUT {DESK_PIECE}/tags",
        f"PUT {DESK_PIECE}/assignee",
        f"POST {DESK_PIECE}/reports/settle",
        f"PUT {DESK_PIECE}/comments/lock",
        f"POST {DESK_PIECE}/comments/{{comment}}/publish",
        f"POST {DESK_PIECE}/comments/{{comment}}/hide",
        f"POST {DESK}/form/{{number}}/leave-out",
        f"POST {DESK}/form/{{number}}/take-back",
        "POST /desk/acts/{record}/undo",
        "PUT /desk/templates",
        "DELETE /desk/templates/{template}",
        f"PUT {DESK}/inventory/{{number}}/permission",
    ),
    DeskAct.SHORTLIST: (f"PUT {DESK}/shortlist",),
    DeskAct.EXPORT: ("POST /exports", "DELETE /exports/{export}", "GET /exports/{export}/file"),
    DeskAct.LAYERS: (
        f"POST {DESK}/imports",
        f"PUT {DESK}/imports/{{import_id}}/reading",
        f"PUT {DESK}/imports/{{import_id}}/columns",
        f"POST {DESK}/imports/{{import_id}}/carry-out",
        f"POST {DESK}/imports/{{import_id}}/undo",
        f"DELETE {DESK}/imports/{{import_id}}",
        "POST /desk/areas/imports",
        "PUT /desk/areas/imports/{import_id}/reading",
        "PUT /desk/areas/imports/{import_id}/columns",
        "POST /desk/areas/imports/{import_id}/carry-out",
        "POST /desk/areas/imports/{import_id}/undo",
        "DELETE /desk/areas/imports/{import_id}",
    ),
    DeskAct.SITE: (
        f"POST {DESK}/candidates",
        f"POST {DESK}/candidates/from-ballot",
        f"PUT {DESK}/candidates/{{number}}",
        f"POST {DESK}/studies",
        f"POST {DESK}/studies/{{number}}/acts",
        f"POST {DESK}/studies/{{number}}/scenarios",
        f"POST {DESK}/studies/{{number}}/scenarios/{{scenario}}/acts",
        f"DELETE {DESK}/studies/{{number}}/scenarios/{{scenario}}",
    ),
    DeskAct.DECIDE: (
        f"POST {DESK}/decisions",
        f"DELETE {DESK}/decisions/{{decision}}",
        f"POST {DESK}/decisions/publish",
        f"POST {DESK}/decisions/{{decision}}/roll-outs",
    ),
    DeskAct.EXTEND: (f"POST {DESK}/extensions", f"POST {DESK}/extensions/{{extension}}/agree"),
    DeskAct.PAPER: (f"POST {DESK}/paper", f"POST {DESK}/paper/check"),
    DeskAct.WORDS: (f"GET {DESK}/setup", f"PUT {DESK}/setup/texts", f"PUT {DESK}/setup/considered"),
    DeskAct.SETUP: (
        "POST /desk/projects",
        f"POST {DESK}/publish",
        f"PUT {DESK}/setup/area",
        f"PUT {DESK}/setup/phases",
        f"POST {DESK}/setup/phases",
        f"DELETE {DESK}/setup/phases/{{phase}}",
        f"PUT {DESK}/setup/access",
        f"PUT {DESK}/setup/themes",
        f"PUT {DESK}/setup/votes/{{phase}}",
        f"POST {DESK}/setup/questions/{{asked}}",
        f"PUT {DESK}/setup/questions/{{asked}}/{{key}}",
        f"DELETE {DESK}/setup/questions/{{asked}}/{{key}}",
        f"POST {DESK}/setup/questions/{{asked}}/{{key}}/move",
        f"POST {DESK}/zones",
        f"PUT {DESK}/zones/{{zone}}",
        f"DELETE {DESK}/zones/{{zone}}",
        f"POST {DESK}/inventory",
        f"DELETE {DESK}/inventory/{{number}}",
    ),
    DeskAct.AUDIT: ("GET /desk/acts",),
}

# Why an act has no operation.
NOT_HERE: dict[DeskAct, str] = {
    DeskAct.ELECTORATE: "Somebody of the staff looks at an identity card, or prints letters whose codes are seen once.",
    DeskAct.PEOPLE: "Roles and invitations are given by a person who showed a second factor, not by a token.",
    DeskAct.TOKENS: "A token that could make tokens or webhooks would never end.",
}
# What belongs to no act: one's own name.
OF_NO_ACT = ("PUT /me",)
