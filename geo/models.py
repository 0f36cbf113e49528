"""The tables that serve tiles quickly; they know of a pin its layer, its place, its weight and its slot, no more.

A layer is a number that a domain gives (what it keeps up to date by ``geo_delta`` is its own affair), a slot one of
the kinds its pins are told apart by. Written in the database alone: by triggers of the domain and by ``geo_merge``.
"""

from django.contrib.gis.db import models


class Counted(models.Model):
    """Of the pins in one cell of the world: how many, their weights, and the sums of their places.

    ``key`` is a 1 followed by the Morton code of the cell, two bits a level: one number says both level and cell,
    cells that are neighbours in a tile are neighbours in the index, and two bits less are the cell around.
    ``sx`` and ``sy`` are sums of whole numbers, 2**31 along the world: nothing is lost by adding and subtracting.
    """

    layer = models.BigIntegerField()
    key = models.BigIntegerField()
    slot = models.BigIntegerField()
    n = models.IntegerField()
    w = models.BigIntegerField()
    sx = models.BigIntegerField()
    sy = models.BigIntegerField()

    class Meta:
        abstract = True


class Cell(Counted):
    """What was counted of a cell of any level of the pyramid."""

    pk = models.CompositePrimaryKey("layer", "key", "slot")

    class Meta:
        db_table = "geo_cell"

    def __str__(self) -> str:
        return f"{self.layer} {self.key} {self.slot}"


class Delta(Counted):
    """What changed in a cell of the finest level and was not merged into the pyramid yet; tiles add it up."""

    id = models.BigAutoField(primary_key=True)

    class Meta:
        db_table = "geo_delta"
        indexes = [models.Index(fields=["layer", "key"], name="geo_delta_place")]

    def __str__(self) -> str:
        return f"{self.layer} {self.key} {self.slot} {self.n:+d}"
