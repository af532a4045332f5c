// Subscriptions over one WebSocket (graphql-transport-ws) that comes back by itself.

import { idOf } from "./operations.js";
import { accessToken } from "./session.js";

const FIRST_MS = 500;
const LONGEST_MS = 30_000;
const SILENCE_MS = 25_000;
const PONG_MS = 10_000;
const TOKEN_REFUSED = 4403;

/** `open` each time that subscriptions run again, `lost` when they no longer do. */
export const connection = new EventTarget();

const subscriptions = new Map();
let socket = null;
let ready = false;
let waiting = 0;
let watching = 0;
let failures = 0;
let ids = 0;

/**
 * Follow a subscription until the answer is called, across reconnections. `variables` is asked each time that it starts, so that it
 * can go on from where it was.
 */
export function subscribe(name, variables, next) {
  const id = String((ids += 1));
  subscriptions.set(id, { name, variables, next, endings: 0 });
  if (ready) start(id);
  else if (!socket && !waiting) connect();
  return () => {
    if (subscriptions.delete(id) && ready) send({ id, type: "complete" });
    if (!subscriptions.size) disconnect();
  };
}

/** Connect anew at once: somebody else has signed in, or the network is back. */
export function reconnect() {
  drop();
  failures = 0;
  if (subscriptions.size) connect();
}

function disconnect() {
  drop();
  clearTimeout(waiting);
  waiting = 0;
}

async function connect() {
  clearTimeout(waiting);
  waiting = 0;
  const mine = (socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/graphql`, "graphql-transport-ws"));
  mine.addEventListener("open", async () => {
    const token = await accessToken().catch(() => null);
    if (mine === socket) send({ type: "connection_init", payload: token ? { Authorization: `Bearer ${token}` } : {} });
  });
  mine.addEventListener("message", (event) => mine === socket && receive(JSON.parse(event.data)));
  mine.addEventListener("close", (event) => mine === socket && lost(event.code));
  watch();
}

function receive(message) {
  watch();
  if (message.type === "connection_ack") {
    ready = true;
    for (const id of subscriptions.keys()) start(id);
    connection.dispatchEvent(new Event("open"));
  } else if (message.type === "ping") {
    send({ type: "pong" });
  } else if (message.type === "pong") {
    failures = 0;
  } else if (message.type === "next") {
    failures = 0;
    if (message.payload.data) subscriptions.get(message.id)?.next(message.payload.data);
  } else if (message.type === "error" || message.type === "complete") {
    again(message.id);
  }
}

async function start(id) {
  const { name, variables } = subscriptions.get(id);
  const mine = socket;
  const documentId = await idOf(name);
  if (mine === socket && ready && subscriptions.has(id)) {
    send({ id, type: "subscribe", payload: { documentId, variables: variables() } });
  }
}

/** What the server ended is begun again after a pause, beside the others. */
function again(id) {
  const ended = subscriptions.get(id);
  if (!ended) return;
  const mine = socket;
  setTimeout(() => mine === socket && subscriptions.has(id) && start(id), pause(ended.endings++));
}

const pause = (times) => Math.min(LONGEST_MS, FIRST_MS * 2 ** times) * (0.5 + Math.random() / 2);

function lost(code) {
  const wasReady = ready;
  drop();
  connection.dispatchEvent(new Event("lost"));
  // A token that has just run out is no failure of the network: the next one is asked for at once.
  const expired = code === TOKEN_REFUSED && wasReady;
  clearTimeout(waiting);
  waiting = setTimeout(connect, expired ? 0 : pause(failures++));
}

function drop() {
  clearTimeout(watching);
  const old = socket;
  socket = null;
  ready = false;
  old?.close(1000);
}

/** A connection that has died in silence is found by asking. */
function watch() {
  clearTimeout(watching);
  watching = setTimeout(() => {
    if (ready) send({ type: "ping" });
    watching = setTimeout(() => lost(0), PONG_MS);
  }, SILENCE_MS);
}

function send(message) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

addEventListener("online", reconnect);
addEventListener("offline", () => socket && lost(0));
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && waiting) reconnect();
});
