"""One attribute of the features of a layer, as the database reads it.

By the function and not by Django's path: a path takes a column called "2024" for the 2025th of a list, and parts a name
at two underscores.
"""

from django.db.models import F, Func, JSONField, TextField, Value


def value_of(name: str) -> Func:
    """What stands there, as it is kept."""
    return Func(F("properties"), Value(name), function="jsonb_extract_path", output_field=JSONField())


def text_of(name: str) -> Func:
    """What stands there, as text."""
    return Func(F("properties"), Value(name), function="jsonb_extract_path_text", output_field=TextField())
