"""Copies the third-party files the pages need out of node_modules into var/vendor, where collectstatic finds them."""

import json
import os
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
NODE = BASE_DIR / "node_modules"
VENDOR = Path(os.environ.get("KIESPLEK_VAR", BASE_DIR / "var")) / "vendor"

COMPONENTS = [
    "root",
    "body",
    "heading-1",
    "heading-2",
    "heading-3",
    "heading-4",
    "paragraph",
    "link",
    "skip-link",
    "button",
    "link-button",
    "button-link",
    "form-field",
    "form-label",
    "form-field-description",
    "form-field-error-message",
    "form-fieldset",
    "textbox",
    "textarea",
    "select",
    "checkbox",
    "radio-button",
    "alert",
    "breadcrumb-nav",
    "table",
    "pagination",
    "data-list",
    "separator",
]
FONT = "atkinson-hyperlegible-next"
FONT_FACES = ((400, "normal"), (400, "italic"), (700, "normal"))
MODULES = {
    "htmx.js": "htmx.org/dist/htmx.min.js",
    "pbf.js": "pbf/index.js",
    "vector-tile.js": "@mapbox/vector-tile/index.js",
    "point-geometry.js": "@mapbox/point-geometry/index.js",
}
LICENCES = {
    "utrecht": "@utrecht/component-library-css/LICENSE.md",
    "voorbeeld": "@nl-design-system-unstable/voorbeeld-design-tokens/LICENSE.md",
    "atkinson": f"@fontsource/{FONT}/LICENSE",
    "tabler": "@tabler/icons/LICENSE",
    "htmx": "htmx.org/LICENSE",
    "pbf": "pbf/LICENSE",
    "vector-tile": "@mapbox/vector-tile/LICENSE.txt",
    "point-geometry": "@mapbox/point-geometry/LICENSE",
}


def without_source_map(text: str) -> str:
    """Drop the pointer to a source map: collectstatic refuses a pointer to a file that is not there."""
    return re.sub(r"(//|/\*)# sourceMappingURL=.*", "", text)


def component_css() -> str:
    """Join the Utrecht components the templates use."""
    return "\n".join((NODE / f"@utrecht/{name}-css/dist/index.css").read_text() for name in COMPONENTS)


def tokens_css(used_in: Iterable[str]) -> str:
    """Keep the Voorbeeld tokens that these style sheets reach, directly or through other tokens.

    Cost     a fifth of the 200 kB that the whole theme weighs.
    """
    theme = (NODE / "@nl-design-system-unstable/voorbeeld-design-tokens/dist/theme.css").read_text()
    tokens = dict(re.findall(r"^\s*(--[\w-]+): (.*?);", theme, re.MULTILINE))
    wanted: set[str] = set()
    to_follow = [name for text in used_in for name in re.findall(r"--[\w-]+", text)]
    while to_follow:
        name = to_follow.pop()
        if name in tokens and name not in wanted:
            wanted.add(name)
            to_follow += re.findall(r"--[\w-]+", tokens[name])
    return ".voorbeeld-theme {\n" + "".join(f"  {n}: {v};\n" for n, v in tokens.items() if n in wanted) + "}\n"


def copy_font() -> None:
    """Copy the type's faces for western Europe and write their style sheet."""
    rules = []
    ranges = json.loads((NODE / f"@fontsource/{FONT}/unicode.json").read_text())
    (VENDOR / "font").mkdir()
    for subset in ("latin-ext", "latin"):
        for weight, style in FONT_FACES:
            name = f"{FONT}-{subset}-{weight}-{style}.woff2"
            shutil.copy(NODE / f"@fontsource/{FONT}/files/{name}", VENDOR / "font" / name)
            rules.append(
                f"@font-face {{ font-family: 'Atkinson Hyperlegible Next'; font-style: {style}; font-weight: {weight};"
                f" font-display: swap; src: url('font/{name}') format('woff2'); unicode-range: {ranges[subset]}; }}\n"
            )
    (VENDOR / "font.css").write_text("".join(rules))


def icons_named_in_templates() -> set[str]:
    """Which icons do the templates ask for, as ``{% icon "name" %}`` or ``icon_name="name"``?"""
    templates = (BASE_DIR / "templates").rglob("*.html")
    return {name for path in templates for name in re.findall(r'\bicon(?:_name)?[ =]"([a-z0-9-]+)"', path.read_text())}


def icon_sprite(names: Iterable[str]) -> str:
    """Put the drawings of these Tabler icons into one file of symbols; ``-filled`` asks for the filled drawing."""
    symbols = []
    for name in sorted(names):
        filled = name.endswith("-filled")
        folder = NODE / "@tabler/icons/icons" / ("filled" if filled else "outline")
        path = folder / f"{name.removesuffix('-filled')}.svg"
        if not path.is_file():
            raise SystemExit(f"A template asks for the icon {name!r}, which Tabler does not have: {path} is missing.")
        inside = re.search(r"<svg[^>]*>(.*)</svg>", path.read_text(), re.DOTALL)
        shapes = re.sub(r'<path stroke="none" d="M0 0h24v24H0z" fill="none" />', "", inside[1] if inside else "")
        paint = ' fill="currentColor" stroke="none"' if filled else ""
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24"{paint}>{" ".join(shapes.split())}</symbol>\n')
    return f'<svg xmlns="http://www.w3.org/2000/svg">\n{"".join(symbols)}</svg>\n'


def main() -> None:
    """Fill var/vendor anew."""
    shutil.rmtree(VENDOR, ignore_errors=True)
    VENDOR.mkdir(parents=True)
    components = component_css()
    own = [path.read_text() for app in ("participation", "geo") for path in (BASE_DIR / app / "static").rglob("*.css")]
    (VENDOR / "utrecht.css").write_text(components)
    (VENDOR / "tokens.css").write_text(tokens_css([components, *own]))
    for name, source in MODULES.items():
        (VENDOR / name).write_text(without_source_map((NODE / source).read_text()))
    copy_font()
    (VENDOR / "icons.svg").write_text(icon_sprite(icons_named_in_templates()))
    (VENDOR / "licences").mkdir()
    for name, source in LICENCES.items():
        shutil.copy(NODE / source, VENDOR / "licences" / f"{name}.txt")


if __name__ == "__main__":
    main()
