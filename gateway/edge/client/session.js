// Who is signed in, kept across reloads and shared by all tabs.
//
// A refresh token is good for one use, and its second use ends the session for everybody. So a tab refreshes under a lock that all
// tabs share, and first looks whether another one has done it meanwhile.

import { read, write } from "./vault.js";

const NAME = "murmur.session";
const EARLY_MS = 60_000;
const SOONEST_MS = 5_000;

/** `change`: somebody signed in or out, here or in another tab. */
export const sessions = new EventTarget();

/** accessToken, refreshToken, refreshAt (milliseconds) and user (id, handle, name); null where nobody is signed in. */
let session = await read();
let refresher = null;
let timer = 0;

const others = new BroadcastChannel(NAME);
others.addEventListener("message", async () => take(await read()));

export const viewer = () => session?.user ?? null;

/** `exchange` takes a refresh token and answers { payload, serverTime }; whoever speaks with the server sets it. */
export function refreshWith(exchange) {
  refresher = exchange;
  schedule();
}

/** Keep what signing in, or a refresh, answered. `serverTime` tells how long the token is good for, whatever this clock says. */
export async function keep({ accessToken, refreshToken, expiresAt, user }, serverTime) {
  const goodFor = Date.parse(expiresAt) - serverTime;
  await share({ accessToken, refreshToken, refreshAt: Date.now() + Math.max(goodFor - EARLY_MS, SOONEST_MS), user });
}

/** Nobody is signed in any more. Returns the refresh token, so that the server can be told. */
export async function forget() {
  const refreshToken = session?.refreshToken;
  await share(null);
  return refreshToken;
}

/** The viewer's new name. */
export const rename = (name) => locked(async () => share({ ...(await read()), user: { ...session.user, name } }));

/** An access token that is good for a while, or null. `refused`: one that the server did not take. */
export async function accessToken(refused = null) {
  const good = () => session && session.accessToken !== refused && Date.now() < session.refreshAt;
  if (!session || good()) return session?.accessToken ?? null;
  return locked(async () => {
    take(await read());
    if (!session || good()) return session?.accessToken ?? null;
    const { payload, serverTime } = await refresher(session.refreshToken);
    await (payload.userErrors.length ? share(null) : keep(payload, serverTime));
    return session?.accessToken ?? null;
  });
}

// Where a page has no locks (plain HTTP from another machine) two tabs may end a session; nothing worse.
const locked = (task) => (navigator.locks ? navigator.locks.request(NAME, task) : task());

async function share(next) {
  await write(next);
  take(next);
  others.postMessage(null);
}

function take(next) {
  const before = viewer()?.id;
  session = next;
  schedule();
  if (before !== viewer()?.id) sessions.dispatchEvent(new Event("change"));
}

function schedule() {
  clearTimeout(timer);
  if (session && refresher) timer = setTimeout(() => accessToken().catch(() => {}), Math.max(session.refreshAt - Date.now(), 0) + 50);
}
