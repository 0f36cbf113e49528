"""The addresses of residents and of the desk's speaking side."""

from django.urls import path

from participation.web import ballot, desk, home, me, projects, proposals, report, results, suggest

urlpatterns = [
    path("", home.home, name="home"),
    path("projects/", home.projects, name="projects"),
    path("projects/<slug:slug>/", projects.project_page, name="project"),
    path("projects/<slug:slug>/rules/", projects.rules_page, name="rules"),
    path("projects/<slug:slug>/suggest/", suggest.where, name="suggest"),
    path("projects/<slug:slug>/suggest/place/", suggest.place_fragment, name="suggest_place"),
    path("projects/<slug:slug>/suggest/what/", suggest.what, name="suggest_what"),
    path("projects/<slug:slug>/suggest/check/", suggest.check, name="suggest_check"),
    path("projects/<slug:slug>/proposals/<int:number>/", proposals.proposal_page, name="proposal"),
    path("projects/<slug:slug>/proposals/<int:number>/support/", proposals.support_proposal, name="support"),
    path("projects/<slug:slug>/ballot/", ballot.ballot, name="ballot"),
    path("projects/<slug:slug>/ballot/choose/", ballot.choose, name="ballot_choose"),
    path("projects/<slug:slug>/ballot/check/", ballot.ballot_check, name="ballot_check"),
    path("projects/<slug:slug>/ballot/cast/", ballot.cast, name="ballot_cast"),
    path("projects/<slug:slug>/ballot/done/", ballot.done, name="ballot_done"),
    path("projects/<slug:slug>/results/", results.results, name="results"),
    path("projects/<slug:slug>/answers/", report.answers, name="answers"),
    path("projects/<slug:slug>/answers.pdf", report.answers_pdf, name="answers_pdf"),
    path("me/", me.me, name="me"),
    path("accessibility/", home.accessibility, name="accessibility"),
    path("privacy/", home.privacy, name="privacy"),
    path("desk/", desk.overview, name="desk"),
    path("desk/projects/<slug:slug>/queue/", desk.queue_page, name="desk_queue"),
    path("desk/projects/<slug:slug>/queue/<int:number>/", desk.moderate, name="desk_moderate"),
    path("desk/projects/<slug:slug>/ballot/", desk.shortlist_page, name="desk_shortlist"),
    path("desk/projects/<slug:slug>/ballot/change/", desk.shortlist, name="desk_shortlist_change"),
]
