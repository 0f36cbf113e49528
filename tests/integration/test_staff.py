"""The people of a desk: inviting by mail, changing and taking back roles, the audit trail, the second factor."""

import re
import time
from datetime import timedelta
from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core import mail
from django.core.cache import cache
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.test import Client, override_settings

from participation.models import Invitation, Membership, Organisation, Person, ProjectRole, Record
from participation.queries.voting import database_now
from participation.rules.links import digest_of
from participation.rules.refusals import Code, Refused
from participation.rules.roles import Role
from participation.services.project_setup import town_or_new
from participation.services.staff import accept_invitation, appoint_manager, change_role
from participation.services.tokens import make_token
from tests.cast import Cast
from tests.integration.test_sign_in import sign_in

STAFF = "/desk/staff/"


def signed_in(person: Person) -> Client:
    """A browser in which somebody is signed in."""
    client = Client()
    client.force_login(person)
    return client


def invited(cast: Cast, email: str = "nieuw@example.org", role: str = "planner") -> str:
    """Let the manager invite somebody; gives back the path of the link in the mail."""
    sent = signed_in(cast["Marc"]).post(STAFF, {"email": email, "role": role})
    assert sent.status_code == 302, sent.content.decode()[:2000]
    found = re.search(r"http://testserver(/invitations/[\w-]+/)", str(mail.outbox[-1].body))
    assert found
    return found[1]


def role_of(cast: Cast, email: str) -> str | None:
    """Which role has this address in the town?"""
    found = Membership.objects.filter(organisation=cast.town, person__email=email).values_list("role", flat=True)
    return found.first()


def code_in(answer: object) -> str:
    """The refusal on a page."""
    found = re.search(r'data-code="([\w.]+)"', answer.content.decode())  # type: ignore[attr-defined]
    return found[1] if found else ""


def test_an_invitation_is_sent_accepted_once_and_recorded(cast: Cast) -> None:
    link = invited(cast, "Nieuw@Example.org ")
    assert mail.outbox[-1].to == ["nieuw@example.org"]
    token = link.split("/")[2]
    assert token not in str(Invitation.objects.values().get())
    assert bytes(Invitation.objects.get().digest) == digest_of(token)
    guest = Client()
    assert "planner" in guest.get(link, headers={"accept-language": "en"}).content.decode()
    assert "/account/login/code/" in guest.post(link)["Location"]
    assert sign_in(guest, "nieuw@example.org", link) == link
    assert guest.get("/desk/").status_code == 404
    assert guest.post(link).status_code == 302
    assert guest.get("/desk/").status_code == 200
    assert role_of(cast, "nieuw@example.org") == Role.PLANNER
    again = guest.post(link)
    assert (again.status_code, code_in(again)) == (409, "invitation.used")
    assert list(Record.objects.filter(organisation=cast.town).order_by("pk").values_list("act", flat=True)) == [
        "staff.invited",
        "staff.joined",
    ]


def test_a_forwarded_link_gives_nobody_a_role(cast: Cast) -> None:
    link = invited(cast)
    answer = signed_in(cast.attacker).post(link)
    assert (answer.status_code, code_in(answer)) == (403, "invitation.other_address")
    assert role_of(cast, "ada@example.org") is None
    assert Invitation.objects.get().used_at is None


def test_it_expires_and_can_be_taken_back(cast: Cast) -> None:
    link = invited(cast)
    Invitation.objects.update(invited_at=database_now() - timedelta(days=9), expires_at=database_now())
    assert code_in(Client().get(link)) == "invitation.expired"
    link = invited(cast)
    key = Invitation.objects.latest("pk").pk
    signed_in(cast["Marc"]).post(f"{STAFF}change/", {"act": "withdraw", "key": key})
    assert code_in(Client().get(link)) == "invitation.withdrawn"
    assert code_in(Client().get("/invitations/none/")) == "invitation.unknown"
    assert Client(headers={"host": "elders.localhost"}).get(link).status_code == 404


def test_a_second_invitation_makes_the_first_useless(cast: Cast) -> None:
    first, second = invited(cast), invited(cast)
    assert code_in(Client().get(first)) == "invitation.withdrawn"
    assert Client().get(second).status_code == 200


def test_what_was_used_stays_used_in_the_database(cast: Cast) -> None:
    link = invited(cast)
    guest = Person.objects.create_user("nieuw@example.org")
    accept_invitation(organisation=cast.town, token=link.split("/")[2], person=guest, now=database_now())
    for change in ({"used_at": None, "used_by": None}, {"used_by": cast["An"]}):
        with pytest.raises(IntegrityError, match="good once"), transaction.atomic():
            Invitation.objects.update(**change)
    assert Invitation.objects.update(used_by=None) == 1


@pytest.mark.parametrize("project", ["", "laden"])
def test_an_old_invitation_takes_no_role_from_who_got_a_higher_one_since(cast: Cast, project: str) -> None:
    sent = {"email": "nieuw@example.org", "role": "moderator", "project": project}
    assert signed_in(cast["Marc"]).post(STAFF, sent).status_code == 302
    found = re.search(r"http://testserver(/invitations/[\w-]+/)", str(mail.outbox[-1].body))
    assert found
    if project:
        person = Person.objects.create_user("nieuw@example.org")
        ProjectRole.objects.create(project=cast.project, person=person, role=Role.PLANNER)
    else:
        # The only manager there is, after this.
        _town, person = appoint_manager(organisation=cast.town.slug, email="nieuw@example.org")
        Membership.objects.filter(person=cast["Marc"]).delete()
    before = list(Record.objects.order_by("pk").values_list("act", flat=True))
    answer = signed_in(person).post(found[1])
    assert (answer.status_code, code_in(answer)) == (409, "invitation.staff_already")
    if project:
        assert ProjectRole.objects.get(person=person).role == Role.PLANNER
    else:
        assert role_of(cast, "nieuw@example.org") == Role.MANAGER
    assert Invitation.objects.get().used_at is None
    assert list(Record.objects.order_by("pk").values_list("act", flat=True)) == before
    # The control: without a role of their own it is taken.
    Membership.objects.filter(person=person).delete()
    ProjectRole.objects.filter(person=person).delete()
    assert signed_in(person).post(found[1]).status_code == 302
    assert Invitation.objects.get().used_by == person


@pytest.mark.parametrize(
    ("email", "role", "code"),
    [
        ("no address", "planner", "roll.bad_mail"),
        ("piet@example.org", "gis", "invitation.staff_already"),
    ],
)
def test_what_cannot_be_invited_is_refused(cast: Cast, email: str, role: str, code: str) -> None:
    answer = signed_in(cast["Marc"]).post(STAFF, {"email": email, "role": role})
    assert code_in(answer) == code
    assert not mail.outbox
    assert signed_in(cast["Marc"]).post(STAFF, {"email": "a@example.org", "role": "resident"}).status_code == 422


def test_roles_change_and_go_and_the_last_manager_stays(cast: Cast) -> None:
    marc = signed_in(cast["Marc"])
    change = f"{STAFF}change/"
    marc.post(change, {"act": "change", "key": cast["Mo"].pk, "role": "communication"})
    assert role_of(cast, "mo@example.org") == Role.COMMUNICATION
    mo = signed_in(cast["Mo"])
    assert mo.get("/desk/projects/laden/setup/question/").status_code == 200
    assert mo.get("/desk/projects/laden/setup/area/").status_code == 404
    marc.post(change, {"act": "remove", "key": cast["Mo"].pk})
    assert role_of(cast, "mo@example.org") == Role.RESIDENT
    assert mo.get("/desk/").status_code == 404
    answer = marc.post(change, {"act": "remove", "key": cast["Marc"].pk})
    assert (answer.status_code, code_in(answer)) == (409, "staff.last_manager")
    answer = marc.post(change, {"act": "change", "key": cast.stranger.pk, "role": "planner"})
    assert (answer.status_code, code_in(answer)) == (404, "staff.unknown")
    answer = marc.post(change, {"act": "change", "key": cast["Piet"].pk, "role": "king"})
    assert code_in(answer) == "staff.role_bad"
    assert [record.act for record in Record.objects.order_by("pk")] == ["staff.role_changed", "staff.removed"]


@pytest.mark.parametrize("name", ["An", "Mo", "Piet", "Gis", "Cora"])
def test_nobody_but_a_manager_gives_roles(cast: Cast, name: str) -> None:
    with pytest.raises(Refused) as refused:
        change_role(organisation=cast.town, person=cast["Mo"].pk, role="manager", by=cast[name])
    assert refused.value.code is Code.NOT_STAFF


def test_the_page_says_who_has_which_role(cast: Cast) -> None:
    invited(cast)
    page = signed_in(cast["Marc"]).get(STAFF).content.decode()
    for name in ("Mo", "Piet", "Gis", "Cora", "Marc"):
        assert f"{name.lower()}@example.org" in page
    assert "nieuw@example.org" in page
    assert "an@example.org" not in page
    assert "stan@example.org" not in page


# --- the audit trail ------------------------------------------------------------------


def test_the_trail_is_filtered_and_taken_along(cast: Cast) -> None:
    marc = signed_in(cast["Marc"])
    invited(cast)
    Record.objects.create(
        organisation=cast.town, project=cast.project, person=cast["Piet"], act="ballot.joined", subject="=1+1"
    )
    Record.objects.create(organisation=cast.other_town, person=cast.stranger, act="ballot.left", subject="elders")

    def lines(query: str) -> list[str]:
        answer = marc.get(f"/desk/acts.csv?{query}")
        text = b"".join(answer).decode("utf-8-sig")
        # That this file is taken along stands in it, too.
        return [line for line in text.strip().splitlines()[1:] if ",data.taken," not in line]

    assert len(lines("")) == 2
    assert [line.split(",")[1] for line in lines("act=ballot.joined")] == ["ballot.joined"]
    assert [line.split(",")[1] for line in lines(f"person={cast['Marc'].pk}")] == ["staff.invited"]
    assert len(lines("project=laden")) == 1
    assert lines("since=2999-01-01") == lines("until=1999-01-01") == []
    assert "'=1+1" in lines("act=ballot.joined")[0]
    assert "elders" not in "".join(lines(""))
    page = marc.get("/desk/acts/?act=staff.invited", headers={"accept-language": "en"}).content.decode()
    assert "somebody was invited to the desk" in page
    assert "joined the ballot</td>" not in page
    assert signed_in(cast["Piet"]).get("/desk/acts/").status_code == 200
    assert signed_in(cast["Cora"]).get("/desk/acts.csv").status_code == 404


# --- the second factor ------------------------------------------------------------------


def app_code(secret: str) -> str:
    """What an app with this key shows now."""
    return str(format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time())))))


def set_up_app(client: Client) -> str:
    """Set an app up, as its owner would; gives back its key."""
    page = client.get("/account/factor/app/").content.decode()
    found = re.search(r'<code class="kp-code">([A-Z2-7]+)</code>', page)
    assert found
    answer = client.post("/account/factor/app/", {"code": app_code(found[1])})
    assert answer.status_code == 302, answer.content.decode()[:3000]
    return found[1]


@pytest.mark.django_db(transaction=True)
def test_staff_without_a_second_factor_are_led_to_set_one_up(cast: Cast, client: Client) -> None:
    signed_in(cast["Marc"]).post(f"{STAFF}change/", {"act": "second_factor", "needed": "1"})
    assert Organisation.objects.get(pk=cast.town.pk).staff_second_factor
    time.sleep(2.1)  # what a town is remembered for
    sign_in(client, "piet@example.org")
    assert client.get("/desk/")["Location"] == "/account/factor/"
    secret = set_up_app(client)
    assert client.get("/desk/").status_code == 200
    # A session from before the app did not show it.
    before = signed_in(cast["Piet"])
    shown = before.get("/desk/")["Location"]
    assert shown.startswith("/account/factor/again/")
    cache.clear()
    assert before.post(shown, {"code": app_code(secret)})["Location"] == "/desk/"
    assert before.get("/desk/").status_code == 200
    assert Client().get("/projects/").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_whoever_has_an_app_shows_it_when_signing_in(cast: Cast, client: Client) -> None:
    sign_in(client, "piet@example.org")
    secret = set_up_app(client)
    cache.clear()
    fresh = Client()
    assert sign_in(fresh, "piet@example.org", "/desk/").startswith("/account/factor/show/")
    assert fresh.get("/desk/").status_code == 302
    assert fresh.post("/account/factor/show/", {"code": "000000"}).status_code == 200
    assert fresh.get("/desk/").status_code == 302
    answer = fresh.post("/account/factor/show/", {"code": app_code(secret)})
    assert answer.status_code == 302
    assert fresh.get("/desk/").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_the_key_of_an_app_is_not_in_the_database_as_it_is(cast: Cast, client: Client) -> None:
    sign_in(client, "piet@example.org")
    secret = set_up_app(client)
    kept = Authenticator.objects.get(type=Authenticator.Type.TOTP)
    assert secret not in str(kept.data)
    assert isinstance(kept.wrap(), TOTP)


@pytest.mark.django_db(transaction=True)
def test_codes_on_paper_stand_in_for_the_app_once(cast: Cast, client: Client) -> None:
    sign_in(client, "piet@example.org")
    set_up_app(client)
    codes = re.findall(r'<code class="kp-code">(\d+)</code>', client.get("/account/factor/codes/").content.decode())
    assert len(codes) == len(set(codes)) == 10
    for attempt, status in ((codes[0], 302), (codes[0], 200)):
        cache.clear()
        fresh = Client()
        sign_in(fresh, "piet@example.org", "/desk/")
        assert fresh.post("/account/factor/show/", {"code": attempt}).status_code == status


def test_a_new_town_asks_staff_for_a_second_factor(db: None) -> None:
    """Outside the demo: nobody has to think of it."""
    created = town_or_new("nieuwstad", "Nieuwstad")
    assert Organisation.objects.get(pk=created.pk).staff_second_factor
    assert Organisation.objects.create(slug="ook", name="Ook", site_name="Ook").staff_second_factor
    with override_settings(DEMO=True):
        assert not town_or_new("proefstad", "Proefstad").staff_second_factor


def test_a_session_without_a_second_factor_does_nothing_over_the_api_either(cast: Cast) -> None:
    queue = "/api/v1/desk/projects/laden/queue"
    Organisation.objects.update(staff_second_factor=True)
    answer = signed_in(cast["Piet"]).get(queue)
    assert (answer.status_code, answer.json()["code"]) == (403, "person.second_factor")
    # A token was made at the desk, where the factor was shown; the control, too, that Piet may see the queue.
    _row, token = make_token(
        organisation=cast.town, by=cast["Piet"], name="proef", scopes=["read"], days=30, now=database_now()
    )
    assert Client().get(queue, headers={"authorization": f"Bearer {token}"}).status_code == 200


def test_the_first_manager_is_made_by_who_runs_the_installation(cast: Cast) -> None:
    call_command("add_manager", "Burgemeester@toonstad.example", organisation="toonstad", stdout=StringIO())
    member = Membership.objects.get(person__email="burgemeester@toonstad.example")
    assert (member.organisation, member.role) == (cast.town, "manager")
    record = Record.objects.get(act="staff.joined")
    assert (record.person, record.subject) == (None, f"person {member.person_id}")
    call_command("add_manager", "an@example.org", organisation="toonstad", stdout=StringIO())
    assert Membership.objects.get(organisation=cast.town, person=cast["An"]).role == "manager"
    for wrong in ({"email": "x", "organisation": "toonstad"}, {"email": "a@b.example", "organisation": "nergens"}):
        with pytest.raises(Refused):
            appoint_manager(**wrong)
