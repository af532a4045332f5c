// The npm peers as one long-lived process. A line of JSON in, a line of JSON out, in any order, matched by `id`:
//
//   compose  {peer, subgraphs: [{name, url, sdl}]}  -> {sdl} or {errors: [{code, message}]}
//   open     {gateway, sdl}                         -> {} : a gateway over a supergraph, under a name
//   execute  {gateway, query, variables}            -> {data, errors}
//   plan     {gateway, query}                       -> {plan} : what the gateway would do
//
// A gateway's subgraphs are the other end's: the line {fetch, subgraph, query, variables} is answered by {fetched, data, errors}.

import { createInterface } from "node:readline";

import composition from "@apollo/composition";
import internals from "@apollo/federation-internals";
import apollo from "@apollo/gateway";
import planning from "@apollo/query-planner";
import { composeServices, compositionHasErrors } from "@theguild/federation-composition";
import { GraphQLError, parse } from "graphql";

const gateways = new Map();
const fetches = new Map();
const quiet = { debug() {}, info() {}, warn() {}, error() {} };
let fetchCount = 0;

const send = (line) => process.stdout.write(JSON.stringify(line) + "\n");

const composers = {
  apollo: (subgraphs) => composition.composeServices(subgraphs),
  guild: (subgraphs) => {
    const result = composeServices(subgraphs);
    return compositionHasErrors(result) ? { errors: result.errors } : result;
  },
};

class OtherEnd {
  constructor(gateway, name) {
    this.gateway = gateway;
    this.name = name;
  }

  process({ request }) {
    const fetch = ++fetchCount;
    return new Promise((resolve) => {
      fetches.set(fetch, resolve);
      send({ fetch, gateway: this.gateway, subgraph: this.name, query: request.query, variables: request.variables ?? {} });
    });
  }
}

const actions = {
  compose({ peer, subgraphs }) {
    let result;
    try {
      result = composers[peer](subgraphs.map(({ name, url, sdl }) => ({ name, url, typeDefs: parse(sdl) })));
    } catch (error) {
      // A syntax error, or one that the composer throws instead of returning it.
      return { errors: [{ code: error.extensions?.code ?? "THROWN", message: String(error.message) }] };
    }
    return result.errors
      ? { errors: result.errors.map((each) => ({ code: each.extensions?.code ?? "NONE", message: each.message })) }
      : { sdl: result.supergraphSdl };
  },

  async open({ gateway: name, sdl }) {
    const gateway = new apollo.ApolloGateway({
      supergraphSdl: sdl,
      buildService: (definition) => new OtherEnd(name, definition.name),
      logger: quiet,
    });
    const { schema, executor } = await gateway.load();
    gateways.set(name, { schema, executor, sdl });
    return {};
  },

  async execute({ gateway: name, query, variables }) {
    const { schema, executor } = gateways.get(name);
    const document = parse(query);
    const cache = { get: async () => undefined, set: async () => {}, delete: async () => {} };
    const result = await executor({
      schema,
      document,
      cache,
      context: {},
      metrics: {},
      logger: quiet,
      queryHash: query,
      source: query,
      operationName: null,
      request: { query, variables: variables ?? {} },
    });
    return { data: result.data ?? null, errors: result.errors ?? [] };
  },

  async plan({ gateway: name, query }) {
    const gateway = gateways.get(name);
    if (!gateway.planner) {
      const supergraph = internals.Supergraph.build(gateway.sdl);
      gateway.api = supergraph.apiSchema();
      gateway.planner = new planning.QueryPlanner(supergraph);
    }
    return { plan: gateway.planner.buildQueryPlan(internals.operationFromDocument(gateway.api, parse(query))) };
  },
};

for await (const text of createInterface({ input: process.stdin })) {
  const line = JSON.parse(text);
  if (line.fetched) {
    const resolve = fetches.get(line.fetched);
    fetches.delete(line.fetched);
    resolve({ data: line.data, errors: line.errors?.map(({ message, ...rest }) => new GraphQLError(message, rest)) });
    continue;
  }
  Promise.resolve(line)
    .then(actions[line.do])
    .then(
      (answer) => send({ id: line.id, ...answer }),
      (error) => send({ id: line.id, failed: String(error?.stack ?? error) }),
    );
}
