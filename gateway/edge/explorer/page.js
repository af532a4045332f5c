// Starts GraphiQL on this page. What differs between gateways stands in the element #settings.
"use strict";

const settings = JSON.parse(document.getElementById("settings").textContent);
const workers = { json: "json", graphql: "graphql" };

self.MonacoEnvironment = {
  globalAPI: false,
  getWorkerUrl: (_module, label) => `${settings.assets}/${workers[label] ?? "editor"}.worker.js`,
};

async function fetcher(request, options) {
  const headers = { ...options?.headers };
  // The header editor begins with a place for a token; while it is empty the request is an anonymous one.
  if (/^Bearer\s*$/.test(headers.Authorization)) delete headers.Authorization;
  const response = await fetch("/graphql", {
    method: "POST",
    credentials: "omit",
    headers: {
      accept: "application/graphql-response+json, application/json;q=0.9",
      "content-type": "application/json",
      ...headers,
    },
    body: JSON.stringify(request),
  });
  return response.json();
}

YogaGraphiQL.renderYogaGraphiQL(document.getElementById("explorer"), {
  fetcher,
  title: settings.title,
  logo: "<span></span>",
  query: new URL(location.href).searchParams.get("query") ?? settings.query,
  headers: '{\n  "Authorization": "Bearer "\n}',
  defaultEditorToolsVisibility: "headers",
  // Tokens are for this visit alone.
  shouldPersistHeaders: false,
});
