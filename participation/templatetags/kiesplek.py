"""Template words every page may use."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal

from django import template
from django.forms import BoundField
from django.templatetags.static import static
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext

from participation.models import Phase
from participation.rules.text import in_language
from participation.web import sentences, voters, words

register = template.Library()

# The names a town may give colours to, and the only form of a colour that may reach a style sheet.
THEME_COLOURS = ("accent", "turn")
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")

# The shapes of themes, in the order of their position: the same as in geo/static/geo/pin-layer.js.
SHAPES = (
    "M17 2a15 15 0 1 0 .01 0z",
    "M8 2h18a6 6 0 0 1 6 6v18a6 6 0 0 1-6 6H8a6 6 0 0 1-6-6V8a6 6 0 0 1 6-6z",
    "M17 1l14 8v16l-14 8-14-8V9z",
    "M17 0a4 4 0 0 1 3 1l13 13a4 4 0 0 1 0 6L20 33a4 4 0 0 1-6 0L1 20a4 4 0 0 1 0-6L14 1a4 4 0 0 1 3-1z",
)

# Which class of NL Design System dresses which kind of input.
CONTROL_CLASSES = {"textarea": "utrecht-textarea", "select": "utrecht-select", "selectmultiple": "utrecht-select"}


@register.filter
def said(text: Mapping[str, str]) -> str:
    """Say a text of the town in the reader's language, or in the nearest one there is."""
    return in_language(text, get_language() or "nl")


@register.filter
def shape(position: int) -> str:
    """Draw the outline of the mark that a theme at this position has, in a square of 34."""
    return SHAPES[position % len(SHAPES)]


@register.filter
def percent_of(part: float, whole: float) -> str:
    """Say a part of a whole as a bare number of percents, 0 to 100, for drawing."""
    return f"{100 * min(max(part / whole, 0), 1):.1f}" if whole else "0"


@register.filter
def colour(value: str) -> str:
    """Let a colour through when it is one (#rrggbb), else the town's own."""
    return value if COLOUR.fullmatch(value or "") else "currentColor"


@register.filter
def is_number(value: object) -> bool:
    """Is this a figure, to be set at the right of its column?"""
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


@register.filter
def cell_of(record: Mapping[str, object], key: str) -> object:
    """Take the cell of a row that stands under this column."""
    return record[key]


@register.filter
def figure(value: object) -> object:
    """Write a figure in the reader's way, grouped, with as many decimals as it has; leave a text as it is."""
    if not is_number(value):
        return value
    return number_format(value, use_l10n=True, force_grouping=True)  # type: ignore[arg-type]


@register.filter
def percent(share: float) -> str:
    """Say a share (0..1) for every hundred: "62%"."""
    return gettext("%(n)s%%") % {"n": number_format(100 * share, 1 if share < 0.1 else 0, use_l10n=True)}


@register.filter
def times(count: int) -> range:
    """Repeat something this many times in a template."""
    return range(count)


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """Draw an icon: beside words it is silent, alone it needs a ``label``."""
    role = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="kp-icon" {} focusable="false"><use href="{}#{}"></use></svg>',
        role,
        static("vendor/icons.svg"),
        name,
    )


@register.simple_tag
def theme_css(theme: Mapping[str, str] | None) -> SafeString:
    """Write a town's colours as custom properties."""
    given = {name: (theme or {}).get(name, "") for name in THEME_COLOURS}
    rules = "".join(f"--kp-{name}: {value}; " for name, value in given.items() if COLOUR.fullmatch(str(value)))
    return mark_safe(f":root {{ {rules}}}" if rules else "")  # noqa: S308 -- only #rrggbb values pass


@register.simple_tag
def control(field: BoundField, **attrs: str) -> SafeString:
    """Draw the input of a form field in the town's dress; extra attributes with _ for -."""
    widget = field.field.widget
    dress = CONTROL_CLASSES.get(type(widget).__name__.lower(), "utrecht-textbox")
    if field.errors:
        dress += f" {dress}--invalid"
    names = {name.replace("_", "-"): value for name, value in attrs.items()}
    dressed: dict[str, str | bool] = {"class": f"{dress} {widget.attrs.get('class', '')}".strip(), **names}
    return field.as_widget(attrs=dressed)


@register.filter
def lines(text: str) -> list[str]:
    """Split a text into its lines, empty ones left out."""
    return [line.strip() for line in text.splitlines() if line.strip()]


@register.filter
def grouped(n: int) -> str:
    """Write a whole number in the reader's way: 1.104 in Dutch."""
    return words.grouped(n)


@register.filter
def supporters(n: int) -> str:
    """Say how many people support something; nothing at all for nobody."""
    return words.supporters(n)


@register.filter
def who_may_vote(vote: Phase) -> list[str]:
    """Say who may vote, in sentences."""
    return voters.who_may_vote(vote)


@register.filter
def money(cents: int) -> str:
    """Say an amount in euros: € 1.250 in Dutch."""
    return sentences.money(cents)


# What could end a script element, or begin another one.
_ESCAPES = {ord(sign): f"\\u{ord(sign):04X}" for sign in "<>&"}


@register.simple_tag
def json_ld(told: Mapping[str, object]) -> SafeString:
    """Say to machines what a page is about; data, which no browser runs and no content security policy stops."""
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":")).translate(_ESCAPES)
    return format_html('<script type="application/ld+json">{}</script>', mark_safe(text))  # noqa: S308 -- escaped above
