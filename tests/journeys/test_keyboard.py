"""The resident's whole walk with the keyboard alone; the focus is always seen."""

from playwright.sync_api import expect

from participation.models import Person, Phase, Proposal
from participation.selectors.projects import choices_cast
from tests.journeys.walker import Walker

PROJECT = "/projects/laadpunten/"
SOMEBODY = "toetsen@poperinge.example"
MOST_TABS = 160

# What is wrong with the focus now: nothing shown around it, outside the window, or under something that floats.
FOCUS = """() => {
  const node = document.activeElement;
  if (!node || node === document.body) return {name: "", wrong: ""};
  const name = `${node.localName}${node.id ? "#" + node.id : ""}.${node.className?.baseVal ?? node.className} ` +
    (node.innerText ?? "").trim().slice(0, 40);
  // A box drawn by its card or its label shows the focus there.
  const around = ["label", "li", ".kp-card", "kp-map"].map((selector) => node.closest(selector));
  const drawn = [node, node.labels?.[0], ...around].filter(Boolean);
  const shown = (at) => [null, "::before", "::after"].some((part) => {
    const style = getComputedStyle(at, part);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  });
  if (!drawn.some(shown)) return {name, wrong: "no outline"};
  const sized = ({width, height}) => width > 1 && height > 1;
  const visible = drawn.find((at) => sized(at.getBoundingClientRect()));
  if (!visible) return {name, wrong: "has no size"};
  const box = visible.getBoundingClientRect();
  if (box.bottom < 1 || box.top > innerHeight - 1 || box.right < 1 || box.left > innerWidth - 1)
    return {name, wrong: "outside the window"};
  const x = Math.min(Math.max(box.left + box.width / 2, 1), innerWidth - 1);
  const ys = [0.25, 0.5, 0.75].map((part) => box.top + box.height * part).filter((y) => y > 0 && y < innerHeight);
  const free = ys.some((y) => {
    const top = document.elementFromPoint(x, y);
    return top && (visible.contains(top) || top.contains(visible) || drawn.some((at) => at.contains(top)));
  });
  return {name, wrong: free ? "" : "covered"};
}"""


def look(walker: Walker) -> None:
    """The focus must be seen where it is now."""
    seen = walker.page.evaluate(FOCUS)
    assert not seen["wrong"], f"{walker.path}: {seen['name']}: {seen['wrong']}"


def tab_to(walker: Walker, selector: str) -> None:
    """Press Tab until the focus is on this, looking at every stop on the way."""
    for _ in range(MOST_TABS):
        walker.page.keyboard.press("Tab")
        look(walker)
        if walker.page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{walker.path}: {MOST_TABS} times Tab never reached {selector}")


def enter(walker: Walker, selector: str) -> None:
    """Go to this link or button and press Enter."""
    tab_to(walker, selector)
    with walker.page.expect_navigation():
        walker.page.keyboard.press("Enter")


def write(walker: Walker, selector: str, text: str) -> None:
    """Go to this field and write."""
    tab_to(walker, selector)
    walker.page.keyboard.type(text)


def sign_in(walker: Walker) -> None:
    """Ask for a code, read the mail, type it."""
    write(walker, "#id_email", SOMEBODY)
    with walker.page.expect_navigation():
        walker.page.keyboard.press("Enter")
    if not walker.page.evaluate("document.activeElement.id === 'id_code'"):
        tab_to(walker, "#id_code")
    walker.page.keyboard.type(walker.post.code_for(SOMEBODY))
    with walker.page.expect_navigation():
        walker.page.keyboard.press("Enter")


def test_the_skip_link_comes_first(walker: Walker) -> None:
    walker.go("/")
    walker.page.keyboard.press("Tab")
    look(walker)
    walker.page.keyboard.press("Enter")
    expect(walker.page.locator("#main")).to_be_focused()


def test_every_stop_of_the_main_pages_is_seen(walker: Walker) -> None:
    for path in (
        "/",
        "/projects/",
        PROJECT,
        PROJECT + "ballot/",
        PROJECT + "proposals/1/",
        "/projects/zitbanken/results/",
    ):
        walker.go(path)
        for _ in range(60):
            walker.page.keyboard.press("Tab")
            look(walker)


def test_suggests_with_the_keyboard(walker: Walker) -> None:
    page = walker.page
    walker.go("/")
    enter(walker, 'main a[href="/projects/"]')
    enter(walker, f'main a[href="{PROJECT}"]')
    enter(walker, f'a[href="{PROJECT}suggest/"]')
    write(walker, "#id_where", "Couthof")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator("#place-answer")).to_contain_text("Proven")
    tab_to(walker, ".kp-map__canvas")
    page.keyboard.press("ArrowLeft")
    page.wait_for_timeout(400)
    enter(walker, "button[name=next]")
    write(walker, "#id_title", "Met de toetsen")
    tab_to(walker, "#id_body")
    page.keyboard.type("Zonder muis.")
    tab_to(walker, "input[name=theme]")
    page.keyboard.press("Space")
    # Past the button that adds a photo.
    enter(walker, "main form button[type=submit]:not([name])")
    enter(walker, "main form button[type=submit]")
    sign_in(walker)
    enter(walker, "main form button[type=submit]")
    proposal = Proposal.objects.get(title="Met de toetsen")
    assert walker.path == f"{PROJECT}proposals/{proposal.number}/"
    assert proposal.theme is not None


def test_votes_with_the_keyboard(walker: Walker) -> None:
    page = walker.page
    walker.go(PROJECT)
    enter(walker, f'#act a[href="{PROJECT}ballot/"]')
    for _ in range(3):
        tab_to(walker, "kp-ballot input[name=number]")
        page.keyboard.press("Space")
        look(walker)
    expect(page.locator("kp-ballot input:checked")).to_have_count(3)
    enter(walker, "kp-ballot button[type=submit]")
    enter(walker, "main a.utrecht-button, main a.utrecht-button-link, main a[href*='/account/']")
    sign_in(walker)
    enter(walker, "main form button[type=submit]")
    vote = Phase.objects.get(project__slug="laadpunten", kind="vote")
    assert len(choices_cast(vote, Person.objects.get(email=SOMEBODY)) or []) == 3


def test_the_focus_stays_where_a_choice_was_made(walker: Walker) -> None:
    page = walker.page
    walker.go(PROJECT)
    tab_to(walker, ".kp-card__action button")
    page.keyboard.press("Enter")
    expect(page.locator(".kp-card__action [aria-pressed=true]")).to_have_count(1)
    expect(page.locator(".kp-card__action [aria-pressed=true]")).to_be_focused()
    look(walker)
    page.keyboard.press("Enter")
    expect(page.locator(".kp-card__action [aria-pressed=true]")).to_have_count(0)


def test_a_hidden_outline_would_be_seen(walker: Walker) -> None:
    """The control: the same look finds an element without outline, one out of sight and one under a bar."""
    page = walker.page
    walker.go("/privacy/")
    page.evaluate(
        """() => document.body.insertAdjacentHTML("afterbegin", `<button id="plain">a</button>
        <button id="far">b</button><button id="under">c</button><div id="bar"></div>`)"""
    )
    page.evaluate(
        """() => {
        const set = (id, style) => Object.assign(document.getElementById(id).style, style);
        set("plain", {outline: "none"});
        set("far", {position: "absolute", left: "-5000px"});
        set("under", {position: "fixed", left: "0", bottom: "0", width: "90px", height: "30px"});
        set("bar", {position: "fixed", left: "0", bottom: "0", width: "100%", height: "80px", zIndex: "9"});
        }"""
    )
    wrong = []
    for name in ("plain", "far", "under"):
        page.locator(f"#{name}").evaluate("node => node.focus({preventScroll: true, focusVisible: true})")
        wrong.append(page.evaluate(FOCUS)["wrong"])
    assert wrong == ["no outline", "outside the window", "covered"]
