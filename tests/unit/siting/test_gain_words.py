"""What a place adds is said in the unit of its model."""

from django.utils import translation

from siting.rules.scenarios import Model
from siting.web.study_words import gain


def test_a_p_median_saves_metres_and_the_others_reach_a_share() -> None:
    with translation.override("en"):
        said = gain(Model.MEDIAN.value, 120.0)
        assert said.startswith("120")
        assert said.endswith("m")
        assert gain(Model.COVER.value, 0.3) == gain(Model.VOTED.value, 0.3) == "30\N{NO-BREAK SPACE}%"
