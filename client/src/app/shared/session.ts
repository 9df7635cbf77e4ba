/**
 * Tokens come in the address after `#`, which no server log sees. They are moved to this tab's storage and taken out of the
 * address bar, so that they are neither bookmarked nor read over a shoulder; closing the tab forgets them.
 */

export interface Session<Value> {
  read(): Value | undefined;
  write(value: Value): void;
  clear(): void;
}

export function tabSession<Value>(name: string): Session<Value> {
  const key = `invigil.${name}`;
  return {
    read: () => {
      const text = sessionStorage.getItem(key);
      return text === null ? undefined : (JSON.parse(text) as Value);
    },
    write: (value) => sessionStorage.setItem(key, JSON.stringify(value)),
    clear: () => sessionStorage.removeItem(key),
  };
}

let taken: string | undefined;

/**
 * The token in the address, which is removed from there. Asked again, it is the one that was found before: React may begin a
 * page's first drawing, drop it and begin anew.
 */
export function takeTokenFromAddress(): string | undefined {
  const { hash, pathname, search } = window.location;
  const token = new URLSearchParams(hash.slice(1)).get("token");
  if (token) {
    taken = token;
    window.history.replaceState(null, "", pathname + search);
  }
  return taken;
}

/** What a participant's token says of its owner. Not a proof: only the server can check it. */
export function claimsOf(token: string): { meeting_id: string; participant_id: string } | undefined {
  const payload = token.split(".")[1];
  if (!payload) return undefined;
  try {
    const claims: unknown = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/")));
    return isClaims(claims) ? claims : undefined;
  } catch {
    return undefined;
  }
}

function isClaims(value: unknown): value is { meeting_id: string; participant_id: string } {
  return typeof value === "object" && value !== null && "meeting_id" in value && "participant_id" in value;
}
