// Queries and mutations over HTTP, by the ids of trusted documents.

import { idOf } from "./operations.js";
import { accessToken, forget, keep, refreshWith } from "./session.js";

const SECONDS = 15;

/** `code` is the API's, or OFFLINE where no answer came. The message is for people. */
export class ApiError extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/**
 * Run a document and answer its data. Parts that could not be had are null in it, as the API has them.
 * Throws ApiError where there is no data at all.
 */
export async function run(name, variables = {}) {
  let token = await accessToken();
  let answer = await post(name, variables, token);
  if (answer.status === 401 && token) {
    token = await accessToken(token);
    answer = await post(name, variables, token);
  }
  return dataOf(answer);
}

/** A mutation's payload: the one field of its data. */
export async function mutate(name, variables) {
  const data = await run(name, variables);
  return Object.values(data)[0];
}

/** Sign in, sign up or change the password by a mutation that answers a session. Returns its userErrors. */
export async function enter(name, variables, signedIn = false) {
  const answer = await post(name, variables, signedIn ? await accessToken() : null);
  const payload = Object.values(dataOf(answer))[0];
  if (!payload.userErrors.length) await keep(payload, answer.serverTime);
  return payload.userErrors;
}

export async function leave() {
  const refreshToken = await forget();
  if (refreshToken) await post("SignOut", { refreshToken }, null).catch(() => {});
}

refreshWith(async (refreshToken) => {
  const answer = await post("RefreshSession", { refreshToken }, null);
  return { payload: dataOf(answer).refreshSession, serverTime: answer.serverTime };
});

async function post(name, variables, token) {
  const headers = { accept: "application/graphql-response+json", "content-type": "application/json" };
  if (token) headers.authorization = `Bearer ${token}`;
  const body = JSON.stringify({ documentId: await idOf(name), variables });
  try {
    const response = await fetch("/graphql", { method: "POST", headers, body, signal: AbortSignal.timeout(SECONDS * 1000) });
    const serverTime = Date.parse(response.headers.get("date")) || Date.now();
    return { status: response.status, serverTime, result: await response.json() };
  } catch {
    throw new ApiError("OFFLINE", "Murmur can't be reached at the moment.");
  }
}

function dataOf({ result }) {
  if (result.data) return result.data;
  const error = result.errors?.[0];
  throw new ApiError(error?.extensions?.code ?? "INTERNAL", error?.message ?? "Something went wrong.");
}
