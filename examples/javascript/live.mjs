// Sign in, and print what comes to the top of the home timeline as it comes; connects again by itself.
//
//   npm install --no-package-lock --prefix examples/javascript
//   node examples/javascript/live.mjs HANDLE PASSWORD [URL] [HOW_MANY]

import { createClient } from "graphql-ws";
import WebSocket from "ws";

const [handle, password, url = "http://127.0.0.1:8000", howMany = "10"] = process.argv.slice(2);

async function signIn() {
  const response = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      query: `mutation ($handle: String!, $password: String!) {
        signIn(input: { handle: $handle, password: $password }) { accessToken userErrors { code message } }
      }`,
      variables: { handle, password },
    }),
  });
  const { accessToken, userErrors } = (await response.json()).data.signIn;
  if (userErrors.length) throw new Error(userErrors[0].message);
  return accessToken;
}

const client = createClient({
  url: `${url.replace(/^http/, "ws")}/graphql`,
  webSocketImpl: WebSocket,
  // Asked for each connection: a socket ends with its token.
  connectionParams: async () => ({ Authorization: `Bearer ${await signIn()}` }),
  retryAttempts: Infinity,
  shouldRetry: () => true,
  on: { connected: () => console.log("connected") },
});

let left = Number(howMany);
const query = `subscription { homeTimelineUpdated { newCount newest { tweet { text author { handle } } } } }`;
for await (const { data } of client.iterate({ query })) {
  const { newCount, newest } = data.homeTimelineUpdated;
  console.log(`${newCount} new, the newest by @${newest.tweet.author.handle}: ${newest.tweet.text}`);
  if (!(left -= 1)) break;
}
await client.dispose();
