"""The desk's menu is a few headings; the one that is read shows its pages."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from tests.cast import Cast

pytestmark = pytest.mark.django_db


def read(cast: Cast, name: str, *args: object, who: str = "Marc") -> tuple[str, str]:
    """The headings, and the pages below the one that is read, as they stand on a page of the desk."""
    client = Client()
    client.force_login(cast[who])
    page = client.get(reverse(name, args=("laden", *args)), headers={"accept-language": "en"}).content.decode()
    navs = re.findall(r'<nav class="kp-deskbar__(\w+)"[^>]*>(.*?)</nav>', page, re.DOTALL)
    found = dict(navs)
    assert list(found) in (["nav", "pages"], ["nav"])
    return found["nav"], found.get("pages", "")


def links(nav: str) -> list[tuple[str, str]]:
    """What each link says, and whether the reader is there."""
    found = re.findall(r"<a [^>]*?>.*?</a>", nav)
    return [(re.sub(r"<.*?>", "", link), (re.findall(r'aria-current="(\w+)"', link) or [""])[0]) for link in found]


def test_the_headings_are_few_and_lead_to_their_first_page(cast: Cast) -> None:
    nav, pages = read(cast, "desk_queue")
    assert [said for said, _current in links(nav)] == ["Intake (0)", "Voting", "Set-up", "Sites", "Take along"]
    assert dict(links(nav))["Intake (0)"] == "page"
    assert re.findall(r'href="([^"]+)"', nav)[:3] == [
        reverse(name, args=("laden",)) for name in ("desk_queue", "desk_shortlist", "desk_setup_question")
    ]
    assert links(pages) == [("Queue (0)", "page"), ("From a file", "")]
    assert read(cast, "desk_queue", who="Mo")[1] == "", "one page alone needs no line of its own"


def test_the_heading_that_is_read_shows_its_pages(cast: Cast) -> None:
    nav, pages = read(cast, "desk_candidates")
    assert [said for said, current in links(nav) if current == "true"] == ["Sites"]
    assert links(pages) == [
        ("Map work", ""), ("Clusters", ""), ("Candidates", "page"), ("Studies", ""), ("Decisions", ""),
    ]  # fmt: skip


def test_a_page_below_a_page_of_the_menu_is_under_it(cast: Cast) -> None:
    nav, pages = read(cast, "desk_study_new")
    assert dict(links(nav))["Sites"] == "true"
    assert dict(links(pages))["Studies"] == "true"
