// The ids of the documents that this client may run. The server runs no other text for it.

const manifest = fetch(new URL("operations.json", import.meta.url)).then((response) => response.json());

/** The id of a document by its name. */
export async function idOf(name) {
  const id = (await manifest)[name];
  if (!id) throw new Error(`there is no document ${name}`);
  return id;
}
