/** What this tab remembers across a reload of the page, and no longer than it is open. */

export type Memory = Pick<Storage, "getItem" | "setItem">;

/** Reading `sessionStorage` throws where the browser forbids storage. */
export function tabStorage(): Memory | undefined {
  try {
    return globalThis.sessionStorage;
  } catch {
    return undefined;
  }
}

const PAGE_KEY = "invigil.page";

/** A random name of this tab's page, by which the server tells a reload from another window. It says nothing of the candidate. */
export function pageId(storage: Memory | undefined = tabStorage()): string {
  const known = storage?.getItem(PAGE_KEY);
  if (known) return known;
  const fresh = randomId();
  storage?.setItem(PAGE_KEY, fresh);
  return fresh;
}

/** `randomUUID` exists only on pages that came over https or from this machine. */
function randomId(): string {
  if (globalThis.isSecureContext) return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
