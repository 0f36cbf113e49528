"""The outcome as one picture to share: the sentence and first bars, in the reader's language, the town's colours."""

import io
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from django.contrib.staticfiles import finders
from PIL import Image, ImageDraw, ImageFont

# What previews of links show whole. Source: the Open Graph protocol's users ask for 1.91 : 1.
WIDTH, HEIGHT = 1200, 630
MARGIN = 64
MOST_BARS = 5
INK, MUTED, PAPER, LINE = "#14213d", "#4d5a66", "#ffffff", "#d8dfd9"
TOWN_COLOUR = "#1f5c3a"
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
FONT = "vendor/font/atkinson-hyperlegible-next-latin-{}-normal.woff2"
# What the site's own font draws; a name in other letters is drawn in one that has more of them.
LAST_LATIN = 0xFF
PUNCTUATION = "‘’“”–—…€ "
SENTENCE_SIZES = (58, 50, 42, 36)
MOST_LINES = 3


@cache
def _font(size: int, *, bold: bool, wide: bool) -> ImageFont.FreeTypeFont:
    own = None if wide else finders.find(FONT.format(700 if bold else 400))
    if own:
        return ImageFont.truetype(own, size)
    # Takes half a second to import and is seldom needed.
    from matplotlib import get_data_path

    return ImageFont.truetype(Path(get_data_path()) / "fonts/ttf" / f"DejaVuSans{'-Bold' if bold else ''}.ttf", size)


def _font_for(text: str, size: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    return _font(size, bold=bold, wide=any(ord(sign) > LAST_LATIN and sign not in PUNCTUATION for sign in text))


def _shortened(text: str, font: ImageFont.FreeTypeFont, width: float) -> str:
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + "…") > width:
        text = text[:-1]
    return text.rstrip() + "…"


def _wrapped(text: str, font: ImageFont.FreeTypeFont, width: float) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= width or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return [_shortened(line, font, width) for line in lines]


def town_colour(theme: Mapping[str, str] | None) -> str:
    """The colour of a town, or the house's where it has none."""
    given = str((theme or {}).get("accent", ""))
    return given if COLOUR.fullmatch(given) else TOWN_COLOUR


def draw(
    *,
    site: str,
    title: str,
    sentence: str,
    bars: Sequence[tuple[str, int, str]],
    foot: str,
    colour: str = TOWN_COLOUR,
) -> bytes:
    """Draw the picture as PNG; ``bars`` are name, value and the value as said, longest first.

    Shape    1200 x 630 pixels.
    """
    image = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, WIDTH, 84), fill=colour)
    pen.text((MARGIN, 42), site, font=_font_for(site, 32, bold=True), fill=PAPER, anchor="lm")
    where = _font_for(title, 28)
    pen.text((WIDTH - MARGIN, 42), _shortened(title, where, 560), font=where, fill=PAPER, anchor="rm")
    inner = WIDTH - 2 * MARGIN
    for size in SENTENCE_SIZES:
        font = _font_for(sentence, size, bold=True)
        lines = _wrapped(sentence, font, inner)
        if len(lines) <= MOST_LINES - 1 or size == SENTENCE_SIZES[-1]:
            break
    y = 118.0
    for line in lines[:MOST_LINES]:
        pen.text((MARGIN, y), line, font=font, fill=INK)
        y += size * 1.2
    _bars(pen, bars[:MOST_BARS], top=max(y + 26, 270.0), colour=colour)
    pen.line((MARGIN, 570, WIDTH - MARGIN, 570), fill=LINE, width=2)
    small = _font_for(foot, 24)
    pen.text((MARGIN, 600), _shortened(foot, small, inner), font=small, fill=MUTED, anchor="lm")
    memory = io.BytesIO()
    image.save(memory, "PNG", optimize=True)
    return memory.getvalue()


def _bars(pen: ImageDraw.ImageDraw, bars: Sequence[tuple[str, int, str]], *, top: float, colour: str) -> None:
    step = min((556 - top) / MOST_BARS, 58)
    name_width, value_width = 420, 110
    start = MARGIN + 52 + name_width + 20
    longest = WIDTH - MARGIN - value_width - start
    most = max((value for _name, value, _said in bars), default=0)
    for rank, (name, value, said) in enumerate(bars, start=1):
        middle = top + step * (rank - 0.5)
        pen.ellipse((MARGIN, middle - 19, MARGIN + 38, middle + 19), fill=colour)
        pen.text((MARGIN + 19, middle), str(rank), font=_font_for("1", 24, bold=True), fill=PAPER, anchor="mm")
        font = _font_for(name, 28, bold=True)
        pen.text((MARGIN + 52, middle), _shortened(name, font, name_width), font=font, fill=INK, anchor="lm")
        if value:
            width = max(longest * value / most, 6)
            pen.rounded_rectangle((start, middle - 13, start + width, middle + 13), radius=5, fill=colour)
        pen.text((WIDTH - MARGIN, middle), said, font=_font_for(said, 28), fill=INK, anchor="rm")
