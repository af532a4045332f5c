"""Signing up and in, sessions, and the own profile, as a client sees them."""

import asyncio

import pytest

from murmur.events import ProfileUpdated, UserSignedUp
from murmur.identity import Caller
from subgraphs.users.model import ImportedUser, SignInLimits
from subgraphs.users.service.passwords import PasswordCost
from tests.api.users.town import PASSWORD, Found, Person, Town

SESSION = "{ user { id handle } accessToken refreshToken expiresAt userErrors { code field } }"
SIGN_IN = (
    f"mutation ($handle: String!, $password: String!) {{ signIn(input: {{handle: $handle, password: $password}}) {SESSION} }}"
)
REFRESH = f"mutation ($token: String!) {{ refreshSession(refreshToken: $token) {SESSION} }}"
SIGN_OUT = "mutation ($token: String!) { signOut(refreshToken: $token) { userErrors { code } } }"
CHANGE = f"""mutation ($current: String!, $new: String!) {{
  changePassword(input: {{currentPassword: $current, newPassword: $new}}) {SESSION}
}}"""
UPDATE = """mutation ($input: UpdateProfileInput!) {
  updateProfile(input: $input) { user { name bio location website avatarUrl } userErrors { code field } }
}"""


async def sign_in(person: Person, handle: str, password: str = PASSWORD) -> dict:
    return (await person.ask(SIGN_IN, handle=handle, password=password))["signIn"]


async def refresh(person: Person, token: str) -> dict:
    return (await person.ask(REFRESH, token=token))["refreshSession"]


def codes(payload: dict) -> list[str]:
    return [error["code"] for error in payload["userErrors"]]


async def test_a_new_account_is_signed_in(town: Town) -> None:
    ada = await town.sign_up("Ada_1", email="ada@example.org")
    me = (await ada.ask("{ me { id handle name createdAt verified protected followerCount } }"))["me"]
    assert me == {
        "id": ada.id,
        "handle": "Ada_1",
        "name": "Ada_1",
        "createdAt": "2025-10-09T08:53:20.000Z",
        "verified": False,
        "protected": False,
        "followerCount": 0,
    }
    assert ada.session["expiresAt"] == "2025-10-09T09:08:20.000Z"
    [event] = await town.events()
    assert isinstance(event, UserSignedUp)
    assert (str(event.user_id), event.handle) == (ada.id, "Ada_1")


async def test_nobody_in_particular_has_no_profile(town: Town) -> None:
    assert await town.nobody.ask("{ me { id } }") == {"me": None}


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"handle": ""}, "EMPTY", "handle"),
        ({"handle": "a" * 16}, "TOO_LONG", "handle"),
        ({"handle": "ad a"}, "INVALID", "handle"),
        ({"handle": "adä"}, "INVALID", "handle"),
        ({"password": "1234567"}, "TOO_SHORT", "password"),
        ({"password": "x" * 257}, "TOO_LONG", "password"),
        ({"password": "\ud800 lone surrogate"}, "INVALID", "password"),
        ({"name": "  "}, "EMPTY", "name"),
        ({"name": "x" * 51}, "TOO_LONG", "name"),
        ({"name": "a\x07b"}, "INVALID", "name"),
        ({"name": "\u200b\u200b"}, "EMPTY", "name"),
        ({"email": "ada"}, "INVALID", "email"),
        ({"email": "a@" + "b" * 300 + ".org"}, "TOO_LONG", "email"),
    ],
)
async def test_what_no_account_may_have_is_refused_by_its_field(town: Town, given: dict, code: str, field: str) -> None:
    error = await town.sign_up_refused(**given)
    assert (error["code"], error["field"]) == (code, ["input", field])
    assert await town.events() == []


async def test_a_handle_is_taken_in_any_case(town: Town) -> None:
    await town.sign_up("Ada")
    assert (await town.sign_up_refused(handle="aDA"))["code"] == "TAKEN"


async def test_of_many_who_want_a_handle_at_once_one_gets_it(town: Town) -> None:
    document = """mutation ($handle: String!) {
      signUp(input: {handle: $handle, password: "correct horse", name: "X"}) { user { handle } userErrors { code } }
    }"""
    answers = await asyncio.gather(*(town.nobody.ask(document, handle=handle) for handle in ("ada", "Ada", "ADA", "aDA")))
    assert sorted(codes(answer["signUp"]) for answer in answers) == [[], ["TAKEN"], ["TAKEN"], ["TAKEN"]]
    assert len(await town.events()) == 1


async def test_the_longest_of_everything_is_taken(town: Town) -> None:
    await town.sign_up("a" * 15, password="x" * 256, name="ü" * 50)


async def test_a_password_signs_in_whatever_the_case_of_the_handle(town: Town) -> None:
    ada = await town.sign_up("Ada")
    session = await sign_in(town.nobody, "ADA")
    assert session["user"] == {"id": ada.id, "handle": "Ada"}
    assert (await town.person(session).ask("{ me { handle } }")) == {"me": {"handle": "Ada"}}


async def test_a_password_is_the_same_however_its_characters_are_composed(town: Town) -> None:
    await town.sign_up("ada", password="caf\u00e9 caf\u00e9")
    assert codes(await sign_in(town.nobody, "ada", "cafe\u0301 cafe\u0301")) == []


async def test_a_wrong_password_and_an_unknown_handle_read_alike(town: Town) -> None:
    await town.sign_up("ada")
    await town.room.service.import_users([ImportedUser(handle="imported", name="I")])
    for handle, password in [
        ("ada", "wrong horse"),
        ("bob", PASSWORD),
        ("imported", PASSWORD),
        ("no handle", PASSWORD),
        ("ada", ""),
        ("ada", "x" * 300),
        ("ada", "\ud800" * 9),
    ]:
        session = await sign_in(town.nobody, handle, password)
        assert session["userErrors"] == [{"code": "WRONG_CREDENTIALS", "field": None}], handle
        assert session["accessToken"] is None


async def test_a_hash_of_another_cost_is_replaced_at_the_next_sign_in(found: Found) -> None:
    before = found(folder="same")
    ada = await before.sign_up("ada")
    after = found(cost=PasswordCost(time=2, memory_kib=16, parallelism=1), folder="same")
    for _ in range(2):
        assert codes(await sign_in(after.nobody, "ada")) == []
        credentials = await after.room.store.credentials(int(ada.id))
        assert credentials is not None
        assert "m=16,t=2,p=1" in (credentials.password_hash or "")


async def test_sign_in_is_throttled_by_account_wherever_it_is_tried_from(found: Found) -> None:
    town = found(SignInLimits("3/hour", None, None))
    await town.sign_up("ada")
    for number in range(3):
        assert codes(await sign_in(Person(town, Caller(None, f"192.0.2.{number}")), "ada", "wrong horse"))
    [error] = await Person(town, Caller(None, "192.0.2.9")).errors(SIGN_IN, handle="Ada", password=PASSWORD)
    assert error["extensions"]["code"] == "RATE_LIMITED"
    assert 0 < error["extensions"]["retryAfter"] <= 3600
    # Nor does an unknown handle tell itself apart by never being throttled.
    for _ in range(3):
        assert codes(await sign_in(town.nobody, "nobody"))
    assert await town.nobody.errors(SIGN_IN, handle="nobody", password=PASSWORD)


async def test_only_failed_sign_ins_count_for_an_address(found: Found) -> None:
    town = found(SignInLimits(None, "3/hour", None))
    await town.sign_up("ada")
    for _ in range(5):
        assert codes(await sign_in(town.nobody, "ada")) == []
    guesses = [town.nobody.errors(SIGN_IN, handle="ada", password="wrong horse") for _ in range(9)]
    refused = [errors for errors in await asyncio.gather(*guesses) if errors]
    assert [error["extensions"]["code"] for [error] in refused] == ["RATE_LIMITED"] * 6
    assert await town.nobody.errors(SIGN_IN, handle="ada", password=PASSWORD)


async def test_a_success_gives_the_account_its_tries_back_and_the_address_only_its_own(found: Found) -> None:
    town = found(SignInLimits("2/hour", "3/hour", None))
    await town.sign_up("ada")
    for number in range(3):
        if number:
            assert codes(await sign_in(town.nobody, "ada")) == []
        assert codes(await sign_in(town.nobody, "ada", "wrong horse")) == ["WRONG_CREDENTIALS"]
    [error] = await town.nobody.errors(SIGN_IN, handle="ada", password=PASSWORD)
    assert error["extensions"]["code"] == "RATE_LIMITED"
    assert codes(await sign_in(Person(town, Caller(None, "192.0.2.2")), "ada")) == []


async def test_a_client_has_its_ipv6_network_to_itself(found: Found) -> None:
    town = found(SignInLimits(None, "2/hour", None))
    await town.sign_up("ada")
    for last in ("1", "2"):
        await sign_in(Person(town, Caller(None, f"2001:db8::{last}")), "ada", "wrong horse")
    assert await Person(town, Caller(None, "2001:db8::ffff")).errors(SIGN_IN, handle="ada", password=PASSWORD)
    await sign_in(Person(town, Caller(None, "2001:db8:0:1::1")), "ada")


async def test_sign_up_is_throttled_by_address(found: Found) -> None:
    town = found(SignInLimits(None, None, "2/hour"))
    await town.sign_up("ada")
    await town.sign_up("bob")
    document = 'mutation { signUp(input: {handle: "eve", password: "12345678", name: "Eve"}) { accessToken } }'
    [error] = await town.nobody.errors(document)
    assert error["extensions"]["code"] == "RATE_LIMITED"


async def test_a_refresh_goes_on_with_a_new_token(town: Town) -> None:
    ada = await town.sign_up("ada")
    first = await refresh(town.nobody, ada.session["refreshToken"])
    assert first["user"]["id"] == ada.id
    second = await refresh(town.nobody, first["refreshToken"])
    assert len({ada.session["refreshToken"], first["refreshToken"], second["refreshToken"]}) == 3
    again = town.person(second)
    assert again.caller.viewer is not None
    assert again.caller.viewer == ada.caller.viewer


async def test_a_rotated_token_ends_the_session_for_everybody(town: Town) -> None:
    ada = await town.sign_up("ada")
    elsewhere = await sign_in(town.nobody, "ada")
    newest = await refresh(town.nobody, ada.session["refreshToken"])
    assert codes(await refresh(town.nobody, ada.session["refreshToken"])) == ["SESSION_ENDED"]
    assert codes(await refresh(town.nobody, newest["refreshToken"])) == ["SESSION_ENDED"]
    assert codes(await refresh(town.nobody, elsewhere["refreshToken"])) == []


@pytest.mark.parametrize("kept", [32, 54, 75])
async def test_who_knows_only_a_part_of_a_token_ends_nothing(town: Town, kept: int) -> None:
    ada = await town.sign_up("ada")
    token = ada.session["refreshToken"]
    assert ada.caller.viewer is not None
    assert token.startswith(ada.caller.viewer.session_id)
    for made_up in (token[:kept], token[:kept] + "!" * (len(token) - kept), token[:kept] + "x" * 99, token + "x"):
        assert codes(await refresh(town.nobody, made_up)) == ["SESSION_ENDED"]
        assert await town.nobody.ask(SIGN_OUT, token=made_up) == {"signOut": {"userErrors": []}}
    assert codes(await refresh(town.nobody, token)) == []


async def test_an_earlier_token_signs_out_however_old(town: Town) -> None:
    newest = first = (await town.sign_up("ada")).session["refreshToken"]
    for _ in range(5):
        newest = (await refresh(town.nobody, newest))["refreshToken"]
    await town.nobody.ask(SIGN_OUT, token=first)
    assert codes(await refresh(town.nobody, newest)) == ["SESSION_ENDED"]


async def test_a_token_of_one_session_is_none_of_another(town: Town) -> None:
    ada = await town.sign_up("ada")
    token, other = ada.session["refreshToken"], (await sign_in(town.nobody, "ada"))["refreshToken"]
    await town.nobody.ask(SIGN_OUT, token=token[:32] + other[32:])
    assert codes(await refresh(town.nobody, token)) == codes(await refresh(town.nobody, other)) == []


async def test_a_token_that_is_presented_twice_at_once_goes_on_at_most_once(town: Town) -> None:
    ada = await town.sign_up("ada")
    answers = await asyncio.gather(*(refresh(town.nobody, ada.session["refreshToken"]) for _ in range(4)))
    [winner] = [answer for answer in answers if not codes(answer)]
    assert codes(await refresh(town.nobody, winner["refreshToken"])) == ["SESSION_ENDED"]


@pytest.mark.parametrize("token", ["", "x" * 76, "_" * 76, "A" * 76, "ü" * 76, "\ud800" * 76, "x" * 10_000])
async def test_what_is_no_refresh_token_is_no_session(town: Town, token: str) -> None:
    assert codes(await refresh(town.nobody, token)) == ["SESSION_ENDED"]
    assert await town.nobody.ask(SIGN_OUT, token=token) == {"signOut": {"userErrors": []}}


async def test_a_session_that_nobody_refreshes_ends_after_sixty_days(town: Town) -> None:
    ada = await town.sign_up("ada")
    day = 24 * 3600 * 1000
    town.time.ms += 59 * day
    kept = await refresh(town.nobody, ada.session["refreshToken"])
    town.time.ms += 59 * day
    kept = await refresh(town.nobody, kept["refreshToken"])
    assert codes(kept) == []
    town.time.ms += 60 * day
    assert codes(await refresh(town.nobody, kept["refreshToken"])) == ["SESSION_ENDED"]


async def test_signing_out_ends_one_session_and_may_be_repeated(town: Town) -> None:
    ada = await town.sign_up("ada")
    elsewhere = await sign_in(town.nobody, "ada")
    for _ in range(2):
        assert await town.nobody.ask(SIGN_OUT, token=ada.session["refreshToken"]) == {"signOut": {"userErrors": []}}
    assert codes(await refresh(town.nobody, ada.session["refreshToken"])) == ["SESSION_ENDED"]
    assert codes(await refresh(town.nobody, elsewhere["refreshToken"])) == []


async def test_a_new_password_ends_all_other_sessions(town: Town) -> None:
    ada = await town.sign_up("ada")
    elsewhere = await sign_in(town.nobody, "ada")
    changed = (await ada.ask(CHANGE, current=PASSWORD, new="battery staple"))["changePassword"]
    assert changed["user"]["id"] == ada.id
    for token in (ada.session["refreshToken"], elsewhere["refreshToken"]):
        assert codes(await refresh(town.nobody, token)) == ["SESSION_ENDED"]
    assert codes(await refresh(town.nobody, changed["refreshToken"])) == []
    assert codes(await sign_in(town.nobody, "ada")) == ["WRONG_CREDENTIALS"]
    assert codes(await sign_in(town.nobody, "ada", "battery staple")) == []


async def test_a_password_changes_only_for_who_knows_the_old_one(found: Found) -> None:
    town = found(SignInLimits("2/hour", None, None))
    ada = await town.sign_up("ada")
    short = (await ada.ask(CHANGE, current=PASSWORD, new="short"))["changePassword"]
    assert short["userErrors"] == [{"code": "TOO_SHORT", "field": ["input", "newPassword"]}]
    for wrong in ("wrong horse", "x"):
        refused = (await ada.ask(CHANGE, current=wrong, new="battery staple"))["changePassword"]
        assert refused["userErrors"] == [{"code": "WRONG_CREDENTIALS", "field": ["input", "currentPassword"]}]
    [error] = await ada.errors(CHANGE, current=PASSWORD, new="battery staple")
    assert error["extensions"]["code"] == "RATE_LIMITED"
    [error] = await town.nobody.errors(CHANGE, current=PASSWORD, new="battery staple")
    assert error["extensions"]["code"] == "UNAUTHENTICATED"


async def test_an_absent_field_of_a_profile_stays_and_null_clears(town: Town) -> None:
    ada = await town.sign_up("ada")
    everything = {
        "name": "Ada Lovelace",
        "bio": "Notes\non engines",
        "location": "London",
        "website": "https://ada.example/",
        "avatarUrl": "http://ada.example/a.png",
    }
    await town.events()
    assert (await ada.ask(UPDATE, input=everything))["updateProfile"]["user"] == everything
    assert (await ada.ask(UPDATE, input={"bio": None, "website": ""}))["updateProfile"]["user"] == everything | {
        "bio": None,
        "website": None,
    }
    assert (await ada.ask(UPDATE, input={}))["updateProfile"]["user"]["name"] == "Ada Lovelace"
    assert [(type(event), event.bio) for event in await town.events() if isinstance(event, ProfileUpdated)] == [
        (ProfileUpdated, "Notes\non engines"),
        (ProfileUpdated, None),
    ]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"name": None}, "EMPTY"),
        ({"name": ""}, "EMPTY"),
        ({"name": "x" * 51}, "TOO_LONG"),
        ({"bio": "x" * 161}, "TOO_LONG"),
        ({"bio": "x" * 1_000_000}, "TOO_LONG"),
        ({"bio": "\ud800"}, "INVALID"),
        ({"location": "x" * 31}, "TOO_LONG"),
        ({"location": "two\nlines"}, "INVALID"),
        ({"website": "javascript:alert(1)"}, "INVALID"),
        ({"website": "https://" + "x" * 2_048}, "TOO_LONG"),
        ({"avatarUrl": "https://user:secret@example.org/"}, "INVALID"),
    ],
)
async def test_a_profile_that_breaks_a_rule_is_refused_by_its_field(town: Town, given: dict, code: str) -> None:
    ada = await town.sign_up("ada")
    await town.events()
    refused = (await ada.ask(UPDATE, input={"bio": "kept out", **given}))["updateProfile"]
    assert refused == {"user": None, "userErrors": [{"code": code, "field": ["input", *given]}]}
    assert await town.events() == []


async def test_an_account_that_is_gone_signs_in_again(town: Town, found: Found) -> None:
    ada = await town.sign_up("ada")
    stranger = Person(found(), ada.caller)
    for document in (
        'mutation { updateProfile(input: {bio: "x"}) { user { id } } }',
        'mutation { changePassword(input: {currentPassword: "12345678", newPassword: "12345678"}) { accessToken } }',
    ):
        [error] = await stranger.errors(document)
        assert error["extensions"]["code"] == "UNAUTHENTICATED"
    assert await stranger.ask("{ me { id } }") == {"me": None}
