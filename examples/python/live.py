"""Sign in, read the home timeline, and print notifications as they come.

pip install 'gql[aiohttp,websockets]'
python examples/python/live.py HANDLE PASSWORD [URL] [HOW_MANY]
"""

import asyncio
import sys

from gql import Client, gql
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.websockets import WebsocketsTransport

SIGN_IN = gql("""
  mutation ($handle: String!, $password: String!) {
    signIn(input: {handle: $handle, password: $password}) { accessToken userErrors { code message } }
  }
""")
TIMELINE = gql("""
  query { homeTimeline(first: 5) { nodes { tweet { text author { handle } } } } }
""")
# With the greatest id that was seen, a subscription goes on where the last one ended.
NOTIFICATIONS = gql("""
  subscription ($after: ID) {
    notificationReceived(after: $after) { id kind actors { handle followerCount } tweet { text } }
  }
""")


async def main(handle: str, password: str, url: str = "http://127.0.0.1:8000", how_many: str = "10") -> None:
    async with Client(transport=AIOHTTPTransport(f"{url}/graphql")) as anybody:
        SIGN_IN.variable_values = {"handle": handle, "password": password}
        session = (await anybody.execute(SIGN_IN))["signIn"]
    if session["userErrors"]:
        sys.exit(session["userErrors"][0]["message"])
    identity = {"Authorization": f"Bearer {session['accessToken']}"}

    async with Client(transport=AIOHTTPTransport(f"{url}/graphql", headers=identity)) as mine:
        for entry in (await mine.execute(TIMELINE))["homeTimeline"]["nodes"]:
            print(f"@{entry['tweet']['author']['handle']}: {entry['tweet']['text']}")

    socket = WebsocketsTransport(f"{url.replace('http', 'ws', 1)}/graphql", init_payload=identity)
    async with Client(transport=socket) as live:
        print("waiting for notifications", flush=True)
        left = int(how_many)
        async for event in live.subscribe(NOTIFICATIONS):
            told = event["notificationReceived"]
            print(told["kind"], "by", ", ".join(f"@{actor['handle']}" for actor in told["actors"]), flush=True)
            left -= 1
            if not left:
                return


asyncio.run(main(*sys.argv[1:]))
