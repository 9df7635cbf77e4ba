/** The proctor's line to the server. The only file of the console that touches the socket. */

import { io, type Socket } from "socket.io-client";
import type {
  CandidateEvent, ErrorDetail, IncidentEvent, IncidentPage, Room, ShownParticipant, Snapshot, Thumbnail, Verdict,
} from "../../sdk";
import { Emitter, type Undo } from "../../sdk/emitter";
import { errorIn, isFinal, refusalIn } from "../../sdk/errors";
import { SOCKET_OPTIONS } from "../../sdk/socket";
import type { Overrides } from "../shared/accommodations";
import { ApiError, call } from "../shared/api";
import { claimsOf } from "../shared/session";
import { apply, type Change, type ConsoleState, NOTHING } from "./state";
import { Thumbnails } from "./thumbnails";

export type LineState = "connecting" | "connected" | "lost";

export interface LineEvents {
  opened: IncidentEvent["incident"];
  /** The server will not have this token; there is nothing to retry. */
  refused: ErrorDetail;
}

const ANSWER_WITHIN_MS = 8000;
const SILENCE = { ok: false, error: { code: "unreachable", text: "The server did not answer. Try again." } };
const RETRY_MS = 2000;
const THUMBNAIL_FPS = 1;
/** Candidates change often and all at once; incidents are shown the moment they come. */
const CANDIDATES_EVERY_MS = 250;
const PAGE = 100;

export class Line extends Emitter<LineEvents> {
  readonly thumbnails = new Thumbnails();
  /** The page with the meeting's recordings; the token is behind the #, where no log has it. */
  readonly recordings: string;
  readonly #socket: Socket;
  readonly #token: string;
  readonly #subscribers = new Set<() => void>();
  #state: ConsoleState = NOTHING;
  #lineState: LineState = "connecting";
  #watched: string[] = [];
  #notifying: ReturnType<typeof setTimeout> | undefined;
  #retrying: ReturnType<typeof setTimeout> | undefined;
  #after: string | null | undefined;

  constructor(token: string) {
    super();
    this.#token = token;
    this.recordings = `/review#token=${encodeURIComponent(token)}`;
    this.#socket = io("/proctor", {
      ...SOCKET_OPTIONS,
      auth: { token },
    });
    this.#listen();
  }

  open(): Undo {
    this.#socket.connect();
    return () => {
      clearTimeout(this.#retrying);
      this.#socket.disconnect();
      this.thumbnails.clear();
    };
  }

  /** For `useSyncExternalStore`. */
  readonly subscribe = (subscriber: () => void): Undo => {
    this.#subscribers.add(subscriber);
    return () => this.#subscribers.delete(subscriber);
  };
  readonly getState = (): ConsoleState => this.#state;
  readonly getLineState = (): LineState => this.#lineState;

  /** Send thumbnails of these candidates from now on, and of no others. */
  watch(candidateIds: string[]): void {
    this.#watched = candidateIds;
    if (this.#socket.connected) this.#socket.emit("watch", { candidate_ids: candidateIds, fps: THUMBNAIL_FPS });
  }

  review(incidentId: string, verdict: Verdict, note: string): Promise<void> {
    return this.#ask("review", { incident_id: incidentId, verdict, note: note.trim() || null });
  }

  warn(candidateId: string, text: string): Promise<void> {
    return this.#ask("warn", { candidate_id: candidateId, text });
  }

  end(candidateId: string, reason: string): Promise<void> {
    return this.#ask("end", { candidate_id: candidateId, reason });
  }

  /** What is all right for a candidate, in place of what was agreed before. */
  async accommodate(candidateId: string, accommodations: Overrides): Promise<void> {
    const path = `/api/meetings/${claimsOf(this.#token)?.meeting_id}/participants/${candidateId}/accommodations`;
    await call<ShownParticipant>(path, { token: this.#token, body: { accommodations }, method: "PUT" });
  }

  /** Older incidents than those on screen, if there are any. */
  async loadOlder(): Promise<void> {
    const before = this.#state.incidents.length;
    // Those that were dropped since the last page was read come first again.
    if (this.#after === null) this.#after = undefined;
    while (this.#after !== null && this.#state.incidents.length === before) {
      const query = new URLSearchParams({ limit: String(PAGE), ...(this.#after ? { after: this.#after } : {}) });
      const path = `/api/meetings/${claimsOf(this.#token)?.meeting_id}/incidents?${query}`;
      const page = await call<IncidentPage>(path, { token: this.#token });
      this.#after = page.after;
      this.#apply({ type: "older", page });
    }
  }

  #listen(): void {
    const socket = this.#socket;
    socket.on("snapshot", (snapshot: Snapshot) => {
      this.#after = undefined;
      this.#lineState = "connected";
      this.#apply({ type: "snapshot", snapshot });
      this.watch(this.#watched);
    });
    socket.on("incident", (event: IncidentEvent) => {
      this.#apply({ type: "incident", event });
      if (event.type === "opened") this.emit("opened", event.incident);
    });
    socket.on("candidate", (event: CandidateEvent) => this.#apply({ type: "candidate", event }, CANDIDATES_EVERY_MS));
    socket.on("room", (room: Room) => this.#apply({ type: "room", room }));
    socket.on("thumbnail", (thumbnail: Thumbnail) => this.thumbnails.show(thumbnail));
    socket.on("ended", () => this.#apply({ type: "ended" }));
    socket.on("disconnect", () => this.#lost());
    socket.on("connect_error", (error) => {
      const refusal = refusalIn(error);
      if (refusal && isFinal(refusal)) this.emit("refused", refusal);
      else this.#lost();
    });
  }

  #lost(): void {
    this.#lineState = "lost";
    this.#notify();
    // socket.io-client gives up when the server itself refused or ended the connection.
    clearTimeout(this.#retrying);
    if (!this.#socket.active) this.#retrying = setTimeout(() => this.#socket.connect(), RETRY_MS);
  }

  async #ask(event: string, payload: object): Promise<void> {
    if (!this.#socket.connected) throw new ApiError("unreachable", "There is no connection to the server. Try again when it is back.");
    const answer: unknown = await this.#socket.timeout(ANSWER_WITHIN_MS).emitWithAck(event, payload).catch(() => SILENCE);
    const error = errorIn(answer);
    if (error) throw new ApiError(error.code, error.text);
  }

  /** `within` allows several changes to be drawn as one. */
  #apply(change: Change, within = 0): void {
    this.#state = apply(this.#state, change);
    if (within === 0) this.#notify();
    else this.#notifying ??= setTimeout(() => this.#notify(), within);
  }

  #notify(): void {
    clearTimeout(this.#notifying);
    this.#notifying = undefined;
    for (const subscriber of this.#subscribers) subscriber();
  }
}
