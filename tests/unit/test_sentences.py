"""Every refusal code has a sentence whose blanks can be filled."""

import pytest

from participation.rules.refusals import Code
from participation.web.sentences import SENTENCES, distance


@pytest.mark.parametrize("code", list(Code))
def test_every_code_has_a_sentence(code: Code) -> None:
    assert str(SENTENCES[code]).endswith((".", "!"))


@pytest.mark.parametrize(("metres", "said"), [(0.6, "1 m"), (31.6, "32 m"), (999, "999 m")])
def test_a_distance_is_said_as_people_do(metres: float, said: str) -> None:
    assert distance(metres) == said
