// Clients of `graphql-ws` and `graphql-sse` as one process. A line of JSON in asks, a line of JSON out tells:
//
//   open       {client, kind, url, token}        kind: "ws", "sse" (an operation a connection) or "sse-single" (one for all)
//   token      {client, token}                   what the next connection of a client says
//   subscribe  {client, id, query, variables, resume}
//   stop       {id}                              the client completes the operation
//   go         {client}                          lets a client that lost its connection connect again
//
// Told: {client, event: "connected"}, {client, event: "closed", code, reason}, {client, event: "retrying"},
// {id, next}, {id, error}, {id, complete}. With `resume` an operation that is sent again asks for what came after the last
// id that it got, under the field of that name.

import { createInterface } from "node:readline";

import { createClient as overSse } from "graphql-sse";
import { createClient as overWebSocket } from "graphql-ws";
import WebSocket from "ws";

const clients = new Map();
const stops = new Map();

const tell = (line) => process.stdout.write(JSON.stringify(line) + "\n");

function waitingFor(client) {
  tell({ client, event: "retrying" });
  return new Promise((resolve) => {
    clients.get(client).go = resolve;
  });
}

const kinds = {
  ws: (name, url, state) =>
    overWebSocket({
      url: url.replace("http", "ws"),
      webSocketImpl: WebSocket,
      connectionParams: () => (state.token ? { Authorization: `Bearer ${state.token}` } : {}),
      retryAttempts: 100,
      retryWait: () => waitingFor(name),
      shouldRetry: () => true,
      on: {
        connected: () => tell({ client: name, event: "connected" }),
        closed: ({ code, reason }) => tell({ client: name, event: "closed", code, reason }),
      },
    }),
  sse: (name, url, state, singleConnection = false) =>
    overSse({
      url: singleConnection ? `${url}/stream` : url,
      singleConnection,
      headers: () => (state.token ? { Authorization: `Bearer ${state.token}` } : {}),
      retryAttempts: 100,
      retry: () => waitingFor(name),
      on: { connected: () => tell({ client: name, event: "connected" }) },
    }),
  "sse-single": (name, url, state) => kinds.sse(name, url, state, true),
};

const actions = {
  open({ client, kind, url, token }) {
    const state = { token };
    clients.set(client, state);
    state.client = kinds[kind](client, url, state);
  },

  token({ client, token }) {
    clients.get(client).token = token;
  },

  subscribe({ client, id, query, variables, resume }) {
    const request = { query, variables: { ...variables } };
    const stop = clients.get(client).client.subscribe(request, {
      next(result) {
        if (resume && result.data) request.variables.after = result.data[resume].id;
        tell({ id, next: result });
      },
      error: (error) => tell({ id, error: String(error?.reason || error?.message || JSON.stringify(error)), code: error?.code }),
      complete: () => tell({ id, complete: true }),
    });
    stops.set(id, stop);
  },

  stop({ id }) {
    stops.get(id)();
  },

  go({ client }) {
    clients.get(client).go();
  },
};

for await (const text of createInterface({ input: process.stdin })) {
  const line = JSON.parse(text);
  actions[line.do](line);
}
process.exit(0);
