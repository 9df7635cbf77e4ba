/** The link that all candidates of a meeting share: `/join/<meeting>?code=<code>`. */

export interface Joining {
  meetingId: string;
  code: string;
}

const JOIN = /^\/join\/([\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12})\/?$/i;

/** What such a link says; undefined when no meeting can have a link like this. */
export function joiningBy(path: string, search: string): Joining | undefined {
  const meetingId = JOIN.exec(path)?.[1];
  const code = new URLSearchParams(search).get("code");
  return meetingId && code ? { meetingId, code } : undefined;
}
