// Where things are: the part of the address behind `#`, which no server ever sees.

export const href = {
  home: "#/",
  signIn: "#/sign-in",
  signUp: "#/sign-up",
  notifications: "#/notifications",
  bookmarks: "#/bookmarks",
  settings: "#/settings",
  explore: "#/search",
  search: (query) => `#/search?${new URLSearchParams({ q: query, order: query.startsWith("#") ? "LATEST" : "RELEVANCE" })}`,
  tweet: (id) => `#/tweet/${encodeURIComponent(id)}`,
  profile: (handle, tab = "") => `#/@${encodeURIComponent(handle)}${tab && `/${tab}`}`,
};

/** The place that an address names: { parts, query }. */
export function placeOf(hash) {
  const [path, query] = hash.replace(/^#\/?/, "").split("?");
  return { parts: path.split("/").filter(Boolean).map(decoded), query: new URLSearchParams(query ?? "") };
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
