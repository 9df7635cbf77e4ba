/**
 * The candidate's line to the server: Socket.IO, and plain HTTP for as long as a socket cannot be had.
 *
 * Leaves the machine: JPEG frames with number and time, what `report()` is given, which banner was seen when, and a random id
 * of this tab.
 */

import { io, type Socket } from "socket.io-client";
import { Emitter } from "./emitter";
import { errorIn, isFinal, refusalIn } from "./errors";
import { type CapturedFrame, type FrameCounters, FrameSlot, Sequence } from "./frames";
import { postActivity, postFrame } from "./http";
import { type ClientEvents, type ConnectionEvents, type LinkState, type ServerEvents, TIMING, type Timing } from "./link";
import { LastingActivities, Outbox, type Reports, type Way } from "./outbox";
import { DEFAULT_PACE } from "./pace";
import type { ActivityMessage, Ended, ErrorDetail, FrameAck, FrameMessage, Message, Pace } from "./protocol";
import { SOCKET_OPTIONS } from "./socket";
import { pageId } from "./storage";
import { OpenWarnings } from "./warnings";

export interface ConnectionOptions {
  url: string;
  token: string;
  /** A name of this page that survives its reload; one of this tab unless told otherwise. */
  page?: string;
  sequence?: Sequence;
  timing?: Partial<Timing>;
}

export class Connection extends Emitter<ConnectionEvents> {
  readonly #socket: Socket<ServerEvents, ClientEvents>;
  readonly #options: ConnectionOptions;
  readonly #timing: Timing;
  readonly #sequence: Sequence;
  readonly #slot = new FrameSlot();
  readonly #outbox: Outbox;
  readonly #warnings = new OpenWarnings(
    (warning) => this.emit("warning", warning),
    (cleared) => this.emit("warning_cleared", cleared),
  );
  readonly #lasting = new LastingActivities();
  readonly #messages = new Set<string>();
  readonly #timers = new Map<"fallback" | "sweep" | "retry", ReturnType<typeof setTimeout>>();
  #state: LinkState = "connecting";
  #wasConnected = false;
  #overHttp = false;
  #posting = false;
  #postedAt = 0;
  #retries = 0;
  #finishing = false;

  constructor(options: ConnectionOptions) {
    super();
    this.#options = options;
    this.#timing = { ...TIMING, ...options.timing };
    this.#sequence = options.sequence ?? new Sequence();
    this.#socket = io(new URL("/candidate", options.url).href, {
      ...SOCKET_OPTIONS,
      auth: { token: options.token, page: options.page ?? pageId() },
    });
    this.#outbox = new Outbox((event) => this.#wayOf(event));
    this.#listen();
    this.#armFallback();
    this.#socket.connect();
  }

  get state(): LinkState {
    return this.#state;
  }

  get counters(): FrameCounters {
    return { ...this.#slot.counters };
  }

  sendFrame(frame: CapturedFrame): void {
    if (this.#state === "closed") return;
    this.#slot.offer(frame);
    this.#pump();
  }

  /** Whether the server has taken it; settles when it has answered, or when this is closed. */
  async report(activity: ActivityMessage): Promise<boolean> {
    if (this.#state === "closed") return false;
    this.#lasting.note(activity);
    const finishing = activity.kind === "finished";
    this.#finishing ||= finishing;
    const refusal = await this.#outbox.push("activity", activity);
    // The answer to an earlier try may have been lost: who has finished is refused so.
    if (!refusal || (finishing && refusal.code === "ended")) return true;
    if (isFinal(refusal)) this.#fail(refusal);
    return false;
  }

  /** The banner of this incident is on the screen. */
  shown(incidentId: string, at: Date): void {
    if (this.#state !== "closed") void this.#outbox.push("shown", { incident_id: incidentId, at: at.toISOString() });
  }

  /** What was not answered yet counts as refused. */
  close(refusal?: ErrorDetail): void {
    if (this.#state === "closed") return;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#setState("closed");
    this.#outbox.close(refusal);
    this.#socket.removeAllListeners();
    this.#socket.disconnect();
  }

  #listen(): void {
    const socket = this.#socket;
    socket.on("connect", () => this.#connected());
    socket.on("disconnect", () => this.#disconnected());
    socket.on("connect_error", (error) => this.#notConnected(error));
    socket.on("warning", (warning) => this.#warnings.add(warning));
    socket.on("warning_cleared", (cleared) => this.#warnings.clear(cleared));
    socket.on("pace", (pace) => this.#setPace(pace));
    socket.on("message", (message) => this.#hear(message));
    socket.on("ended", (ended) => this.#end(ended));
  }

  #connected(): void {
    this.#disarm("fallback");
    this.#overHttp = false;
    this.#retries = 0;
    this.#setState("connected");
    this.#warnings.doubt();
    this.#arm("sweep", this.#timing.sweepAfter, () => this.#warnings.sweep());
    if (this.#wasConnected) this.#reportAgain();
    this.#wasConnected = true;
    void this.#outbox.drain();
    this.#pump();
  }

  /** With a connection the server forgets what lasted, for the page may have gone too. */
  #reportAgain(): void {
    for (const activity of this.#lasting.active()) void this.report(activity);
  }

  #disconnected(): void {
    this.#disarm("sweep");
    this.#setState("connecting");
    this.#armFallback();
    this.#retryUnlessActive();
  }

  #notConnected(error: Error): void {
    const refusal = refusalIn(error);
    if (refusal && isFinal(refusal)) this.#fail(refusal);
    else this.#retryUnlessActive();
  }

  /** socket.io-client gives up when the server refused or ended the connection; we do not. */
  #retryUnlessActive(): void {
    if (this.#socket.active) return;
    this.#retries += 1;
    const wait = this.#timing.retryAfter * Math.min(10, 2 ** (this.#retries - 1)) * (0.75 + Math.random() / 2);
    this.#arm("retry", wait, () => this.#socket.connect());
  }

  #armFallback(): void {
    if (this.#overHttp) return;
    this.#arm("fallback", this.#timing.fallbackAfter, () => {
      this.#overHttp = true;
      this.#setState("offline");
      void this.#outbox.drain();
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#socket.connected) {
      for (let frame = this.#slot.take(); frame; frame = this.#slot.take()) this.#emitFrame(frame);
    } else if (this.#overHttp && !this.#posting && Date.now() - this.#postedAt >= this.#timing.httpInterval) {
      const frame = this.#slot.take();
      if (frame) void this.#postFrame(frame);
    }
  }

  #emitFrame({ jpeg, capturedAt }: CapturedFrame): void {
    const message: FrameMessage = { seq: this.#sequence.next(), captured_at: capturedAt, jpeg };
    this.#socket.timeout(this.#timing.answerWithin).emit("frame", message, (silence: Error | null, answer: unknown) => {
      if (silence) this.#slot.settle("dropped");
      else this.#answered(answer);
      this.#pump();
    });
  }

  async #postFrame(frame: CapturedFrame): Promise<void> {
    this.#posting = true;
    this.#postedAt = Date.now();
    const answer = await postFrame(this.#line, frame, this.#sequence.next());
    this.#posting = false;
    if (answer === undefined) this.#slot.settle("dropped");
    else this.#answered(answer);
    this.#heardOverHttp(answer);
  }

  get #line(): { url: string; token: string; within: number } {
    return { ...this.#options, within: this.#timing.answerWithin };
  }

  /** How such a report can go now, if it can. */
  #wayOf(event: keyof Reports): Way | undefined {
    const socket = this.#socket.timeout(this.#timing.answerWithin);
    if (this.#socket.connected) return (payload) => socket.emitWithAck(event, payload).catch(() => undefined);
    if (!this.#overHttp || event !== "activity") return undefined;
    return async (payload) => {
      const answer = await postActivity(this.#line, payload);
      this.#heardOverHttp(answer);
      return answer;
    };
  }

  /** The socket may have come back meanwhile, and its state is the better one. */
  #heardOverHttp(answer: unknown): void {
    if (this.#overHttp) this.#setState(answer === undefined ? "offline" : "http");
  }

  #answered(answer: unknown): void {
    const error = errorIn(answer);
    this.#slot.settle(error ? "refused" : "acknowledged");
    if (this.#state === "closed") return;
    if (error) {
      this.#sequence.goAbove(error.last_seq ?? 0);
      if (isFinal(error)) this.#fail(error);
      return;
    }
    const { pace, warnings, messages } = answer as FrameAck;
    if (pace) this.#setPace(pace);
    if (warnings && this.#overHttp) this.#warnings.replace(warnings);
    for (const message of messages ?? []) this.#hear(message);
  }

  #hear(message: Message): void {
    if (this.#messages.has(message.id)) return;
    this.#messages.add(message.id);
    this.emit("message", message);
  }

  #setPace(pace: Pace): void {
    this.emit("pace", { ...DEFAULT_PACE, ...pace });
  }

  #end(ended: Ended): void {
    this.close();
    this.emit("ended", ended);
  }

  #fail(error: ErrorDetail): void {
    if (this.#state === "closed") return;
    this.close(error);
    if (error.code !== "ended") this.emit("fatal", error);
    else if (!this.#finishing) this.emit("ended", { reason: error.text });
  }

  #setState(state: LinkState): void {
    if (state === this.#state || this.#state === "closed") return;
    this.#state = state;
    this.emit("state", state);
  }

  #arm(name: "fallback" | "sweep" | "retry", wait: number, then: () => void): void {
    this.#disarm(name);
    this.#timers.set(name, setTimeout(then, wait));
  }

  #disarm(name: "fallback" | "sweep" | "retry"): void {
    clearTimeout(this.#timers.get(name));
  }
}
