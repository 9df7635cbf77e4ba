/**
 * Warnings as notices of the meeting's own interface, beside the banner.
 *
 * That interface drops what comes while the page is hidden or five notices are up, says neither, and has no way to take one
 * back. So a notice goes away by itself and is sent again when the candidate comes back to the page, for as long as the
 * warning is open; and never more than a few at once, to leave room for the meeting's own. What counts is the banner.
 */

import { all, listen, type Undo } from "./emitter";
import type { Warning } from "./protocol";

export interface Notice {
  id: string;
  message: string;
  /** Milliseconds. */
  duration: number;
  iconVariant: "danger";
}

/** `sendNotification` of either UI kit fits. */
export type SendNotice = (notice: Notice) => unknown;

const NOTICE_MS = 10_000;
const AT_ONCE = 3;

const KITS = [
  { element: "rtk-notifications", event: "rtkNotification" },
  { element: "dyte-notifications", event: "dyteNotification" },
];

/** What `sendNotification` of the kits does, for those that this page has loaded. */
export function sendByKit(notice: Notice): void {
  for (const { element, event } of KITS) {
    if (customElements.get(element)) document.dispatchEvent(new CustomEvent(event, { detail: notice, composed: true }));
  }
}

export class Notices {
  readonly #send: SendNotice;
  readonly #open = new Map<string, { warning: Warning; until: number }>();
  readonly #undo: Undo;
  #count = 0;

  constructor(send: SendNotice) {
    this.#send = send;
    this.#undo = all(listen(document, "visibilitychange", () => this.#again()));
  }

  show(warning: Warning): void {
    this.#open.set(warning.incident_id, { warning, until: 0 });
    this.#again();
  }

  clear(incidentId: string): void {
    this.#open.delete(incidentId);
  }

  close(): void {
    this.#undo();
    this.#open.clear();
  }

  /** Send the newest of those that are not up. */
  #again(): void {
    if (document.visibilityState !== "visible") return;
    const now = Date.now();
    for (const notice of [...this.#open.values()].slice(-AT_ONCE)) {
      if (notice.until > now) continue;
      notice.until = now + NOTICE_MS;
      this.#count += 1;
      const { incident_id, text } = notice.warning;
      this.#send({ id: `invigil-${incident_id}-${this.#count}`, message: text, duration: NOTICE_MS, iconVariant: "danger" });
    }
  }
}
