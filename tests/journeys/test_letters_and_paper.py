"""A vote by letter and on paper, from the desk that prints codes to the ballot that replaces one on the site."""

import io
from pathlib import Path
from zipfile import ZipFile

import pytest

from participation.models import BallotCast
from tests.journeys.stage import vote_by_letter
from tests.journeys.walker import DESK, PHONE, NewWalker, Walker

PROJECT = "/projects/laadpunten/"
AT_THE_DESK = "/desk/projects/laadpunten/"


@pytest.fixture
def planner(new_walker: NewWalker) -> Walker:
    """A planner at the desk, who reads English."""
    walker = new_walker(size=DESK, language="en")
    vote_by_letter("laadpunten")
    walker.enter_as("planner@poperinge.example")
    return walker


def print_letters(planner: Walker, n: int) -> list[list[str]]:
    """Make letters: the rows of codes.csv."""
    planner.go(AT_THE_DESK + "letters/")
    planner.page.locator("#id_n").fill(str(n))
    with planner.page.expect_download() as waiting:
        planner.page.get_by_role("button", name="Make and download").click()
    archive = ZipFile(io.BytesIO(Path(waiting.value.path()).read_bytes()))
    assert archive.read("letters.pdf").startswith(b"%PDF-")
    return [line.split(",") for line in archive.read("codes.csv").decode().splitlines()[1:]]


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_the_holder_of_a_letter_votes_without_an_account(
    new_walker: NewWalker, planner: Walker, *, script: bool
) -> None:
    ((_locator, code, _url, qr_url),) = print_letters(planner, 1)
    resident = new_walker(size=PHONE, language="en", script=script)
    resident.go(PROJECT)
    resident.page.get_by_role("link", name="Fill in the code of my letter").first.click()
    resident.page.locator("#id_code").fill("1234")
    resident.page.get_by_role("button", name="Use this code").click()
    resident.sees("We do not know this code")
    # As the phone's camera opens it: filled in, and nothing used yet.
    resident.go(qr_url.partition(resident.origin)[2])
    assert resident.page.locator("#id_code").input_value() == code
    resident.page.get_by_role("button", name="Use this code").click()
    resident.sees("Your code is good")
    resident.page.locator(".kp-option__label").first.click()
    resident.page.get_by_role("button", name="Next: check it").click()
    resident.page.get_by_label("I am 16 or older").check()
    resident.page.get_by_role("button", name="Cast my ballot").click()
    resident.sees("Your ballot is in the box")
    assert BallotCast.objects.latest("pk").channel == "code"
    assert resident.page.get_by_role("button", name="Sign out").count() == 0, "it is no sign-in"
    # The same letter on another device is refused; here it is forgotten on demand.
    other = new_walker(size=PHONE, language="en", script=script)
    other.go(PROJECT + "code/")
    other.page.locator("#id_code").fill(code.lower().replace("-", " "))
    other.page.get_by_role("button", name="Use this code").click()
    other.sees("This code was used already")
    resident.page.get_by_role("button", name="Forget my code here").click()
    resident.sees("This browser forgot your code")
    resident.go(PROJECT + "ballot/")
    resident.sees("Fill in the code of your letter first")


def test_a_clerk_types_in_paper_and_says_only_that_there_was_a_ballot(planner: Walker) -> None:
    ((_locator, code, _url, _qr_url),) = print_letters(planner, 1)
    for numbers, said in (("12 4 7", "It is the first of this person"), ("1", "It replaces the one")):
        planner.go(AT_THE_DESK + "paper/")
        planner.page.locator("#id_code").fill(code)
        planner.page.locator("#id_numbers").fill(numbers)
        planner.page.locator("#id_of_age").check()
        planner.page.keyboard.press("Enter")
        planner.sees("Is this what the paper says?")
        planner.page.get_by_role("button", name="Put it in the box").click()
        planner.sees(said)
    last = BallotCast.objects.latest("pk")
    assert (last.channel, last.clerk and last.clerk.email) == ("paper", "planner@poperinge.example")
    assert [vote.proposal.number for vote in last.votes.all()] == [1]


def test_a_lost_print_is_withdrawn(planner: Walker, new_walker: NewWalker) -> None:
    ((_locator, code, _url, _qr_url),) = print_letters(planner, 1)
    planner.go(AT_THE_DESK + "letters/")
    planner.page.get_by_role("button", name="Withdraw what is not used").click()
    planner.sees("1 code was withdrawn")
    resident = new_walker(size=PHONE, language="en")
    resident.go(PROJECT + "code/?code=" + code)
    resident.page.get_by_role("button", name="Use this code").click()
    resident.sees("The town withdrew this letter")
