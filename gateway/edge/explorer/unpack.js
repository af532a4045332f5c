// Leaves the page's files in dist/, compressed. GraphiQL's bundle is a module of strings, made to be inlined; as files they
// need no inline script.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import * as bundle from "@graphql-yoga/render-graphiql/graphiql";

const folder = new URL("dist/", import.meta.url);
const own = (name) => readFileSync(new URL(name, import.meta.url), "utf8");
const files = {
  "graphiql.js": bundle.js,
  "graphiql.css": bundle.css,
  "editor.worker.js": bundle.editorWorkerService,
  "json.worker.js": bundle.jsonWorker,
  "graphql.worker.js": bundle.graphqlWorker,
  "page.js": own("page.js"),
  "page.css": own("page.css"),
};

mkdirSync(folder, { recursive: true });
for (const [name, text] of Object.entries(files)) {
  if (typeof text !== "string" || text.length === 0) throw new Error(`the bundle has no ${name}`);
  writeFileSync(new URL(`${name}.gz`, folder), gzipSync(text, { level: 9 }));
}
