"""Every text people see is marked, and said whole in Dutch, French and German."""

import re
import shutil
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import polib
import pytest
from django.core.management import call_command
from django.utils import translation

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("config", "participation", "siting", "geo", "templates")
LANGUAGES = ("nl", "fr", "de")

# What must come out of a translation as it went in: placeholders, tags, and the options of commands.
KEPT = re.compile(r"%\(\w+\)[sd]|\{\w*\}|</?\w[^>]*>|--[a-z][a-z-]+|%%")
# Words that are the same in another language; everything else that was left as it is was forgotten.
SAME = {
    "nl": {
        "was",
        "token",
        "sites",
        "mail",
        "%(layer)s: %(bytes)s bytes in %(output)s",
        "%(n)s cluster",
        "%(n)s cluster.",
        "%(project)s: clusters",
        "%(project)s: scenario %(n)s.%(m)s, %(scenario)s",
        "Cluster",
        "Clusters",
        "Code",
        "Criteria",
        "Document",
        "Dossier",
        "Download",
        "Downloads",
        "Filter",
        "Letter",
        "Menu",
        "Open data",
        "Per 100",
        "Privacy",
        "Project",
        "Scenario",
        "Score",
        "Scores",
        "Start",
        "Studies",
        "Zoom in",
        "later",
        "object %(n)s",
        "open",
        "project %(n)s",
        "scenario %(n)s",
        "zones",
        "“%(title)s”",
    },
    "fr": {
        "version",
        "sites",
        "question",
        "options",
        "note",
        "message",
        "format",
        "%(n)s point",
        "invitation %(n)s",
        "phase %(n)s",
        "phases",
        "questions",
        "zones",
        "Code",
        "Conditions",
        "Document",
        "Dossier",
        "Format",
        "Information",
        "Latitude",
        "Licence",
        "Longitude",
        "Menu",
        "Pages",
        "Phase",
        "Points",
        "Public",
        "Question",
        "Questions",
        "Source",
        "Version",
        "Version %(n)s, %(day)s",
        "Versions",
        "Village",
        "Vote",
        "points",
        "public",
        "surfaces",
        "version %(n)s",
    },
    "de": {
        "Cluster",
        "Code",
        "Dossier",
        "Downloads",
        "Filter",
        "Format",
        "Information",
        "Name",
        "Name in QGIS",
        "Phase",
        "Pin",
        "Pins",
        "Start",
        "Version",
        "Version %(n)s, %(day)s",
    },
}
# Of Django and allauth, whose own catalogues say them.
BORROWED = (
    "This field is required.",
    "Enter a valid email address.",
    "Incorrect code.",
    "Too many failed login attempts. Try again later.",
)
# Proper names, which are nobody's to translate.
NAMES = {"API", "Kiesplek", "Webhooks", "ms", "WGS 84", "Lambert 72", "Lambert 2008", "Gi", "ha", "m"}


def catalogue(language: str) -> polib.POFile:
    """What is said in one language."""
    return polib.pofile(str(ROOT / "config" / "locale" / language / "LC_MESSAGES" / "django.po"))


def forms(entry: polib.POEntry) -> list[str]:
    """What an entry is said as: once, or once for each number."""
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


def kept(text: str) -> Counter[str]:
    """What must be the same on both sides."""
    return Counter(KEPT.findall(text))


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The texts that are marked now, read from a copy: collecting writes beside what it reads."""
    copy = tmp_path_factory.mktemp("texts")
    for path in (path for folder in FOLDERS for path in (ROOT / folder).rglob("*")):
        if path.suffix in {".py", ".html", ".txt"} and not {"static", "__pycache__"} & set(path.parts):
            (copy / path.relative_to(ROOT)).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy / path.relative_to(ROOT))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(copy)
        patch.setattr("django.conf.settings.LOCALE_PATHS", [str(copy / "locale")])
        (copy / "locale").mkdir()
        call_command("makemessages", locale=["nl"], no_location=True, verbosity=0)
    return {entry.msgid for entry in polib.pofile(str(copy / "locale" / "nl" / "LC_MESSAGES" / "django.po"))}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_in_the_catalogue(language: str, found: set[str]) -> None:
    assert len(found) > 600
    missing = found - {entry.msgid for entry in catalogue(language)}
    assert not missing, "run 'python -m config.run messages' and translate these"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated(language: str) -> None:
    entries = [entry for entry in catalogue(language) if not entry.obsolete]
    open_ = [entry.msgid for entry in entries if entry.fuzzy or not all(said.strip() for said in forms(entry))]
    assert not open_


@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_and_tags_are_kept(language: str) -> None:
    wrong = []
    for entry in catalogue(language):
        one, many = kept(entry.msgid), kept(entry.msgid_plural or entry.msgid)
        *fewer, most = [kept(said) for said in forms(entry)]
        # "One place" may be said without its number, where English says it so or the language does.
        number = Counter({"%(n)s": 1, "%(cap)s": 1, "%(left)s": 1})
        if most != many or not all(many - number <= few <= many or few == one for few in fewer):
            wrong.append((entry.msgid, forms(entry)))
    assert not wrong


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_english_is_left_over(language: str) -> None:
    left = {entry.msgid for entry in catalogue(language) if entry.msgid in forms(entry)} - SAME[language]
    assert not left


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_others_say_on_our_pages_is_translated_too(language: str) -> None:
    with translation.override(language):
        left = [text for text in BORROWED if translation.gettext(text) == text]
    assert not left


class Bare(HTMLParser):
    """Finds the words of a template that no translator was given."""

    READ_OUT = ("alt", "aria-label", "placeholder", "title")
    NOT_READ = ("script", "style", "code", "svg")

    def __init__(self) -> None:
        """Begin with nothing found."""
        super().__init__()
        self.words: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at what is read out of a tag."""
        self._silent += tag in self.NOT_READ
        self.words += [value for name, value in attrs if name in self.READ_OUT and value]

    def handle_endtag(self, tag: str) -> None:
        """Listen again behind a script."""
        self._silent -= tag in self.NOT_READ

    def handle_data(self, data: str) -> None:
        """Look at what stands between tags."""
        if not self._silent:
            self.words.append(data)


def bare_words(template: str) -> set[str]:
    """Which words of a template are no variable and not marked?"""
    template = re.sub(r"(?s){% comment %}.*?{% endcomment %}", "", template)
    template = re.sub(r"(?s){% blocktranslate.*?{% endblocktranslate %}", "", template)
    # Blocks that hold names of classes, by their own name.
    template = re.sub(r"{% block \w+_class %}.*?{% endblock %}", "", template)
    reader = Bare()
    reader.feed(re.sub(r"(?s){%.*?%}|{{.*?}}|{#.*?#}", " ", template))
    texts = {re.sub(r"&\w+;|[^\w ]", "", text).strip() for text in reader.words}
    return {text for text in texts if re.search(r"[^\W\d_]", text)} - NAMES


def test_no_template_holds_words_that_are_not_marked() -> None:
    bare = {
        f"{path.relative_to(ROOT)}: {text}"
        for path in (ROOT / "templates").rglob("*")
        if path.suffix in {".html", ".txt"}
        for text in bare_words(path.read_text())
    }
    assert not bare


@pytest.mark.parametrize(
    "template",
    ["<p>Hello</p>", '<a aria-label="Menu">{{ x }}</a>', '{% translate "a" %} or <b>{% translate "b" %}</b>'],
)
def test_a_bare_word_is_found(template: str) -> None:
    assert bare_words(template)
