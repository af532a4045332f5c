"""Accounts and sessions, as a client of the whole platform meets them."""

from tests.support.city import PASSWORD, City, signed_in

_SESSION = "{ user { id handle } accessToken refreshToken expiresAt userErrors { code field } }"
_SIGN_IN = f"mutation ($input: SignInInput!) {{ session: signIn(input: $input) {_SESSION} }}"
_REFRESH = f"mutation ($token: String!) {{ session: refreshSession(refreshToken: $token) {_SESSION} }}"
_CHANGE = f"mutation ($input: ChangePasswordInput!) {{ session: changePassword(input: $input) {_SESSION} }}"
_SIGN_OUT = "mutation ($token: String!) { signOut(refreshToken: $token) { userErrors { code } } }"


async def test_who_signs_up_is_somebody_and_can_sign_in_again(city: City) -> None:
    ada = await city.person("Ada")
    assert (await ada.ask("{ me { handle name } }"))["me"] == {"handle": "Ada", "name": "Ada"}
    assert (await city.nobody.ask("{ me { handle } }"))["me"] is None
    session = (await city.nobody.ask(_SIGN_IN, input={"handle": "aDA", "password": PASSWORD}))["session"]
    again = signed_in(city.door, session)
    assert again.id == ada.id
    assert (await again.ask("{ me { handle } }"))["me"]["handle"] == "Ada"


async def test_a_refresh_gives_a_session_that_goes_on_and_a_token_used_twice_ends_it(city: City) -> None:
    ada = await city.person("ada")
    first = (await city.nobody.ask(_REFRESH, token=ada.session["refreshToken"]))["session"]
    assert first["user"]["handle"] == "ada"
    assert (await signed_in(city.door, first).ask("{ me { id } }"))["me"]["id"] == ada.id
    stolen = (await city.nobody.ask(_REFRESH, token=ada.session["refreshToken"]))["session"]
    assert stolen["userErrors"] == [{"code": "SESSION_ENDED", "field": ["refreshToken"]}]
    newest = (await city.nobody.ask(_REFRESH, token=first["refreshToken"]))["session"]
    assert [error["code"] for error in newest["userErrors"]] == ["SESSION_ENDED"]


async def test_a_session_that_was_signed_out_can_not_be_refreshed(city: City) -> None:
    ada = await city.person("ada")
    token = ada.session["refreshToken"]
    assert (await ada.ask(_SIGN_OUT, token=token))["signOut"]["userErrors"] == []
    session = (await city.nobody.ask(_REFRESH, token=token))["session"]
    assert session["accessToken"] is None
    assert [error["code"] for error in session["userErrors"]] == ["SESSION_ENDED"]


async def test_a_new_password_ends_all_sessions_and_opens_the_account(city: City) -> None:
    ada = await city.person("ada")
    changed = (await ada.ask(_CHANGE, input={"currentPassword": PASSWORD, "newPassword": "another horse"}))["session"]
    assert changed["userErrors"] == []
    old = (await city.nobody.ask(_REFRESH, token=ada.session["refreshToken"]))["session"]
    assert [error["code"] for error in old["userErrors"]] == ["SESSION_ENDED"]
    wrong = (await city.nobody.ask(_SIGN_IN, input={"handle": "ada", "password": PASSWORD}))["session"]
    assert [error["code"] for error in wrong["userErrors"]] == ["WRONG_CREDENTIALS"]
    assert (await city.nobody.ask(_SIGN_IN, input={"handle": "ada", "password": "another horse"}))["session"]["user"][
        "id"
    ] == ada.id


async def test_a_profile_shows_what_its_owner_wrote_until_it_is_cleared(city: City) -> None:
    ada = await city.person("ada")
    shown = "{ user { name bio website } userErrors { code } }"
    document = f"mutation ($input: UpdateProfileInput!) {{ updateProfile(input: $input) {shown} }}"
    written = {"name": "Ada L.", "bio": "Analytical.", "website": "https://example.org/ada"}
    assert (await ada.ask(document, input=written))["updateProfile"] == {"user": written, "userErrors": []}
    assert (await ada.ask(document, input={"bio": None}))["updateProfile"]["user"] == {**written, "bio": None}
    seen = await city.nobody.ask('{ user(handle: "ADA") { name bio website } }')
    assert seen["user"] == {**written, "bio": None}


async def test_what_needs_a_viewer_is_unauthenticated_and_the_rest_is_public(city: City) -> None:
    ada = await city.person("ada")
    tweet = await ada.tweet("public")
    nobody = city.nobody
    for document in (
        "{ homeTimeline { nodes { tweet { id } } } }",
        "{ bookmarks { nodes { id } } }",
        "{ suggestions { id } }",
        'mutation { createTweet(input: {text: "x"}) { tweet { id } } }',
        f'mutation {{ like(tweetId: "{tweet}") {{ tweet {{ id }} }} }}',
        f'mutation {{ follow(userId: "{ada.id}") {{ user {{ id }} }} }}',
        'mutation { updateProfile(input: {name: "x"}) { user { id } } }',
    ):
        assert await nobody.codes(document) == ["UNAUTHENTICATED"], document
    author = "author { handle viewerFollows timeline { nodes { tweet { id } } } }"
    shown = await nobody.ask(f"query ($id: ID!) {{ tweet(id: $id) {{ text viewerLiked {author} }} }}", id=tweet)
    assert shown["tweet"] == {
        "text": "public",
        "viewerLiked": False,
        "author": {"handle": "ada", "viewerFollows": False, "timeline": {"nodes": [{"tweet": {"id": tweet}}]}},
    }


async def test_a_token_that_is_not_ours_is_401(city: City) -> None:
    stranger = city.nobody
    stranger.session = {"accessToken": "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0."}
    reply = await stranger.post(b'{"query": "{ me { id } }"}')
    assert (reply.status, reply.code) == (401, "UNAUTHENTICATED")
