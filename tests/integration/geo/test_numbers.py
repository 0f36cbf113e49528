"""Numbers read at once are those read one by one."""

import numpy as np
import pytest
from django.db.models import F, FloatField, Func

from geo.queries.numbers import numbers
from participation.models import Proposal
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def test_numbers_are_those_of_the_rows_in_their_order(cast: Cast) -> None:
    Proposal.objects.filter(number=2).update(point=None)
    lon = Func(F("point"), function="ST_X", output_field=FloatField())
    rows = Proposal.objects.filter(project=cast.project).annotate(lon=lon).order_by("-number")
    found = numbers(rows.values_list("number", "lon", "n_supports"), 3)
    one_by_one = list(rows.values_list("number", "lon", "n_supports"))
    wanted = np.array([[np.nan if cell is None else cell for cell in row] for row in one_by_one])
    assert len(wanted) > 5
    assert np.isnan(wanted).any()
    np.testing.assert_array_equal(found, wanted)


def test_no_rows_are_no_numbers(cast: Cast) -> None:
    assert numbers(Proposal.objects.none().values_list("number", "n_supports"), 2).shape == (0, 2)
    assert numbers(Proposal.objects.filter(number=-5).values_list("number", "n_supports"), 2).shape == (0, 2)
