import os

from tests.journeys.test_setup import PLANNER, fill
from tests.journeys.walker import DESK, PHONE

OUT = "/tmp/forms_shots/"


def shot(w, name):
    w.page.wait_for_timeout(400)
    w.page.screenshot(path=OUT + name + ".png", full_page=True)


def test_shots(new_walker):
    os.makedirs(OUT, exist_ok=True)
    for size, script, lang, tag in ((PHONE, False, "fr", "390fr"), (DESK, True, "nl", "1280nl")):
        w = new_walker(size=size, script=script, language=lang)
        w.go("/projects/uitpas/")
        shot(w, f"project-{tag}")
        w.press("Fill in the form")
        w.page.locator("#id_q1_o1").check()
        shot(w, f"form-{tag}")
        fill(w, q5="Zwemmen op zondag", q6="3")
        w.press("Next: check it")
        shot(w, f"form-error-{tag}")
        fill(w, q6="34")
        w.press("Next: check it")
        shot(w, f"check-{tag}")
        w.press("Send my answers")
        shot(w, f"done-{tag}")
    for size, script, lang, tag in ((PHONE, False, "fr", "390fr"), (DESK, True, "nl", "1280nl")):
        p = new_walker(size=size, script=script, language=lang)
        p.enter_as(PLANNER)
        p.go("/desk/projects/uitpas/form/")
        shot(p, f"desk-form-{tag}")
        p.go("/desk/projects/uitpas/form/?exact=1")
        shot(p, f"desk-form-exact-{tag}")
        p.go("/desk/projects/uitpas/setup/questions/")
        shot(p, f"setup-questions-{tag}")
        p.go("/desk/projects/uitpas/setup/questions/alone/q2/")
        shot(p, f"setup-one-{tag}")
    w = new_walker(size=DESK, language="nl")
    w.enter_as("bewoner@poperinge.example")
    w.go("/")
    shot(w, "home")
    w.go("/projects/nutskasten/")
    shot(w, "nutskasten")
    w.go("/projects/dorpskern-abele/")
    shot(w, "abele")
    w.go("/projects/dorpskern-abele/proposals/1/")
    shot(w, "abele-1")
    w.go("/projects/nutskasten/suggest/")
    w.page.locator("#id_where").fill("Watouplein")
    w.press("Search", w.page.locator(".kp-pick"))
    w.press("This is my place, next")
    w.page.locator("#id_q2_o1").check()
    shot(w, "suggest-what")
