// @apollo/gateway behind node's own HTTP server: node apollo.mjs SUPERGRAPH_FILE
//
// What Apollo Server does for a request besides (parsing and validation once a document, no caching of answers) is done here.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";

const peers = createRequire(new URL("../../tests/interop/package.json", import.meta.url));
const { ApolloGateway } = peers("@apollo/gateway");
const { parse, validate } = peers("graphql");

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const gateway = new ApolloGateway({ supergraphSdl: readFileSync(process.argv[2], "utf8"), logger: quiet });
const { schema, executor } = await gateway.load();
const documents = new Map();
const cache = { get: async () => undefined, set: async () => {}, delete: async () => {} };

function read(query) {
  let document = documents.get(query);
  if (!document) {
    document = parse(query);
    const errors = validate(schema, document);
    if (errors.length > 0) throw errors[0];
    documents.set(query, document);
  }
  return document;
}

async function answer(body) {
  const { query, variables = {} } = JSON.parse(body);
  const { data, errors } = await executor({
    schema,
    cache,
    document: read(query),
    context: {},
    metrics: {},
    logger: quiet,
    queryHash: query,
    source: query,
    operationName: null,
    request: { query, variables },
  });
  return JSON.stringify({ data, errors });
}

const server = createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", async () => {
    let status = 200;
    const body = await answer(Buffer.concat(chunks).toString()).catch((error) => {
      status = 500;
      return JSON.stringify({ errors: [{ message: String(error) }] });
    });
    response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(body) });
    response.end(body);
  });
});
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}/graphql`));
