"""The ballot without JavaScript: filled in, checked, cast, changed and withdrawn, for each way to vote."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape

import pytest
from django.conf import settings
from django.test import Client
from django.test.utils import override_settings
from django.urls import reverse
from django.utils import translation

from participation.models import Ballot, BallotCast, Draft, Phase, Proposal, Vote
from participation.rules.refusals import Code
from participation.rules.voting import NO_CAP, Choice
from participation.selectors.projects import choices_cast
from participation.web.sentences import sentence
from tests.cast import Cast, picks

Fields = Mapping[str, object]
PLAIN_FILES = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}


@dataclass
class Reader:
    """Somebody who reads the pages of one vote, and fills in their forms as a browser without JavaScript does."""

    cast: Cast
    client: Client = field(default_factory=lambda: Client(headers={"accept-language": "en"}))
    page: str = ""
    status: int = 200
    path: str = ""

    def go(self, name: str, **kwargs: object) -> str:
        """Open a page of the project."""
        return self._read(self.client.get(reverse(name, kwargs={"slug": self.cast.project.slug} | kwargs), follow=True))

    def send(self, name: str, fields: Fields, **kwargs: object) -> str:
        """Send a form, and go where the answer leads."""
        url = reverse(name, kwargs={"slug": self.cast.project.slug} | kwargs)
        return self._read(self.client.post(url, fields, follow=True))

    def cast_now(self, fields: Fields | None = None) -> str:
        """Press the button of the check, with what its form holds."""
        return self.send("ballot_cast", fields or self.form("choice"))

    def form(self, must_hold: str) -> dict[str, object]:
        """The hidden fields of the form on this page that holds this one."""
        for form in re.findall(r"<form.*?</form>", self.page, re.S):
            fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form)
            if must_hold in dict(fields):
                return {name: [value for other, value in fields if other == name] for name, _value in fields}
        raise AssertionError(f"no form holds {must_hold}")

    def field_of(self, number: int) -> str:
        """What stands in the field of one option on the ballot: its points, its rank, "on" in a ticked box."""
        card = re.search(rf'<li [^>]*id="o{number}".*?</li>', self.page, re.S)
        assert card, f"option {number} is not on this page"
        if found := re.search(r'type="number"[^>]* value="([^"]*)"', card[0]):
            return found[1]
        if found := re.search(r'<option value="(\d+)" selected', card[0]):
            return found[1]
        return "on" if " checked" in card[0] else ""

    def _read(self, response: object) -> str:
        self.page = unescape(response.content.decode())  # type: ignore[attr-defined]
        self.status = response.status_code  # type: ignore[attr-defined]
        self.path = response.request["PATH_INFO"]  # type: ignore[attr-defined]
        assert self.status < 500
        return self.page


@pytest.fixture
def an(cast: Cast) -> Iterator[Reader]:
    """An, signed in, who reads English; with plain static files: which hash a style sheet has is no matter here."""
    with override_settings(STORAGES=settings.STORAGES | PLAIN_FILES):
        reader = Reader(cast)
        reader.client.force_login(cast["An"])
        yield reader


def say(code: Code, **facts: object) -> str:
    """The sentence of a refusal as An reads it."""
    with translation.override("en"):
        return sentence(code, facts)


def set_up(cast: Cast, **rules: object) -> Phase:
    """Set the vote up."""
    Phase.objects.filter(pk=cast.vote.pk).update(**rules)
    cast.vote.refresh_from_db()
    return cast.vote


@dataclass(frozen=True)
class Way:
    """One way to vote: its settings, what is filled in first and then, and what each is."""

    rules: dict[str, object]
    first: dict[str, object]
    choices: list[Choice]
    then: dict[str, object]
    changed: list[Choice]
    offer: str
    left: str
    given: list[str]


SUPPORT = {"method": "support", "cap": NO_CAP}
WAYS = {
    "choices": Way(
        {},
        {"number": ["3", "1"]},
        picks([3, 1]),
        {"number": ["2"]},
        picks([2]),
        "You have 3 choices",
        "1 of your 3 choices left",
        [],
    ),
    "choices without a limit": Way(
        {"cap": 8},
        {"number": ["3", "1"]},
        picks([3, 1]),
        {"number": ["2"]},
        picks([2]),
        "Choose as many as you like",
        "2 chosen, as many as you like",
        [],
    ),
    "support": Way(
        SUPPORT,
        {"number": ["3", "1"]},
        picks([3, 1]),
        {"number": [str(n) for n in range(1, 9)]},
        picks(range(1, 9)),
        "Choose as many as you like",
        "2 chosen, as many as you like",
        [],
    ),
    "points": Way(
        {"method": "points", "points": 10, "points_max": 6, "cap": 8},
        {"points-3": "6", "points-1": " 1 ", "points-2": "", "points-4": "0"},
        [Choice(3, 6), Choice(1, 1)],
        {"points-3": "5", "points-2": "5"},
        [Choice(3, 5), Choice(2, 5)],
        "You have 10 points to divide",
        "3 of your 10 points left",
        ["6 points", "1 point"],
    ),
    "budget": Way(
        {"method": "budget", "rule": "greedy", "budget_cents": 500_000, "cap": 8},
        {"number": ["3", "1"]},
        picks([3, 1]),
        {"number": ["5"]},
        picks([5]),
        "You have € 5,000 to spend",
        "€ 1,000 of € 5,000 left",
        ["€ 3,000", "€ 1,000"],
    ),
    "ranking": Way(
        {"method": "ranking", "rule": "borda", "cap": 3},
        {"rank-1": "3", "rank-3": "1", "rank-2": ""},
        picks([3, 1]),
        {"rank-1": "1", "rank-3": "2", "rank-2": "3"},
        picks([1, 3, 2]),
        "You can rank 3",
        "You can still rank 1 of 3",
        ["Rank 1", "Rank 2"],
    ),
}


@pytest.mark.parametrize("name", WAYS)
def test_fills_in_checks_casts_changes_and_withdraws(cast: Cast, an: Reader, name: str) -> None:
    way, vote = WAYS[name], set_up(cast, **WAYS[name].rules)
    for option in cast.options:
        Proposal.objects.filter(pk=option.pk).update(cost_cents=100_000 * option.number)
    assert way.offer in an.go("project")
    an.go("ballot")
    assert all(an.field_of(n) == "" for n in range(1, 9))

    # The check says what was given, and lies on the way back as it was filled in.
    an.send("ballot", way.first)
    assert an.path == reverse("ballot_check", args=(cast.project.slug,))
    assert way.left in an.page
    assert re.findall(r'kp-option__given">([^<]*)<', an.page) == way.given
    assert not BallotCast.objects.exists()
    an.go("ballot")
    assert way.left in an.page
    assert {n for n in range(1, 9) if an.field_of(n)} == {choice.number for choice in way.choices}
    assert way.left in an.go("project")

    an.go("ballot_check")
    an.cast_now()
    assert an.path == reverse("ballot_done", args=(cast.project.slug,))
    assert "Your ballot is in the box" in an.page
    assert re.findall(r'kp-option__given">([^<]*)<', an.page) == way.given
    assert choices_cast(vote, cast["An"]) == way.choices
    assert "Your ballot is in the box" in an.go("project")
    assert not Draft.objects.exists()

    an.send("ballot", way.then)
    # What was begun anew is not what lies in the box.
    assert re.findall(r'kp-option__given">([^<]*)<', an.go("ballot_done")) == way.given
    an.go("ballot_check")
    an.cast_now()
    assert choices_cast(vote, cast["An"]) == way.changed

    an.go("ballot_check")
    an.send("ballot_cast", an.form("withdraw"))
    assert "You have no ballot in the box" in an.page
    assert choices_cast(vote, cast["An"]) == []
    assert (Ballot.objects.count(), BallotCast.objects.count()) == (1, 3)
    an.go("ballot")
    assert all(an.field_of(n) == "" for n in range(1, 9))


POINTS = {"method": "points", "points": 10, "points_max": 6, "cap": 8}
RANKING = {"method": "ranking", "rule": "borda", "cap": 3}
BUDGET = {"method": "budget", "rule": "greedy", "budget_cents": 400_000, "cap": 8}
OVER: dict[str, tuple[dict[str, object], dict[str, object], str, dict[int, str]]] = {
    "choices": (
        {},
        {"number": ["1", "2", "3", "4"]},
        say(Code.VOTE_TOO_MANY, chosen=4, cap=3),
        dict.fromkeys((1, 2, 3, 4), "on"),
    ),
    "too few": ({"floor": 2}, {"number": ["1"]}, say(Code.VOTE_TOO_FEW, chosen=1, floor=2), {1: "on"}),
    "points": (
        POINTS,
        {"points-1": "6", "points-2": "5"},
        say(Code.VOTE_TOO_MANY_POINTS, given=11, points=10),
        {1: "6", 2: "5"},
    ),
    "points on one": (POINTS, {"points-1": "7"}, say(Code.VOTE_TOO_MANY_POINTS_ON_ONE, points_max=6), {1: "7"}),
    "half a point": (
        POINTS,
        {"points-1": "1.5", "points-2": "2"},
        say(Code.VOTE_BAD_POINTS),
        {1: "1.5", 2: "2"},
    ),
    "less than nothing": (POINTS, {"points-1": "-2"}, say(Code.VOTE_BAD_POINTS), {1: "-2"}),
    "more than a number holds": (POINTS, {"points-1": "9" * 15}, say(Code.VOTE_BAD_POINTS), {1: "9" * 15}),
    "budget": (
        BUDGET,
        {"number": ["2", "3"]},
        say(Code.VOTE_OVER_BUDGET, spent_cents=500_000, budget_cents=400_000),
        {2: "on", 3: "on"},
    ),
    "rank twice": (
        RANKING,
        {"rank-1": "2", "rank-2": "2", "rank-3": "1"},
        say(Code.VOTE_RANK_TWICE, rank=2),
        {1: "2", 2: "2", 3: "1"},
    ),
    "area": (
        {"cap_per_area": 1},
        {"number": ["1", "2"]},
        say(Code.VOTE_TOO_MANY_IN_AREA, chosen=2, name="Westkant", cap=1),
        {1: "on", 2: "on"},
    ),
    "theme of what is supported": (
        SUPPORT | {"cap_per_theme": 1},
        {"number": ["1", "2"]},
        say(Code.VOTE_TOO_MANY_OF_THEME, chosen=2, name="Plein (en)", cap=1),
        {1: "on", 2: "on"},
    ),
    "theme": (
        {"cap_per_theme": 1},
        {"number": ["1", "2"]},
        say(Code.VOTE_TOO_MANY_OF_THEME, chosen=2, name="Plein (en)", cap=1),
        {1: "on", 2: "on"},
    ),
}


@pytest.mark.parametrize("name", OVER)
def test_what_is_too_much_is_said_and_stays_as_it_was_filled_in(cast: Cast, an: Reader, name: str) -> None:
    rules, fields, said, stands = OVER[name]
    set_up(cast, **rules)
    for option in cast.options:
        Proposal.objects.filter(pk=option.pk).update(cost_cents=100_000 * option.number)
    an.send("ballot", fields)
    assert an.path == reverse("ballot", args=(cast.project.slug,))
    assert said in an.page
    assert {n: an.field_of(n) for n in stands} == stands
    # Neither the check by its address nor another visit loses it, and neither offers to cast it.
    an.go("ballot_check")
    assert said in an.page
    assert 'name="choice"' not in an.page
    an.go("ballot")
    assert {n: an.field_of(n) for n in stands} == stands
    assert not BallotCast.objects.exists()


def test_an_option_that_left_the_ballot_is_taken_off_and_said(cast: Cast, an: Reader) -> None:
    an.send("ballot", {"number": ["1", "2", "3"]})
    stale = an.form("choice")
    Proposal.objects.filter(number=2).update(on_ballot=False, state="hidden", hidden_because="x")
    gone = "No longer on the ballot, so taken off yours: 2."

    # The page that was open before says what happened, and the way back leads to the ballot.
    an.cast_now(stale)
    assert an.status == 409
    assert say(Code.VOTE_OPTION_GONE, numbers=[2]) in an.page
    assert f'href="{reverse("ballot", args=(cast.project.slug,))}"' in an.page
    assert not BallotCast.objects.exists()

    for name in ("project", "ballot", "ballot_check"):
        assert gone in an.go(name)
        assert "1 of your 3 choices left" in an.page
    an.cast_now()
    assert choices_cast(cast.vote, cast["An"]) == picks([1, 3])


def test_an_option_that_leaves_after_the_cast_is_said_too(cast: Cast, an: Reader) -> None:
    an.send("ballot", {"number": ["1", "2"]})
    an.cast_now()
    Proposal.objects.filter(number=2).update(on_ballot=False, state="hidden", hidden_because="x")
    assert "No longer on the ballot: 2." in an.go("ballot_done")
    assert "taken off yours: 2." in an.go("ballot")


def test_rules_that_changed_since_are_said_before_the_cast(cast: Cast, an: Reader) -> None:
    an.send("ballot", {"number": ["1", "2", "3"]})
    stale = an.form("choice")
    set_up(cast, cap=2)
    said = say(Code.VOTE_TOO_MANY, chosen=3, cap=2)
    an.go("ballot_check")
    assert said in an.page
    assert 'name="choice"' not in an.page
    an.cast_now(stale)
    assert (an.status, said in an.page) == (422, True)
    an.go("ballot")
    assert {n for n in range(1, 9) if an.field_of(n)} == {1, 2, 3}


def test_another_way_to_vote_since_keeps_what_was_chosen(cast: Cast, an: Reader) -> None:
    set_up(cast, **POINTS)
    an.send("ballot", {"points-2": "3", "points-1": "5"})
    set_up(cast, method="ranking", rule="borda")
    an.go("ballot_check")
    assert re.findall(r'name="choice" value="([^"]*)"', an.page) == ["2:1", "1:1"]
    an.cast_now()
    assert choices_cast(cast.vote, cast["An"]) == picks([2, 1])


def test_a_page_from_another_browser_loses_nothing(cast: Cast, an: Reader) -> None:
    an.send("ballot", {"number": ["1", "2", "3"]})
    stale = an.form("choice")
    set_up(cast, cap=2)
    other = Reader(cast)
    other.client.force_login(cast["An"])
    other.cast_now(stale)
    assert other.status == 422
    other.go("ballot")
    assert {n for n in range(1, 9) if other.field_of(n)} == {1, 2, 3}


def test_only_the_button_that_says_so_withdraws(cast: Cast, an: Reader) -> None:
    an.send("ballot", {"number": ["1"]})
    form = an.form("choice")
    an.cast_now(form)
    an.go("ballot_check")
    an.cast_now({"nonce": an.form("withdraw")["nonce"], "number": "1"})
    assert (an.status, say(Code.VOTE_BAD_NONCE) in an.page) == (422, True)
    assert choices_cast(cast.vote, cast["An"]) == picks([1])


def test_the_same_form_twice_casts_once(cast: Cast, an: Reader) -> None:
    set_up(cast, **POINTS)
    an.send("ballot", {"points-1": "2"})
    form = an.form("choice")
    for _time in range(2):
        an.cast_now(form)
        assert "Your ballot is in the box" in an.page
    assert (BallotCast.objects.count(), Vote.objects.count()) == (1, 1)


def test_who_is_not_signed_in_keeps_the_points_given(cast: Cast, an: Reader) -> None:
    set_up(cast, **POINTS)
    somebody = Reader(cast)
    somebody.send("ballot", {"points-3": "4"})
    assert "Sign in and cast" in somebody.page
    assert "4 points" in somebody.page
    somebody.client.force_login(cast["Vera"])
    somebody.go("ballot_check")
    somebody.cast_now()
    assert choices_cast(cast.vote, cast["Vera"]) == [Choice(3, 4)]


@pytest.mark.parametrize(
    ("rules", "at_once", "words"),
    [
        ({}, True, "Choose"),
        (SUPPORT, True, "Choose"),
        (BUDGET, True, "Choose"),
        (POINTS, False, "Give points"),
        (RANKING, False, "Give a rank"),
    ],
    ids=["choices", "support", "budget", "points", "ranking"],
)
def test_one_press_chooses_where_no_number_must_be_written(
    cast: Cast, an: Reader, rules: dict[str, object], *, at_once: bool, words: str
) -> None:
    set_up(cast, **rules)
    choose, ballot = reverse("ballot_choose", args=(cast.project.slug,)), reverse("ballot", args=(cast.project.slug,))
    for page in (an.go("project"), an.go("proposal", number=3)):
        assert (f'action="{choose}"' in page) is at_once
        assert (f'href="{ballot}#o3"' in page) is not at_once
        assert re.search(rf">\s*{words}<", page)
    an.send("ballot_choose", {"number": "3"})
    an.go("ballot")
    assert an.field_of(3) == ("on" if at_once else "")


@pytest.mark.parametrize("name", ["ballot", "rules"])
@pytest.mark.parametrize(
    "rules", [{}, SUPPORT, POINTS, BUDGET, RANKING], ids=["choices", "support", "points", "budget", "ranking"]
)
def test_a_project_without_a_map_speaks_of_proposals(
    cast: Cast, an: Reader, name: str, rules: dict[str, object]
) -> None:
    set_up(cast, one_per_area=True, **rules)
    there = re.compile(r"\bplaces?\b", re.I)
    assert there.search(said_on(an.go(name)))
    type(cast.project).objects.filter(pk=cast.project.pk).update(area=None)
    page = said_on(an.go(name))
    assert not there.search(page)
    assert re.search("proposal", page, re.I)


def said_on(page: str) -> str:
    """The words of a page's main part, without its tags and without what the town wrote."""
    main = re.search(r"<main.*?</main>", page, re.S)
    assert main
    words = re.sub(r"(?s)<script.*?</script>|<[^>]*>", " ", main[0])
    return re.sub(r"Plek \d|proposed by the city|Kies tot drie plekken\. \(en\)", "", words)


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({}, ["Choose at most 3 places.", "Each choice is one vote.", "The first 2 places of that order are chosen."]),
        ({"cap": 8}, ["Choose as many as you like."]),
        (SUPPORT, ["Choose as many as you like.", "Each choice is one vote."]),
        (
            {"cap_per_area": 1, "cap_per_theme": 2, "floor": 2, "one_per_area": True},
            [
                "Choose at least 2.",
                "Choose at most 1 in one neighbourhood.",
                "Choose at most 2 of one theme.",
                "Each neighbourhood gets at least one place.",
            ],
        ),
        (
            POINTS,
            ["You have 10 points to divide as you like.", "Give at most 6 points to one.", "All points are added"],
        ),
        (BUDGET, ["You have € 4,000 to spend", "what no longer fits in the sum is skipped", "at most € 4,000"]),
        (BUDGET | {"rule": "equal-shares"}, ["Every voter gets an equal share"]),
        (RANKING, ["Put at most 3 places in order.", "The higher you put a proposal, the more points it gets."]),
        (RANKING | {"rule": "plurality"}, ["What stands first on a list gets one vote."]),
    ],
)
def test_the_rules_of_the_game_are_said_in_plain_words(
    cast: Cast, an: Reader, rules: dict[str, object], words: list[str]
) -> None:
    set_up(cast, **rules)
    an.go("rules")
    for sentence_said in words:
        assert sentence_said in an.page
