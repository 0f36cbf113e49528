"""What the demo town holds, who can enter it, and how its made-up people vote; writes nothing and knows no Django."""

import csv
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from participation.rules.places import drawn_from

DATA = Path(__file__).resolve().parent.parent / "data" / "poperinge"
# As they lie on the home page, the running one last made and so on top.
PROJECTS = ("parkconcerten", "zitbanken", "laadpunten")
# Made after those, drawn from a seed of their own, so that one more changes nothing in the others.
SMALL_PROJECTS = ("dorpskern-abele", "nutskasten", "uitpas")
# 31 December 2024; the neighbourhoods carry the figures of 2021, the last published for each part.
POPULATION = 19_965
SEED = 2023

# Role -> the mail address to enter with. The domain is reserved (RFC 2606): nobody can receive its mail.
PEOPLE = {
    "resident": "bewoner@poperinge.example",
    "moderator": "moderator@poperinge.example",
    "planner": "planner@poperinge.example",
    "gis": "gis@poperinge.example",
    "manager": "manager@poperinge.example",
}
PUBLIC_NAMES = {"resident": "An", "moderator": "Mo", "planner": "Piet", "gis": "Gita", "manager": "Marc"}

N_RESIDENTS = 800
# The rules let people vote who come to the town often; 1,100 ballots need more people than 800 residents.
N_VISITORS = 500
N_BALLOTS = {"laadpunten": 412, "zitbanken": 367, "parkconcerten": 1_100}

# One ballot in so many came in on paper; in the vote that runs nobody brought one yet.
PAPER_EVERY = {"zitbanken": 8, "parkconcerten": 14}
SHARE_FRENCH = 0.08
# One in eight voters changes their mind once.
SHARE_CAST_TWICE = 0.125
# How much dearer a place in one's own village is than the same place elsewhere.
HOME_PULL = 6.0
# Votes gather on what is liked: a place twice as dear draws three times the votes.
APPEAL_POWER = 1.7
SUPPORTS_PER_APPEAL = (1.5, 4.5)

SHARE_WITH_A_WISH, SHARE_WITH_AN_AGE, SHARE_WITH_AN_ACCOUNT = 0.2, 0.8, 0.4

FLEMISH = (
    "Anke", "Arne", "Bart", "Bert", "Birgit", "Bram", "Carine", "Chris", "Daan", "Dirk", "Dries", "Eline", "Ella",
    "Els", "Emma", "Eva", "Femke", "Filip", "Fien", "Freek", "Geert", "Greet", "Griet", "Guido", "Hanne", "Hilde",
    "Hugo", "Ilse", "Ine", "Jan", "Jana", "Jef", "Jelle", "Joke", "Joris", "Jos", "Joost", "Karel", "Katrien",
    "Koen", "Kristof", "Lander", "Leen", "Lies", "Lieve", "Lore", "Lotte", "Luc", "Luka", "Maaike", "Maarten",
    "Marijke", "Marleen", "Mieke", "Miet", "Nele", "Niels", "Nore", "Paul", "Pieter", "Rik", "Robbe", "Roos",
    "Ruben", "Sander", "Sien", "Sofie", "Stijn", "Tine", "Tom", "Trui", "Veerle", "Wannes", "Wim", "Wout",
    "Yannick",
)  # fmt: skip
FRENCH = (
    "Alice", "Amélie", "André", "Benoît", "Camille", "Chloé", "Claire", "Denis", "Élise", "Fabien", "Hélène",
    "Hugo", "Inès", "Jules", "Julie", "Léa", "Louis", "Luc", "Lucie", "Manon", "Marie", "Mathieu", "Nathalie",
    "Nicolas", "Pascal", "Sylvie", "Thomas", "Yves",
)  # fmt: skip


def project_content(slug: str) -> dict[str, Any]:
    """Read what a project of the demo says and holds; data/README.md explains the keys."""
    content: dict[str, Any] = json.loads((DATA / f"{slug}.json").read_text(encoding="utf-8"))
    return content


def features(name: str) -> list[dict[str, Any]]:
    """Read the features of a GeoJSON file of the town."""
    found: list[dict[str, Any]] = json.loads((DATA / f"{name}.geojson").read_text(encoding="utf-8"))["features"]
    return found


def places() -> list[dict[str, str]]:
    """Read the named places of the town."""
    with (DATA / "places.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def place_of(entry: Mapping[str, Any], content: Mapping[str, Any]) -> BaseGeometry:
    """Say where an entry lies, in lon, lat: the shape that was drawn, its object of the inventory, or its spot."""
    if "shape" in entry:
        return drawn_from(entry["shape"]).geometry
    at = next(one for one in content["inventory"] if one["key"] == entry["object"]) if "object" in entry else entry
    return shapely.Point(at["lon"], at["lat"])


def draw_name(rng: random.Random) -> tuple[str, str]:
    """Draw the public name and the language of someone made up."""
    first, language = (rng.choice(FRENCH), "fr") if rng.random() < SHARE_FRENCH else (rng.choice(FLEMISH), "nl")
    return f"{first} {rng.choice('ABCDEGHLMPRSTVW')}.", language


def draw_homes(rng: random.Random, populations: Mapping[str, int], n: int) -> list[str]:
    """Draw in which village each of ``n`` people lives, as many in each as its inhabitants would have it."""
    return rng.choices(list(populations), weights=list(populations.values()), k=n)


def draw_moment(rng: random.Random, opens_at: datetime, until: datetime) -> datetime:
    """Draw a moment between two others, more often near either end: people act when it opens or nearly closes."""
    return opens_at + (until - opens_at) * rng.betavariate(0.7, 0.9)


def _drawn_without_repeats(rng: random.Random, weights: Sequence[float], n: int) -> list[int]:
    """Draw ``n`` different positions, heavier ones rather and sooner.

    Source   Efraimidis and Spirakis 2006: the largest of u ** (1 / weight).
    """
    keys = [rng.random() ** (1 / weight) for weight in weights]
    return sorted(range(len(keys)), key=keys.__getitem__, reverse=True)[:n]


def draw_supporters(rng: random.Random, *, appeal: int, area: str, homes: Sequence[str]) -> list[int]:
    """Draw which people support a proposal, by their position; its own village rather than others."""
    n = round(appeal * rng.uniform(*SUPPORTS_PER_APPEAL))
    return _drawn_without_repeats(rng, [HOME_PULL if home == area else 1.0 for home in homes], n)


@dataclass(frozen=True, slots=True)
class Option:
    """What can be voted on from a moment on; ``area`` is empty where no place is asked."""

    number: int
    appeal: int
    area: str
    since: datetime


@dataclass(frozen=True, slots=True)
class DrawnBallot:
    """The castings of one person (by position), first to last: when, and which numbers in order of choice."""

    voter: int
    casts: tuple[tuple[datetime, tuple[int, ...]], ...]


def draw_ballots(
    rng: random.Random,
    *,
    n_ballots: int,
    homes: Sequence[str],
    options: Sequence[Option],
    cap: int,
    opens_at: datetime,
    until: datetime,
) -> list[DrawnBallot]:
    """Draw who votes for what and when; nobody votes for what was not on the ballot yet.

    Order    by the moment of the first cast.
    """

    def choices(home: str, at: datetime) -> tuple[int, ...]:
        there = [option for option in options if option.since <= at]
        weights = [
            option.appeal**APPEAL_POWER * (HOME_PULL if option.area and option.area == home else 1.0)
            for option in there
        ]
        # Most people use all their choices.
        n = rng.choices(range(1, cap + 1), weights=range(1, cap + 1))[0]
        return tuple(there[position].number for position in _drawn_without_repeats(rng, weights, n))

    ballots = []
    for voter in rng.sample(range(len(homes)), n_ballots):
        first = draw_moment(rng, opens_at, until)
        moments = [first]
        if rng.random() < SHARE_CAST_TWICE:
            moments.append(first + min((until - first) * rng.random(), timedelta(days=3)))
        ballots.append(DrawnBallot(voter, tuple((at, choices(homes[voter], at)) for at in moments)))
    return sorted(ballots, key=lambda ballot: ballot.casts[0][0])


def draw_pass_answers(rng: random.Random, wishes: Sequence[str]) -> dict[str, Any]:
    """Draw what one person answers to the questions of the leisure pass (rules.template_questions.PASS)."""
    holds = rng.choices(("o1", "o2", "o3"), weights=(5, 4, 2))[0]
    answers: dict[str, Any] = {"q1": holds}
    if holds == "o1":
        weights = (7, 6, 5, 4, 4)
        answers["q2"] = [f"o{n}" for n, weight in enumerate(weights, start=1) if rng.random() < weight / 10] or ["o1"]
    else:
        answers["q3"] = rng.choices(("o1", "o2", "o3", "o4", "o5"), weights=(7, 5, 4, 4, 3))[0]
    answers["q4"] = rng.choices("12345", weights=(3, 6, 5, 7, 3))[0]
    if wishes and rng.random() < SHARE_WITH_A_WISH:
        answers["q5"] = rng.choice(wishes)
    if rng.random() < SHARE_WITH_AN_AGE:
        answers["q6"] = round(rng.triangular(8, 84, 34))
    return answers
