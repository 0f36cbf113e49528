"""The addresses of the planner's workbench; reading them puts its pages into the desk's menu."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from participation.web.catalogue import more_offers
from participation.web.desk import OUT, SITES, desk_pages, town_pages
from participation.web.projects import project_tabs
from siting.selectors.decisions import has_published
from siting.selectors.dossier import has_dossier
from siting.web import (
    candidates,
    decisions,
    desk_dossier,
    dossier,
    downloads,
    drawn,
    keeping,
    layers,
    outcome,
    scenarios,
    studies,
    workbench,
)

urlpatterns = [
    path("desk/layers/", layers.layers_page, name="desk_layers"),
    path("desk/layers/<int:pk>/", layers.layer_page, name="desk_layer"),
    path("desk/layers/<int:pk>/change/", layers.change_layer, name="desk_layer_change"),
    path("desk/layers/<int:pk>/refused.csv", layers.refused_file, name="desk_layer_refused"),
    path("desk/layers/<int:pk>/differences.csv", layers.differences_file, name="desk_layer_differences"),
    path("projects/<slug:slug>/outcome/", outcome.outcome_page, name="outcome"),
    path("desk/projects/<slug:slug>/candidates/", candidates.candidates_page, name="desk_candidates"),
    path("desk/projects/<slug:slug>/candidates/ballot/", candidates.from_ballot, name="desk_candidates_ballot"),
    path("desk/projects/<slug:slug>/candidates/new/", candidates.new_candidate, name="desk_candidate_new"),
    path("desk/projects/<slug:slug>/candidates/<int:number>/", candidates.candidate_page, name="desk_candidate"),
    path("desk/projects/<slug:slug>/candidates/<int:number>/change/", candidates.change, name="desk_candidate_change"),
    path("desk/projects/<slug:slug>/decisions/", decisions.decisions_page, name="desk_decisions"),
    path("desk/projects/<slug:slug>/decisions/change/", decisions.change, name="desk_decisions_change"),
    path("projects/<slug:slug>/dossier/", dossier.dossier_page, name="dossier"),
    path("projects/<slug:slug>/dossier/<slug:name>.svg", dossier.dossier_picture, name="dossier_picture"),
    path("projects/<slug:slug>/dossier.<slug:kind>", dossier.dossier_file, name="dossier_file"),
    path("desk/projects/<slug:slug>/dossier/", desk_dossier.desk_dossier_page, name="desk_dossier"),
    path("desk/projects/<slug:slug>/dossier.<slug:kind>", desk_dossier.desk_dossier_file, name="desk_dossier_file"),
    path("desk/projects/<slug:slug>/dossier/publish/", desk_dossier.desk_dossier_publish, name="desk_dossier_publish"),
    path("desk/projects/<slug:slug>/map/", workbench.map_page, name="desk_map"),
    path("desk/projects/<slug:slug>/map/<slug:name>.geojson", drawn.drawn_geojson, name="desk_drawn"),
    path("desk/projects/<slug:slug>/map/heat.png", drawn.heat_png, name="desk_heat"),
    path("desk/projects/<slug:slug>/map/pins/<int:z>/<int:y>/<int:x>", drawn.pins_tile, name="desk_pins_tile"),
    path("desk/projects/<slug:slug>/map/file/", drawn.view_file, name="desk_view_file"),
    path("desk/projects/<slug:slug>/map/run/", keeping.run, name="desk_cluster_run"),
    path("desk/projects/<slug:slug>/clusters/", keeping.kept_page, name="desk_kept"),
    path("desk/projects/<slug:slug>/clusters/keep/", keeping.keep, name="desk_keep"),
    path("desk/projects/<slug:slug>/clusters/<int:number>/forget/", keeping.forget, name="desk_forget"),
    path("desk/projects/<slug:slug>/export/", downloads.export_page, name="desk_export"),
]

STUDIES = "desk/projects/<slug:slug>/studies/"
STUDY = STUDIES + "<int:number>/"
SCENARIO = STUDY + "scenarios/<int:scenario>/"
urlpatterns += [
    path(STUDIES, studies.list_page, name="desk_studies"),
    path(STUDIES + "new/", studies.new_page, name="desk_study_new"),
    path(STUDIES + "compare/", studies.compare_page, name="desk_studies_compare"),
    path(STUDY, studies.study_page, name="desk_study"),
    path(STUDY + "question/", studies.question_page, name="desk_study_question"),
    path(STUDY + "criteria/", studies.criteria_page, name="desk_study_criteria"),
    path(STUDY + "values/", studies.values_page, name="desk_study_values"),
    path(STUDY + "progress/", studies.progress_page, name="desk_study_progress"),
    path(STUDY + "act/", studies.act, name="desk_study_act"),
    path(STUDY + "scenarios/", scenarios.compare_page, name="desk_scenarios"),
    path(STUDY + "scenarios/new/", scenarios.new_page, name="desk_scenario_new"),
    path(SCENARIO, scenarios.scenario_page, name="desk_scenario"),
    path(SCENARIO + "progress/", scenarios.progress_page, name="desk_scenario_progress"),
    path(SCENARIO + "act/", scenarios.act, name="desk_scenario_act"),
    path("projects/<slug:slug>/studies/<int:number>/", studies.public_page, name="study"),
]

town_pages += [("desk_layers", _("Layers"))]
desk_pages += [
    ("desk_map", _("Map work"), SITES),
    ("desk_kept", _("Clusters"), SITES),
    ("desk_candidates", _("Candidates"), SITES),
    ("desk_studies", _("Studies"), SITES),
    ("desk_decisions", _("Decisions"), SITES),
    ("desk_dossier", _("Dossier"), OUT),
    ("desk_export", _("Downloads"), OUT),
]
project_tabs += [("outcome", _("What became of it"), has_published), ("dossier", _("Decision dossier"), has_dossier)]
more_offers += [dossier.offers]
