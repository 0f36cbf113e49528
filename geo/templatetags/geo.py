"""Says a place in a page."""

from django import template
from django.utils.translation import gettext as _
from shapely.geometry.base import BaseGeometry

register = template.Library()


@register.filter
def place(geometry: BaseGeometry | None) -> str:
    """Where a feature lies: the coordinates of a point, the middle of anything else; lat before lon, as people do."""
    if geometry is None or geometry.is_empty:
        return _("no place")
    middle = geometry.representative_point()
    return f"{middle.y:.6f}, {middle.x:.6f}"
