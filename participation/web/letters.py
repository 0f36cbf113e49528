"""Prints letters: one A4 page a code, in the languages chosen, with a QR sign that leads to the code's page.

Two kinds there are, which differ in their words alone: for a vote, and to show that one lives in the town.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import cache, reduce
from operator import xor
from typing import IO, NamedTuple
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

from django.contrib.staticfiles import finders
from django.utils import translation
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext
from fontTools.ttLib import TTFont as FontFile
from reportlab import rl_config
from reportlab.graphics.barcode.qrencoder import QRCode, QRErrorCorrectLevel
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph

from participation.models import Organisation, Phase, Project
from participation.rules.electorate import ALPHABET, as_printed, split
from participation.rules.text import in_language

# Pages as plain bytes, not as text in base 85, which is larger and takes longer to write than all the rest.
rl_config.useA85 = 0

INK, MUTED = HexColor("#14213d"), HexColor("#4a5568")
ACCENT = "#1f5c3a"
WIDTH, HEIGHT = A4
LEFT, RIGHT = 25 * mm, WIDTH - 20 * mm
# What stands above is left to the window of the envelope, at either side.
TOP_OF_TEXT = HEIGHT - 92 * mm
BOX = 44 * mm
QR = 35 * mm
GAP = 5 * mm


class Words(NamedTuple):
    """A letter in one language."""

    question: str
    until: str
    steps: list[str]
    notes: list[str]


class Letter(NamedTuple):
    """What a print of letters is about; ``words`` writes it in a language, with the address where none stands above."""

    town: Organisation
    title: str
    words: Callable[[str, str], Words]


@cache
def fonts() -> tuple[str, str]:
    """The site's own letters, upright and bold; the PDF's built-in ones where the site's files are not at hand."""
    names = ("Atkinson", "Atkinson-Bold")
    for name, weight in zip(names, (400, 700), strict=True):
        path = finders.find(f"vendor/font/atkinson-hyperlegible-next-latin-{weight}-normal.woff2")
        if path is None:
            return "Helvetica", "Helvetica-Bold"
        # As the web has it packed, a PDF cannot take it.
        font, plain = FontFile(path), io.BytesIO()
        font.flavor = None
        font.save(plain)
        plain.seek(0)
        pdfmetrics.registerFont(TTFont(name, plain))
    return names


def vote_letter(project: Project, phase: Phase, language: str) -> Letter:
    """The letters of a vote."""
    return Letter(
        project.organisation,
        in_language(project.title, language),
        lambda language, address: _vote_words(project, phase, language, address),
    )


def resident_letter(town: Organisation, language: str) -> Letter:
    """The letters that show that somebody lives in the town."""
    with translation.override(language):
        title = gettext("Verified residents")
    return Letter(town, title, lambda language, address: _resident_words(town, language, address))


def _scan(address: str) -> str:
    if address:
        return gettext("Scan the square with your phone, or go to %(address)s.") % {"address": address}
    return gettext("Scan the square with your phone, or go to the address above.")


def _questions(town: Organisation) -> list[str]:
    return [gettext("Questions? Write to %(mail)s.") % {"mail": town.contact_email}] if town.contact_email else []


def _resident_words(town: Organisation, language: str, address: str) -> Words:
    with translation.override(language):
        return Words(
            question=gettext("Show that you live in %(town)s") % {"town": town.name},
            until=gettext("Some things are for residents alone, such as a vote. This letter opens them for you."),
            steps=[
                _scan(address),
                gettext("Sign in with your mail address. You get a code by mail; you need no password."),
                gettext("Fill in the code of this letter. From then on the town knows that you live here."),
            ],
            notes=[
                gettext("The code works once, for one person. Give it to nobody who does not live here."),
                *_questions(town),
            ],
        )


def _vote_words(project: Project, phase: Phase, language: str, address: str) -> Words:
    with translation.override(language):
        notes = [gettext("Whoever has this code can vote with it. Give it to nobody.")]
        if phase.min_age is not None:
            notes.append(gettext("You must be %(min_age)s or older.") % {"min_age": phase.min_age})
        if phase.takes_paper:
            notes.append(gettext("Rather on paper? Take this letter to the town."))
        notes += _questions(project.organisation)
        until = (
            gettext("You can vote until %(at)s") % {"at": _moment(phase.closes_at)}
            if phase.closes_at
            else gettext("You can vote now")
        )
        return Words(
            question=in_language(project.question, language),
            until=until,
            steps=[
                _scan(address),
                gettext("Fill in your code. You need no account and no mail address."),
                gettext("Choose, and cast your ballot. You can change it until the vote closes."),
            ],
            notes=notes,
        )


def _moment(at: datetime) -> str:
    return str(date_format(localtime(at), "DATETIME_FORMAT"))


# --- the QR sign ------------------------------------------------------------------------------------------------


def _modules(text: str) -> tuple[int, int]:
    """Draw a QR sign: its width, and its modules row by row as the bits of one number, dark ones 1."""
    sign = QRCode(None, QRErrorCorrectLevel.M)
    sign.addData(text)
    sign.version = sign.calculate_version()
    # One mask for all (any is valid to read), so that signs differ in nothing but what they say.
    sign.makeImpl(False, 3)
    width: int = sign.getModuleCount()
    return width, int("".join("1" if sign.isDark(y, x) else "0" for y in range(width) for x in range(width)), 2)


class Signs:
    """The QR signs of addresses that differ in their code alone.

    Under one mask a QR sign is linear in the bits it says (also its correcting part is): the sign of a code is that
    of a blank one with the difference of each letter added. So thousands cost as much as a few hundred.
    """

    def __init__(self, address: Callable[[str], str], length: int) -> None:
        self._address = address
        self._blank = ALPHABET[0] * length
        self.width, self._base = _modules(address(self._blank))
        self._differences: dict[tuple[int, str], int] = {}

    def _difference(self, at: int, letter: str) -> int:
        if (at, letter) not in self._differences:
            code = self._blank[:at] + letter + self._blank[at + 1 :]
            self._differences[at, letter] = _modules(self._address(code))[1] ^ self._base
        return self._differences[at, letter]

    def of(self, code: str) -> Iterator[tuple[int, int, int]]:
        """Give the dark runs of a code's sign: column, row from the top, length."""
        bits = reduce(xor, (self._difference(at, letter) for at, letter in enumerate(code)), self._base)
        rows = f"{bits:0{self.width**2}b}"
        for y in range(self.width):
            row, x = rows[y * self.width : (y + 1) * self.width], 0
            while (x := row.find("1", x)) >= 0:
                end = row.find("0", x)
                length = (end if end >= 0 else self.width) - x
                yield x, y, length
                x += length


# --- the page ---------------------------------------------------------------------------------------------------


def _draw(canvas: Canvas, text: str, style: ParagraphStyle, *, left: float, width: float, top: float) -> float:
    """Draw a paragraph below a line; gives back the line below it."""
    paragraph = Paragraph(text, style)
    _width, height = paragraph.wrap(width, HEIGHT)
    paragraph.drawOn(canvas, left, top - height)
    return float(top - height - style.spaceAfter)


def _style(size: float, *, bold: bool = False, colour: HexColor = INK, after: float = 0) -> ParagraphStyle:
    plain, strong = fonts()
    return ParagraphStyle(
        "letter", fontName=strong if bold else plain, fontSize=size, leading=size * 1.35, textColor=colour,
        spaceAfter=after,
    )  # fmt: skip


def _draw_letter(canvas: Canvas, letter: Letter, languages: Sequence[str], address: str) -> float:
    """Draw what all letters have in common; gives back where the box of the code ends."""
    town = letter.town
    accent = HexColor(town.theme.get("accent") or ACCENT)
    canvas.setFillColor(accent)
    canvas.rect(0, HEIGHT - 4 * mm, WIDTH, 4 * mm, stroke=0, fill=1)
    _draw(
        canvas, escape(town.name), _style(20, bold=True, colour=accent), left=LEFT, width=80 * mm, top=HEIGHT - 18 * mm
    )
    first = letter.words(languages[0], address)
    top = _draw(
        canvas, escape(first.question), _style(19, bold=True, after=8), left=LEFT, width=RIGHT - LEFT, top=TOP_OF_TEXT
    )
    top = _draw(canvas, escape(first.until), _style(12.5, bold=True, after=8), left=LEFT, width=RIGHT - LEFT, top=top)
    for n, step in enumerate(first.steps, start=1):
        top = _draw(canvas, f"{n}. {escape(step)}", _style(12.5, after=3), left=LEFT, width=RIGHT - LEFT, top=top)
    bottom = top - GAP - BOX
    canvas.setStrokeColor(accent)
    canvas.setLineWidth(1.2)
    canvas.roundRect(LEFT, bottom, RIGHT - LEFT, BOX, 3 * mm)
    with translation.override(languages[0]):
        canvas.setFillColor(MUTED)
        canvas.setFont(fonts()[0], 11)
        canvas.drawString(LEFT + 8 * mm, bottom + BOX - 17 * mm, gettext("Your code"))
    top = bottom - GAP
    top = _draw(canvas, escape(" ".join(first.notes)), _style(11), left=LEFT, width=RIGHT - LEFT, top=top)
    if len(languages) > 1:
        _others(canvas, [letter.words(language, "") for language in languages[1:]], top - GAP)
    return float(bottom)


def _others(canvas: Canvas, others: Sequence[Words], top: float) -> None:
    """Draw the other languages side by side below a thin line."""
    canvas.setStrokeColor(HexColor("#c5ccd6"))
    canvas.setLineWidth(0.6)
    canvas.line(LEFT, top, RIGHT, top)
    gutter = 6 * mm
    width = (RIGHT - LEFT + gutter) / len(others) - gutter
    for at, text in enumerate(others):
        left, below = LEFT + at * (width + gutter), top - 4 * mm
        below = _draw(canvas, escape(text.question), _style(9.5, bold=True, after=2), left=left, width=width, top=below)
        below = _draw(canvas, escape(text.until), _style(8.5, bold=True, after=2), left=left, width=width, top=below)
        for n, step in enumerate(text.steps, start=1):
            below = _draw(canvas, f"{n}. {escape(step)}", _style(8.5), left=left, width=width, top=below)
        _draw(canvas, escape(" ".join(text.notes)), _style(8.5), left=left, width=width, top=below - 2)


def write_pdf(
    file: IO[bytes],
    *,
    letter: Letter,
    codes: Sequence[str],
    languages: Sequence[str],
    page_url: str,
    code_url: Callable[[str], str],
) -> None:
    """Write the letters of these codes, a page each.

    Cost     5,000 letters in about ten seconds: what is the same is drawn once.
    """
    canvas = Canvas(file, pagesize=A4, pageCompression=1, lang=languages[0])
    canvas.setTitle(f"{letter.town.name}: {letter.title}")
    canvas.setAuthor(letter.town.name)
    canvas.beginForm("letter")
    bottom = _draw_letter(canvas, letter, languages, page_url.partition("://")[2])
    canvas.endForm()
    signs = Signs(code_url, len(codes[0]))
    module = QR / signs.width
    left, top = RIGHT - 7 * mm - QR, bottom + (BOX + QR) / 2
    for n, code in enumerate(codes, start=1):
        canvas.doForm("letter")
        canvas.setFillColor(INK)
        canvas.setFont(fonts()[1], 21)
        canvas.drawString(LEFT + 8 * mm, bottom + BOX / 2 - 4 * mm, as_printed(code))
        canvas.saveState()
        canvas.translate(left, top)
        canvas.scale(module, -module)
        # Operators as the PDF has them, in modules: some 300 rectangles a letter are most of the work. Each is a hair
        # taller than its row, so that no white line shows where two meet.
        canvas.addLiteral(" ".join(f"{x} {y} {length} 1.02 re" for x, y, length in signs.of(code)) + " f")
        canvas.restoreState()
        canvas.setFillColor(MUTED)
        canvas.setFont(fonts()[0], 7)
        canvas.drawRightString(RIGHT, 9 * mm, f"{n} / {len(codes)}")
        canvas.showPage()
    canvas.save()


def write_csv(file: IO[bytes], codes: Iterable[str], *, page_url: str, code_url: Callable[[str], str]) -> None:
    """Write the codes as a table, in the order of the letters: for whoever prints addresses on them."""
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    rows = csv.writer(text)
    rows.writerow(["locator", "code", "url", "qr_url"])
    rows.writerows([split(code)[0], as_printed(code), page_url, code_url(code)] for code in codes)
    text.detach()


def write_zip(
    file: IO[bytes],
    *,
    letter: Letter,
    codes: Sequence[str],
    languages: Sequence[str],
    page_url: str,
) -> None:
    """Write letters.pdf and codes.csv into one file."""

    def code_url(code: str) -> str:
        return f"{page_url}?code={as_printed(code)}"

    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        with archive.open("codes.csv", "w") as table:
            write_csv(table, codes, page_url=page_url, code_url=code_url)
        archive.compression = ZIP_STORED
        with archive.open("letters.pdf", "w", force_zip64=True) as letters:
            write_pdf(letters, letter=letter, codes=codes, languages=languages, page_url=page_url, code_url=code_url)
