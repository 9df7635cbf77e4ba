/**
 * The candidate's line to the server: Socket.IO, and plain HTTP for as long as a socket cannot be had.
 *
 * Leaves the machine: JPEG frames with number and time, what `report()` is given, and which banner was seen when.
 */

import { io, type Socket } from "socket.io-client";
import { Emitter } from "./emitter";
import { errorIn, isFinal, refusalIn } from "./errors";
import { type CapturedFrame, type FrameCounters, FrameSlot, Sequence } from "./frames";
import { postFrame } from "./http";
import { LastingActivities, Outbox } from "./outbox";
import { DEFAULT_PACE } from "./pace";
import type {
  ActivityMessage, Ended, ErrorDetail, FrameAck, FrameMessage, Message, Pace, Warning, WarningCleared,
} from "./protocol";
import { OpenWarnings } from "./warnings";

/**
 * `connecting`: not yet, or for a moment not. `connected`: over the socket. `http`: the slower way works.
 * `offline`: nothing gets through; it goes on trying. `closed`: over, for good.
 */
export type LinkState = "connecting" | "connected" | "http" | "offline" | "closed";

export interface ConnectionEvents {
  state: LinkState;
  pace: Required<Pace>;
  warning: Warning;
  warning_cleared: WarningCleared;
  message: Message;
  /** The exam is over for this candidate. */
  ended: Ended;
  /** The server refused for good; trying again with this token cannot help. */
  fatal: ErrorDetail;
}

interface ServerEvents {
  warning(warning: Warning): void;
  warning_cleared(cleared: WarningCleared): void;
  pace(pace: Pace): void;
  message(message: Message): void;
  ended(ended: Ended): void;
}

interface ClientEvents {
  frame(frame: FrameMessage, ack: (answer: unknown) => void): void;
}

/** Milliseconds. */
export interface Timing {
  answerWithin: number;
  /** Without a socket for so long, frames go over HTTP. */
  fallbackAfter: number;
  /** Between two frames over HTTP. */
  httpInterval: number;
  /** After a reconnect, by when the server has told again which warnings are open. */
  sweepAfter: number;
  /** Before asking again after the server itself ended the connection; doubles up to ten times this. */
  retryAfter: number;
}

const TIMING: Timing = { answerWithin: 5000, fallbackAfter: 5000, httpInterval: 1000, sweepAfter: 1500, retryAfter: 1000 };

export interface ConnectionOptions {
  url: string;
  token: string;
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
  readonly #timers = new Map<"fallback" | "sweep" | "retry", ReturnType<typeof setTimeout>>();
  #state: LinkState = "connecting";
  #wasConnected = false;
  #overHttp = false;
  #posting = false;
  #postedAt = 0;
  #retries = 0;

  constructor(options: ConnectionOptions) {
    super();
    this.#options = options;
    this.#timing = { ...TIMING, ...options.timing };
    this.#sequence = options.sequence ?? new Sequence();
    this.#socket = io(new URL("/candidate", options.url).href, {
      auth: { token: options.token },
      transports: ["websocket", "polling"],
      tryAllTransports: true,
      forceNew: true,
      autoConnect: false,
      reconnectionDelay: 500,
      reconnectionDelayMax: 5000,
      timeout: 10_000,
    });
    this.#outbox = new Outbox(this.#socket as unknown as Socket, this.#timing.answerWithin);
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

  report(activity: ActivityMessage): void {
    if (this.#state === "closed") return;
    this.#lasting.note(activity);
    this.#outbox.push("activity", activity);
  }

  /** The banner of this incident is on the screen. */
  shown(incidentId: string, at: Date): void {
    if (this.#state !== "closed") this.#outbox.push("shown", { incident_id: incidentId, at: at.toISOString() });
  }

  /** Wait until the server has every report, but not for ever. */
  async settled(within = 3000): Promise<void> {
    await this.#outbox.settled(within);
  }

  close(): void {
    if (this.#state === "closed") return;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#outbox.close();
    this.#setState("closed");
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
    socket.on("message", (message) => this.emit("message", message));
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
    for (const activity of this.#lasting.active()) this.#outbox.push("activity", activity);
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
    const answer = await postFrame({ ...this.#options, frame, seq: this.#sequence.next(), within: this.#timing.answerWithin });
    this.#posting = false;
    if (answer === undefined) this.#slot.settle("dropped");
    else this.#answered(answer);
    // The socket may have come back meanwhile, and its state is the better one.
    if (this.#overHttp && this.#state !== "closed") this.#setState(answer === undefined ? "offline" : "http");
  }

  #answered(answer: unknown): void {
    const error = errorIn(answer);
    this.#slot.settle(error ? "refused" : "acknowledged");
    if (this.#state === "closed") return;
    if (error) {
      if (isFinal(error)) this.#fail(error);
      return;
    }
    const { pace, warnings } = answer as FrameAck;
    if (pace) this.#setPace(pace);
    if (warnings && this.#overHttp) this.#warnings.replace(warnings);
  }

  #setPace(pace: Pace): void {
    this.emit("pace", { ...DEFAULT_PACE, ...pace });
  }

  #end(ended: Ended): void {
    this.close();
    this.emit("ended", ended);
  }

  #fail(error: ErrorDetail): void {
    if (error.code === "ended") {
      this.#end({ reason: error.text });
      return;
    }
    this.close();
    this.emit("fatal", error);
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
