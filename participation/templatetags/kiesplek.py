"""Template words every page may use."""

from collections.abc import Mapping

from django import template
from django.utils.translation import get_language

from participation.rules.text import in_language

register = template.Library()


@register.filter
def said(text: Mapping[str, str]) -> str:
    """Say a text of the town in the reader's language, or in the nearest one there is."""
    return in_language(text, get_language() or "nl")
