"""Every address of the installation: how its holes are filled, who sees what there, and which are pages for people.

A new address without a row here fails tests/contracts/test_pages.py; the browser's checks of every page
(tests/journeys/test_every_page.py) read the same table.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.urls import URLPattern, URLResolver, get_resolver

# Who asks: nobody signed in, a resident, the staff by role, the moderator of another project alone, and the manager of
# another town.
ROLES = (
    "nobody", "resident", "moderator", "planner", "gis", "communication", "manager", "other_project", "other_town",
)  # fmt: skip
STAFF = ("moderator", "planner", "gis", "communication", "manager")
CAST = {
    "resident": "An",
    "moderator": "Mo",
    "planner": "Piet",
    "gis": "Gis",
    "communication": "Cora",
    "manager": "Marc",
    "other_project": "Els",
}

Expected = dict[str, int]


def everyone(status: int = 200) -> Expected:
    """The same answer for all."""
    return dict.fromkeys(ROLES, status)


def staff(nobody: int = 302, others: int = 404, allowed: int = 200, roles: tuple[str, ...] = STAFF) -> Expected:
    """An answer for staff; the rest learn nothing."""
    return {role: nobody if role == "nobody" else allowed if role in roles else others for role in ROLES}


EVERYONE, NOBODY = everyone(), everyone(404)
SIGNED_IN = everyone() | {"nobody": 302}
POST_ONLY = everyone(405)


@dataclass(frozen=True)
class Row:
    """One address."""

    expected: Expected
    # What fills its holes on the small stage of tests/cast.py, and in the demo town.
    cast: Mapping[str, object] = field(default_factory=dict)
    demo: Mapping[str, object] = field(default_factory=dict)
    query: str = ""
    # A page for people: looked at in the browser. ``by`` is who sees it in the demo; ``first`` names what must be done.
    page: bool = False
    by: str = ""
    first: str = ""


def _project(expected: Expected, *, by: str = "", first: str = "", page: bool = True, **more: object) -> Row:
    return Row(expected, {"slug": "laden"} | more, {"slug": "laadpunten"} | more, page=page, by=by, first=first)


def _desk(expected: Expected) -> Row:
    return _project(expected, by="planner")


# Pages of the town that show whoever works in one project that project alone.
SOMEWHERE = (*STAFF, "other_project")
PLANNERS = staff(roles=("planner", "manager"))
FILERS = staff(roles=("planner", "gis", "manager"))
# To a program it is said that it may not, not that there is nothing.
API_MODERATORS = staff(nobody=401, others=403, roles=("moderator", "planner", "manager"))
API_MODERATORS_SOMEWHERE = API_MODERATORS | {"other_project": 200}
API_STAFF = staff(nobody=401, others=403)
API_SOMEWHERE = API_STAFF | {"other_project": 200}
API_WRITERS = staff(nobody=401, others=403, roles=("planner", "communication", "manager"))
# No file was uploaded on the stage.
API_NO_FILE = staff(nobody=401, others=403, allowed=404, roles=("planner", "gis", "manager"))
API_PLANNERS = staff(nobody=401, others=403, roles=("planner", "manager"))
API_FILERS = staff(nobody=401, others=403, roles=("planner", "gis", "manager"))
MANAGERS = staff(roles=("manager",))
WRITERS = staff(roles=("planner", "communication", "manager"))


def _study(expected: Expected, *, by: str = "planner", query: str = "", page: bool = True, **more: object) -> Row:
    """A page of studies: there must be one (tests/integration/studies.py, whole)."""
    cast, demo = {"slug": "laden"} | more, {"slug": "laadpunten"} | more
    return Row(expected, cast, demo, query=query, page=page, by=by, first="study")


NO_PHOTO = "00000000-0000-4000-8000-000000000000"
LAYER = ({"layer": "laden-proposals"}, {"layer": "laadpunten-proposals"})
TILE: dict[str, object] = {"matrix": "WebMercatorQuad", "z": "0", "y": "0", "x": "0"}

ROWS: dict[str, Row] = {
    "healthz": Row(EVERYONE),
    "readyz": Row(EVERYONE),
    # A town that gave no address to write to has none to name.
    "security_txt": Row(NOBODY),
    "account_login": Row(everyone(302)),
    # Whoever is signed in already is sent on.
    "account_request_login_code": Row(everyone(302) | {"nobody": 200}, page=True),
    "account_confirm_login_code": Row(everyone(302), page=True, first="ask_code"),
    # Nobody named an identity provider: tests/integration/test_identities.py names one.
    "openid_connect_login": Row(NOBODY, {"provider_id": "identity"}, {"provider_id": "identity"}),
    "openid_connect_callback": Row(NOBODY, {"provider_id": "identity"}, {"provider_id": "identity"}),
    "account_logout": Row(SIGNED_IN, page=True, by="resident"),
    "account_inactive": Row(EVERYONE, page=True),
    "set_language": Row(everyone(302)),
    "outbox": Row(NOBODY),
    "style": Row(EVERYONE, page=True),
    "home": Row(EVERYONE, page=True),
    "projects": Row(EVERYONE, page=True),
    "project": _project(EVERYONE),
    "rules": _project(EVERYONE),
    "embed": _project(EVERYONE),
    "feed": _project(EVERYONE, page=False),
    "suggest": _project(EVERYONE),
    "suggest_place": Row(EVERYONE, {"slug": "laden"}, {"slug": "laadpunten"}, query="?lon=2.7&lat=50.85"),
    # Without a draft one is led to the first step.
    "suggest_what": _project(everyone(302), first="place"),
    "suggest_check": _project(everyone(302), first="text"),
    "proposal": _project(EVERYONE, number=1),
    "support": _project(POST_ONLY, page=False, number=1),
    "comment": _project(POST_ONLY, page=False, number=1),
    "report": _project(EVERYONE, by="", number=1),
    "follow": _project(POST_ONLY, page=False, number=1),
    "suggest_alike": Row(EVERYONE, {"slug": "laden"}, {"slug": "laadpunten"}, query="?title=Plek"),
    # A link that was never given leads nowhere; the page itself: tests/integration/test_following.py.
    "unfollow": Row(NOBODY, {"token": "x"}, {"token": "x"}),
    # There is no photo on the small stage: tests/integration/test_photos.py.
    "photo": Row(NOBODY, {"key": NO_PHOTO, "size": "small"}, {"key": NO_PHOTO, "size": "small"}),
    # There is no form on the small stage; the pages themselves: tests/integration/test_forms.py.
    "form": Row(NOBODY, {"slug": "laden"}, {"slug": "uitpas"}, page=True),
    "form_check": Row(NOBODY, {"slug": "laden"}, {"slug": "uitpas"}, page=True, first="fill_in"),
    "form_done": Row(NOBODY, {"slug": "laden"}, {"slug": "uitpas"}, page=True),
    "answer_file": Row(NOBODY, {"key": UUID(int=4)}, {"key": UUID(int=4)}),
    "ballot": _project(EVERYONE),
    "ballot_choose": _project(POST_ONLY, page=False),
    "ballot_check": _project(EVERYONE, by="resident", first="choose"),
    "ballot_cast": _project(POST_ONLY, page=False),
    "ballot_done": _project(SIGNED_IN, by="resident", first="cast"),
    # The stage's vote is for everybody with a mail address: it has no codes and takes no paper.
    "code": _project(everyone(409), first="by_letter"),
    "results": Row(EVERYONE, {"slug": "laden"}, {"slug": "zitbanken"}, page=True),
    # Nothing of a result is there before the votes are counted.
    "results_file": _project(NOBODY, page=False, kind="csv"),
    "results_picture": _project(NOBODY, page=False),
    "take_up_draft": _project(POST_ONLY, page=False),
    # A link that was never given leads nowhere; the page itself: tests/integration/test_reminders.py.
    "reminders": Row(NOBODY, {"token": "x"}, {"token": "x"}),
    # Until the town answered something only staff sees what a report would say.
    "answers": _project(staff(nobody=404), by="planner"),
    "answers_pdf": _project(staff(nobody=404), page=False),
    # A link that was never given leads nowhere; the pages themselves: test_access.py and test_staff_pages.py.
    "claim": Row(NOBODY, {"token": "x"}, {"token": "x"}, page=True, first="claim"),
    "invitation": Row(NOBODY, {"token": "x"}, {"token": "x"}, page=True, first="invite"),
    "mfa_index": Row(SIGNED_IN, page=True, by="planner"),
    # In the middle of signing in alone, or with a second factor set up (tests/integration/test_second_factor.py).
    "mfa_authenticate": Row(everyone(302)),
    "mfa_reauthenticate": Row(everyone(403) | {"nobody": 302}, page=True, by="planner", first="app"),
    "mfa_reauthenticate_webauthn": Row(everyone(403) | {"nobody": 302}),
    "mfa_activate_totp": Row(SIGNED_IN, page=True, by="planner"),
    # There is nothing to remove yet.
    "mfa_deactivate_totp": Row(everyone(404) | {"nobody": 302}, page=True, by="planner", first="app"),
    "mfa_list_webauthn": Row(SIGNED_IN, page=True, by="planner"),
    "mfa_add_webauthn": Row(SIGNED_IN, page=True, by="planner"),
    "mfa_remove_webauthn": Row(everyone(404) | {"nobody": 302}, {"pk": 1}, {"pk": 1}),
    "mfa_view_recovery_codes": Row(everyone(404) | {"nobody": 302}, page=True, by="planner", first="app"),
    "mfa_generate_recovery_codes": Row(SIGNED_IN, page=True, by="planner", first="app"),
    "my_code": Row(EVERYONE, page=True, by="resident"),
    "me": Row(SIGNED_IN, page=True, by="resident"),
    "accessibility": Row(EVERYONE, page=True),
    "privacy": Row(EVERYONE, page=True),
    "data": Row(EVERYONE, page=True),
    "catalogue": Row(EVERYONE),
    "desk": Row(staff(roles=SOMEWHERE), page=True, by="planner"),
    "desk_town_queue": Row(staff(roles=SOMEWHERE), page=True, by="planner"),
    "desk_templates": Row(staff(roles=("moderator", "planner", "manager")), page=True, by="planner"),
    "desk_undo": Row(POST_ONLY, {"record": 1}, {"record": 1}),
    "desk_queue": _desk(staff()),
    "desk_moderate": _project(POST_ONLY, page=False, number=1),
    "desk_form": Row(staff(), {"slug": "laden"}, {"slug": "uitpas"}, page=True, by="planner"),
    "desk_shortlist": _desk(staff()),
    "desk_shortlist_change": _project(POST_ONLY, page=False),
    "desk_form_change": _project(POST_ONLY, page=False),
    "desk_layers": Row(staff(), page=True, by="planner"),
    # There is no layer on the small stage.
    "desk_layer": Row(staff(allowed=404), {"pk": 1}, {"pk": 1}, page=True, by="planner", first="upload"),
    "desk_layer_refused": Row(staff(allowed=404), {"pk": 1}, {"pk": 1}),
    "desk_layer_differences": Row(staff(allowed=404), {"pk": 1}, {"pk": 1}),
    "desk_layer_change": Row(POST_ONLY, {"pk": 1}, {"pk": 1}),
    "desk_candidates": _desk(staff()),
    "desk_candidates_ballot": _project(POST_ONLY, page=False),
    "desk_candidate_new": _desk(staff(roles=("planner", "manager"))),
    # The stage of studies numbers its candidates from 1001.
    "desk_candidate": Row(
        staff(),
        {"slug": "laden", "number": 1001},
        {"slug": "laadpunten", "number": 1},
        page=True,
        by="planner",
        first="candidate",
    ),
    "desk_candidate_change": _project(POST_ONLY, page=False, number=1),
    "desk_decisions": _desk(staff()),
    "desk_decisions_change": _project(POST_ONLY, page=False),
    "outcome": Row(EVERYONE, {"slug": "laden"}, {"slug": "laadpunten"}, page=True, by="planner", first="decision"),
    # Nothing of a dossier is there before it is published; what staff prepare is theirs.
    "dossier": Row(NOBODY, {"slug": "laden"}, {"slug": "laadpunten"}, page=True, first="dossier"),
    "dossier_file": _project(NOBODY, page=False, kind="xlsx"),
    "dossier_picture": _project(NOBODY, page=False, name="scores"),
    "desk_dossier": _study(staff()),
    "desk_dossier_file": _study(staff(), page=False, kind="xlsx"),
    "desk_dossier_publish": _project(POST_ONLY, page=False),
    "desk_zones": _desk(PLANNERS),
    "desk_inventory": _desk(staff()),
    "desk_inventory_change": _project(POST_ONLY, page=False),
    "desk_inventory_permission": _project(POST_ONLY, page=False),
    "desk_exact_place": _project(POST_ONLY, page=False, number=1),
    "desk_voters": _project(staff(roles=("planner", "manager")), by="planner"),
    "desk_vote": _desk(staff()),
    "desk_vote_ask": _project(POST_ONLY, page=False),
    "desk_vote_agree": _project(POST_ONLY, page=False, key=1),
    "desk_codes": _project(staff(roles=("planner", "manager")), by="planner", first="letters"),
    "desk_codes_withdraw": _project(POST_ONLY, page=False, batch=1),
    "desk_paper": _project(staff(roles=("moderator", "planner", "manager")), by="planner"),
    "desk_project_new": Row(PLANNERS, page=True, by="planner"),
    "desk_setup_question": _desk(WRITERS),
    "desk_setup_area": _desk(PLANNERS),
    "desk_setup_phases": _desk(PLANNERS),
    "desk_setup_access": _desk(PLANNERS),
    "desk_setup_themes": _desk(PLANNERS),
    "desk_setup_questions": Row(PLANNERS, {"slug": "laden"}, {"slug": "uitpas"}, page=True, by="planner"),
    "desk_setup_one_question": Row(
        PLANNERS,
        {"slug": "laden", "asked": "alone", "key": "new"},
        {"slug": "uitpas", "asked": "alone", "key": "q2"},
        query="?kind=one",
        page=True,
        by="planner",
    ),
    "desk_setup_rules": _desk(WRITERS),
    "desk_setup_vote": _desk(PLANNERS),
    "desk_setup_consider": _desk(WRITERS),
    "desk_setup_check": _desk(WRITERS),
    "desk_preview": _desk(WRITERS),
    "desk_staff": Row(MANAGERS, page=True, by="manager"),
    "desk_staff_change": Row(POST_ONLY),
    "desk_audit": Row(PLANNERS, page=True, by="planner"),
    "desk_audit_file": Row(PLANNERS),
    "desk_people": Row(staff(roles=("planner", "manager")), page=True, by="planner"),
    "desk_resident_codes": Row(PLANNERS, page=True, by="planner"),
    "desk_resident_codes_withdraw": Row(POST_ONLY, {"batch": 1}, {"batch": 1}),
    "desk_people_unverify": Row(POST_ONLY),
    "desk_people_codes": Row(POST_ONLY),
    "desk_access": Row(staff(roles=SOMEWHERE), page=True, by="planner"),
    "desk_access_revoke": Row(POST_ONLY, {"key": 1}, {"key": 1}),
    "desk_access_embed": Row(POST_ONLY),
    "desk_webhooks": Row(MANAGERS, page=True, by="manager"),
    "desk_webhook_change": Row(POST_ONLY, {"key": 1}, {"key": 1}),
    "desk_webhook_again": Row(POST_ONLY, {"key": 1}, {"key": 1}),
    "desk_areas": Row(FILERS, page=True, by="planner"),
    # No file was uploaded on the stage.
    "desk_area_import": Row(NOBODY | {"nobody": 302}, {"pk": 1}, {"pk": 1}),
    "desk_area_import_change": Row(POST_ONLY, {"pk": 1}, {"pk": 1}),
    "desk_area_import_rows": Row(NOBODY | {"nobody": 302}, {"pk": 1}, {"pk": 1}),
    "desk_maps": Row(staff(), page=True, by="planner"),
    "desk_maps_change": Row(POST_ONLY),
    "desk_map": _desk(staff()),
    "desk_drawn": _project(staff(), page=False, name="clusters"),
    "desk_heat": _project(staff(), page=False),
    "desk_pins_tile": _project(staff(), page=False, z=1, y=0, x=1),
    "desk_view_file": _project(staff(), page=False),
    "desk_cluster_run": _project(POST_ONLY, page=False),
    "desk_kept": _desk(staff()),
    "desk_keep": _project(POST_ONLY, page=False),
    "desk_forget": _project(POST_ONLY, page=False, number=1),
    "desk_export": _desk(staff()),
    "desk_imports": _desk(FILERS),
    # No file was uploaded on the stage.
    "desk_import": _project(NOBODY | {"nobody": 302}, page=False, pk=1),
    "desk_import_change": _project(POST_ONLY, page=False, pk=1),
    "desk_import_rows": _project(NOBODY | {"nobody": 302}, page=False, pk=1),
    "desk_studies": _study(staff()),
    "desk_study_new": _study(PLANNERS),
    "desk_studies_compare": _study(staff(), query="?a=1&b=1"),
    "desk_study": _study(staff(), number=1),
    "desk_study_question": _study(PLANNERS, number=2),
    "desk_study_criteria": _study(PLANNERS, number=2),
    "desk_study_values": _study(PLANNERS, number=2),
    "desk_study_progress": _study(staff(), page=False, number=1),
    "desk_study_act": _study(POST_ONLY, page=False, number=1),
    "desk_scenarios": _study(staff(), number=1),
    "desk_scenario_new": _study(PLANNERS, number=1),
    "desk_scenario": _study(staff(), number=1, scenario=1),
    "desk_scenario_progress": _study(staff(), page=False, number=1, scenario=1),
    "desk_scenario_act": _study(POST_ONLY, page=False, number=1, scenario=1),
    "study": _study(EVERYONE, by="", number=1),
    "ogc_landing": Row(EVERYONE, query="?f=html", page=True),
    "ogc_conformance": Row(EVERYONE, query="?f=html", page=True),
    "ogc_api": Row(EVERYONE),
    "ogc_collections": Row(EVERYONE, query="?f=html", page=True),
    "ogc_collection": Row(EVERYONE, *LAYER, query="?f=html", page=True),
    "ogc_items": Row(EVERYONE, *LAYER, query="?f=html", page=True),
    "ogc_item": Row(EVERYONE, LAYER[0] | {"key": "1"}, LAYER[1] | {"key": "1"}, query="?f=html", page=True),
    "ogc_queryables": Row(EVERYONE, *LAYER, query="?f=html", page=True),
    "ogc_matrix_sets": Row(EVERYONE),
    "ogc_matrix_set": Row(EVERYONE, {"matrix": "WebMercatorQuad"}, {"matrix": "WebMercatorQuad"}),
    "tile_sets": Row(EVERYONE, *LAYER),
    "tile_set": Row(
        EVERYONE,
        LAYER[0] | {"matrix": "WebMercatorQuad"},
        LAYER[1] | {"matrix": "WebMercatorQuad"},
        query="?f=tilejson",
    ),
    "tile": Row(EVERYONE, LAYER[0] | TILE, LAYER[1] | TILE),
    "api": Row(everyone(302)),
    "api_openapi": Row(EVERYONE),
    "api_docs": Row(EVERYONE, page=True),
    "api_nowhere": Row(NOBODY, {"rest": "v1/nowhere"}, {"rest": "v1/nowhere"}),
    "api_projects": Row(EVERYONE),
    "api_project": _project(EVERYONE, page=False),
    "api_proposals": _project(EVERYONE, page=False),
    "api_proposal": _project(EVERYONE, page=False, number=1),
    # Reached by PUT, DELETE and POST: tests/integration/test_api.py.
    "api_support": _project(everyone(405), page=False, number=1),
    "api_results": _project(everyone(409), page=False),
    "api_answers": _project(EVERYONE, page=False),
    "api_layers": Row(EVERYONE),
    "api_alike": _project(EVERYONE, page=False),
    "api_inventory": _project(EVERYONE, page=False),
    "api_questions": _project(EVERYONE, page=False),
    "api_form": _project(EVERYONE | {"nobody": 401}, page=False),
    "api_comments": _project(EVERYONE, page=False, number=1),
    "api_reports": _project(everyone(405), page=False, number=1),
    "api_follow": _project(everyone(405), page=False, number=1),
    "api_drafts": _project(everyone(405), page=False),
    "api_draft": _project(everyone(405), page=False, draft=UUID(int=4)),
    "api_draft_photos": _project(everyone(405), page=False, draft=UUID(int=4)),
    "api_draft_photo": _project(everyone(405), page=False, draft=UUID(int=4), key=UUID(int=4)),
    "api_draft_files": _project(everyone(405), page=False, draft=UUID(int=4)),
    "api_draft_file": _project(everyone(405), page=False, draft=UUID(int=4), question="q1"),
    "api_my_proposals": Row(EVERYONE | {"nobody": 401}),
    "api_my_following": Row(EVERYONE | {"nobody": 401}),
    "api_my_answers": Row(EVERYONE | {"nobody": 401}),
    "api_claims": Row(everyone(405)),
    "api_desk_town_queue": Row(API_SOMEWHERE),
    "api_desk_piece": _project(API_STAFF, page=False, number=1),
    "api_desk_merge": _project(everyone(405), page=False, number=1),
    "api_desk_notes": _project(everyone(405), page=False, number=1),
    "api_desk_mails": _project(everyone(405), page=False, number=1),
    "api_desk_tags": _project(everyone(405), page=False, number=1),
    "api_desk_assignee": _project(everyone(405), page=False, number=1),
    "api_desk_settle": _project(everyone(405), page=False, number=1),
    "api_desk_leave_out": _project(everyone(405), page=False, number=1),
    "api_desk_take_back": _project(everyone(405), page=False, number=1),
    "api_desk_lock": _project(everyone(405), page=False, number=1),
    "api_desk_comment_publish": _project(everyone(405), page=False, number=1, comment=1),
    "api_desk_comment_hide": _project(everyone(405), page=False, number=1, comment=1),
    "api_desk_acts": Row(API_PLANNERS),
    "api_desk_last_act": Row(API_MODERATORS_SOMEWHERE),
    "api_desk_undo": Row(everyone(405), {"record": 1}, {"record": 1}),
    "api_desk_colleagues": _project(API_MODERATORS, page=False),
    "api_desk_templates": Row(API_MODERATORS_SOMEWHERE),
    "api_desk_template": Row(everyone(405), {"template": 1}, {"template": 1}),
    "api_exports": Row(EVERYONE | {"nobody": 401}),
    "api_export": Row(NOBODY | {"nobody": 401}, {"export": 1}, {"export": 1}),
    "api_export_file": Row(NOBODY | {"nobody": 401}, {"export": 1}, {"export": 1}),
    "api_outcome": _project(EVERYONE, page=False),
    "api_study": _study(EVERYONE, page=False, number=1),
    "api_desk_decisions": _project(API_STAFF, page=False),
    "api_desk_decision": _project(everyone(405), page=False, decision=1),
    "api_desk_decisions_publish": _project(everyone(405), page=False),
    "api_desk_roll_outs": _project(everyone(405), page=False, decision=1),
    "api_desk_candidates": _project(API_STAFF, page=False),
    "api_desk_candidates_ballot": _project(everyone(405), page=False),
    "api_desk_candidate": Row(API_STAFF, {"slug": "laden", "number": 1001}, {"slug": "laadpunten", "number": 1}),
    "api_desk_studies": _study(API_STAFF, page=False),
    "api_desk_study": _study(API_STAFF, page=False, number=1),
    "api_desk_study_acts": _study(everyone(405), page=False, number=1),
    "api_desk_scenarios": _study(API_STAFF, page=False, number=1),
    "api_desk_scenario": _study(API_STAFF, page=False, number=1, scenario=1),
    "api_desk_scenario_acts": _study(everyone(405), page=False, number=1, scenario=1),
    "api_desk_extensions": _project(API_STAFF, page=False),
    "api_desk_extension_agree": _project(everyone(405), page=False, extension=1),
    "api_desk_paper": _project(everyone(405), page=False),
    "api_desk_paper_check": _project(everyone(405), page=False),
    "api_desk_projects": Row(API_SOMEWHERE),
    "api_desk_setup": _project(API_WRITERS, page=False),
    "api_desk_setup_texts": _project(everyone(405), page=False),
    "api_desk_setup_considered": _project(everyone(405), page=False),
    "api_desk_setup_phases": _project(everyone(405), page=False),
    "api_desk_setup_phase": _project(everyone(405), page=False, phase=1),
    "api_desk_setup_access": _project(everyone(405), page=False),
    "api_desk_setup_themes": _project(everyone(405), page=False),
    "api_desk_setup_vote": _project(everyone(405), page=False, phase=1),
    "api_desk_setup_area": _project(everyone(405), page=False),
    "api_desk_questions": _project(API_PLANNERS, page=False, asked="alone"),
    "api_desk_question": _project(everyone(405), page=False, asked="alone", key="q1"),
    "api_desk_question_move": _project(everyone(405), page=False, asked="alone", key="q1"),
    "api_desk_publish_project": _project(everyone(405), page=False),
    "api_desk_zones": _project(API_PLANNERS, page=False),
    "api_desk_zone": _project(everyone(405), page=False, zone=1),
    "api_desk_inventory": _project(API_STAFF, page=False),
    "api_desk_inventory_permission": _project(everyone(405), page=False, number=1),
    "api_desk_object": _project(everyone(405), page=False, number=1),
    "api_imports": _project(API_FILERS, page=False),
    "api_import": _project(API_NO_FILE, page=False, import_id=1),
    "api_import_rows": _project(API_NO_FILE, page=False, import_id=1),
    "api_import_reading": _project(everyone(405), page=False, import_id=1),
    "api_import_columns": _project(everyone(405), page=False, import_id=1),
    "api_import_carry_out": _project(everyone(405), page=False, import_id=1),
    "api_import_undo": _project(everyone(405), page=False, import_id=1),
    "api_area_imports": Row(API_FILERS),
    "api_area_import": Row(API_NO_FILE, {"import_id": 1}, {"import_id": 1}),
    "api_area_import_rows": Row(API_NO_FILE, {"import_id": 1}, {"import_id": 1}),
    "api_area_import_reading": Row(everyone(405), {"import_id": 1}, {"import_id": 1}),
    "api_area_import_columns": Row(everyone(405), {"import_id": 1}, {"import_id": 1}),
    "api_area_import_carry_out": Row(everyone(405), {"import_id": 1}, {"import_id": 1}),
    "api_area_import_undo": Row(everyone(405), {"import_id": 1}, {"import_id": 1}),
    "api_ballot": _project(EVERYONE | {"nobody": 401}, page=False),
    "api_me": Row(EVERYONE | {"nobody": 401}),
    "api_desk_queue": _project(API_STAFF, page=False),
    "api_desk_publish": _project(everyone(405), page=False, number=1),
    "api_desk_hide": _project(everyone(405), page=False, number=1),
    "api_desk_shortlist": _project(everyone(405), page=False),
    "export": Row(EVERYONE, {"name": "laden-proposals.csv"}, {"name": "laadpunten-proposals.csv"}),
    "exports": Row(SIGNED_IN, page=True, by="resident"),
    # Nobody asked for a file on the stage.
    "my_export": Row(NOBODY | {"nobody": 302}, {"pk": 1}, {"pk": 1}),
    "my_export_file": Row(NOBODY | {"nobody": 302}, {"pk": 1}, {"pk": 1}),
    "my_export_stop": Row(POST_ONLY, {"pk": 1}, {"pk": 1}),
    "export_about": Row(EVERYONE, {"name": "laden-proposals.csv"}, {"name": "laadpunten-proposals.csv"}),
}

# Which roles may send a form to each address that takes nothing else; the rest is turned away and nothing is written.
SITERS, MODERATORS = ("planner", "manager"), ("moderator", "planner", "manager")
MAY_SEND: dict[str, tuple[str, ...]] = {
    "support": tuple(role for role in ROLES if role != "nobody"),
    "comment": tuple(role for role in ROLES if role != "nobody"),
    "follow": tuple(role for role in ROLES if role != "nobody"),
    # A ballot that is begun is kept in the browser, before anybody signs in.
    "ballot_choose": ROLES,
    "ballot_cast": tuple(role for role in ROLES if role != "nobody"),
    "take_up_draft": tuple(role for role in ROLES if role != "nobody"),
    "desk_moderate": MODERATORS,
    "desk_undo": (*MODERATORS, "other_project"),
    "desk_shortlist_change": SITERS,
    "desk_form_change": MODERATORS,
    "desk_layer_change": ("planner", "gis", "manager"),
    "desk_inventory_change": SITERS,
    "desk_inventory_permission": MODERATORS,
    "desk_exact_place": MODERATORS,
    "desk_import_change": ("planner", "gis", "manager"),
    "desk_area_import_change": ("planner", "gis", "manager"),
    "desk_candidate_change": SITERS,
    "desk_candidates_ballot": SITERS,
    "desk_decisions_change": SITERS,
    "desk_vote_ask": SITERS,
    "desk_vote_agree": SITERS,
    "desk_codes_withdraw": SITERS,
    "desk_resident_codes_withdraw": SITERS,
    "desk_people_unverify": SITERS,
    "desk_people_codes": SITERS,
    "desk_cluster_run": ("planner", "gis", "manager"),
    "desk_keep": SITERS,
    "desk_forget": SITERS,
    "desk_study_act": SITERS,
    "desk_scenario_act": SITERS,
    "desk_staff_change": ("manager",),
    "desk_dossier_publish": SITERS,
    "desk_access_revoke": SOMEWHERE,
    "my_export_stop": tuple(role for role in ROLES if role != "nobody"),
    "desk_access_embed": ("manager",),
    "desk_webhook_change": ("manager",),
    "desk_webhook_again": ("manager",),
    "desk_maps_change": ("planner", "gis", "manager"),
}
# What a form sent there is about is not on the small stage, so that whoever may send it hears that.
NOT_ON_STAGE = frozenset(
    {
        "desk_webhook_change",
        "desk_webhook_again",
        "desk_maps_change",
        "desk_layer_change",
        "desk_candidate_change",
        "desk_forget",
        "desk_codes_withdraw",
        "desk_access_revoke",
        "desk_inventory_permission",
        "desk_form_change",
        "desk_exact_place",
        "my_export_stop",
        "desk_import_change",
        "desk_area_import_change",
    }
)


def names(resolver: URLResolver | None = None) -> set[str]:
    """Walk the URLconf: the name of every address, ``?`` and its pattern where it has none."""
    found = set()
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLPattern):
            found.add(pattern.name or f"?{pattern.pattern}")
        else:
            found |= names(pattern)
    return found
