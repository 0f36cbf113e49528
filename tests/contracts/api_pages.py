"""Every page of the desk that writes: by which operations of the API the same is done, or why by none.

Written by hand, by the name of the address; what a page does in part stands with the others that do the rest. A page
that writes and has no row fails tests/contracts/test_api_acts.py, and so does a reason that docs/reference/api.md does
not tell.
"""

from participation.rules.roles import DeskAct
from tests.contracts.api_acts import DESK, DESK_ACTS, DESK_PIECE, NOT_HERE

IMPORTS = DESK_ACTS[DeskAct.LAYERS]
OF_A_PROJECT = tuple(one for one in IMPORTS if DESK in one)
OF_THE_TOWN = tuple(one for one in IMPORTS if DESK not in one)
QUESTIONS = tuple(one for one in DESK_ACTS[DeskAct.SETUP] if "/setup/questions/" in one)
CANDIDATES = tuple(one for one in DESK_ACTS[DeskAct.SITE] if "/candidates" in one)
FORMS = (f"POST {DESK}/form/{{number}}/leave-out", f"POST {DESK}/form/{{number}}/take-back")
STUDIES = (f"POST {DESK}/studies", f"POST {DESK}/studies/{{number}}/acts")
SCENARIOS = tuple(one for one in DESK_ACTS[DeskAct.SITE] if "/scenarios" in one)

LOOKED_AT = "They are looked at before they are put to use; what they hold is read as [live layers](ogc-api.md)."
WEIGHED = "They are weighed where their effect is seen; a study that is copied brings them along."
ONE_AT_A_TIME = "It is shown to one person at a time, and each look is written down; a program would read them all."

DESK_PAGES: dict[str, tuple[str, ...] | str] = {
    "desk_project_new": ("POST /desk/projects",),
    "desk_moderate": tuple(one for one in DESK_ACTS[DeskAct.MODERATE] if DESK_PIECE in one),
    "desk_undo": ("POST /desk/acts/{record}/undo",),
    "desk_templates": ("PUT /desk/templates", "DELETE /desk/templates/{template}"),
    "desk_shortlist_change": DESK_ACTS[DeskAct.SHORTLIST],
    "desk_form": FORMS,
    "desk_form_change": FORMS,
    "desk_imports": (f"POST {DESK}/imports",),
    "desk_import": OF_A_PROJECT,
    "desk_import_change": OF_A_PROJECT,
    "desk_areas": ("POST /desk/areas/imports",),
    "desk_area_import": OF_THE_TOWN,
    "desk_area_import_change": OF_THE_TOWN,
    "desk_zones": (f"POST {DESK}/zones", f"PUT {DESK}/zones/{{zone}}", f"DELETE {DESK}/zones/{{zone}}"),
    "desk_inventory_change": (f"POST {DESK}/inventory", f"DELETE {DESK}/inventory/{{number}}"),
    "desk_inventory_permission": (f"PUT {DESK}/inventory/{{number}}/permission",),
    "desk_exact_place": ONE_AT_A_TIME,
    "desk_setup_question": (f"PUT {DESK}/setup/texts",),
    "desk_setup_rules": (f"PUT {DESK}/setup/texts",),
    "desk_setup_area": (f"PUT {DESK}/setup/area",),
    "desk_setup_phases": (
        f"PUT {DESK}/setup/phases",
        f"POST {DESK}/setup/phases",
        f"DELETE {DESK}/setup/phases/{{phase}}",
    ),
    "desk_setup_access": (f"PUT {DESK}/setup/access",),
    "desk_setup_themes": (f"PUT {DESK}/setup/themes",),
    "desk_setup_questions": QUESTIONS,
    "desk_setup_one_question": QUESTIONS,
    "desk_setup_vote": (f"PUT {DESK}/setup/votes/{{phase}}",),
    "desk_setup_consider": (f"PUT {DESK}/setup/considered",),
    "desk_setup_check": (f"POST {DESK}/publish",),
    "desk_vote": DESK_ACTS[DeskAct.EXTEND],
    "desk_vote_ask": (f"POST {DESK}/extensions",),
    "desk_vote_agree": (f"POST {DESK}/extensions/{{extension}}/agree",),
    "desk_paper": DESK_ACTS[DeskAct.PAPER],
    "desk_voters": NOT_HERE[DeskAct.ELECTORATE],
    "desk_codes": NOT_HERE[DeskAct.ELECTORATE],
    "desk_codes_withdraw": NOT_HERE[DeskAct.ELECTORATE],
    "desk_people": NOT_HERE[DeskAct.ELECTORATE],
    "desk_people_codes": NOT_HERE[DeskAct.ELECTORATE],
    "desk_people_unverify": NOT_HERE[DeskAct.ELECTORATE],
    "desk_resident_codes": NOT_HERE[DeskAct.ELECTORATE],
    "desk_resident_codes_withdraw": NOT_HERE[DeskAct.ELECTORATE],
    "desk_staff": NOT_HERE[DeskAct.PEOPLE],
    "desk_staff_change": NOT_HERE[DeskAct.PEOPLE],
    "desk_access": NOT_HERE[DeskAct.TOKENS],
    "desk_access_revoke": NOT_HERE[DeskAct.TOKENS],
    "desk_access_embed": NOT_HERE[DeskAct.TOKENS],
    "desk_webhooks": NOT_HERE[DeskAct.TOKENS],
    "desk_webhook_change": NOT_HERE[DeskAct.TOKENS],
    "desk_webhook_again": NOT_HERE[DeskAct.TOKENS],
    "desk_maps": LOOKED_AT,
    "desk_maps_change": LOOKED_AT,
    "desk_layers": LOOKED_AT,
    "desk_layer_change": LOOKED_AT,
    "desk_dossier": LOOKED_AT,
    "desk_dossier_file": LOOKED_AT,
    "desk_dossier_publish": LOOKED_AT,
    "desk_cluster_run": LOOKED_AT,
    "desk_keep": LOOKED_AT,
    "desk_forget": LOOKED_AT,
    "desk_candidates_ballot": (f"POST {DESK}/candidates/from-ballot",),
    "desk_candidate_new": (f"POST {DESK}/candidates",),
    "desk_candidate": CANDIDATES,
    "desk_candidate_change": CANDIDATES,
    "desk_decisions": DESK_ACTS[DeskAct.DECIDE],
    "desk_decisions_change": DESK_ACTS[DeskAct.DECIDE],
    "desk_study_new": (f"POST {DESK}/studies",),
    "desk_study_question": STUDIES,
    "desk_study_criteria": WEIGHED,
    "desk_study_values": WEIGHED,
    "desk_study_act": STUDIES,
    "desk_scenario_new": SCENARIOS,
    "desk_scenario_act": SCENARIOS,
}
