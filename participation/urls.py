"""The addresses of residents and of the desk's speaking side."""

from django.urls import path

from participation.web import (
    ballot,
    codes,
    desk,
    desk_paper,
    desk_voters,
    home,
    me,
    projects,
    proposals,
    results,
    suggest,
)

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
    path("projects/<slug:slug>/code/", codes.code_page, name="code"),
    path("projects/<slug:slug>/results/", results.results, name="results"),
    path("me/", me.me, name="me"),
    path("accessibility/", home.accessibility, name="accessibility"),
    path("privacy/", home.privacy, name="privacy"),
    path("desk/", desk.overview, name="desk"),
    path("desk/projects/<slug:slug>/queue/", desk.queue_page, name="desk_queue"),
    path("desk/projects/<slug:slug>/queue/<int:number>/", desk.moderate, name="desk_moderate"),
    path("desk/projects/<slug:slug>/ballot/", desk.shortlist_page, name="desk_shortlist"),
    path("desk/projects/<slug:slug>/ballot/change/", desk.shortlist, name="desk_shortlist_change"),
    path("desk/projects/<slug:slug>/letters/", desk_voters.codes_page, name="desk_codes"),
    path(
        "desk/projects/<slug:slug>/letters/<int:batch>/withdraw/",
        desk_voters.codes_withdraw,
        name="desk_codes_withdraw",
    ),
    path("desk/projects/<slug:slug>/paper/", desk_paper.paper_page, name="desk_paper"),
    path("desk/people/", desk_voters.people_page, name="desk_people"),
    path("desk/people/unverify/", desk_voters.people_unverify, name="desk_people_unverify"),
]
