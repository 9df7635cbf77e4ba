/**
 * The camera of a RealtimeKit or Dyte meeting.
 *
 * Pictures are taken by a video middleware, and from the camera's own track where that cannot be: the browser has no
 * middlewares (WebKit), the page's policy forbids their workers, a virtual background has switched the calls off
 * (`disablePerFrameCanvasRendering`), or somebody has removed them. None of this is told to us, `success: true` included: it
 * shows by calls that stop while the camera is on. The track then stays the way until the end, since it gives at least as
 * good pictures; the middleware is removed, so that the others do not look at a canvas on which nobody draws.
 */

import { all, Emitter, type Undo } from "./emitter";
import { proctoringMiddleware } from "./middleware";
import type { ChangingCamera, Pictures, Suspicion, VideoSource } from "./source";
import { suspicionOf } from "./virtual";

/** What is used of a meeting, of either make. */
export interface VideoMeeting {
  readonly self: MeetingSelf;
}

export interface MeetingSelf {
  /** The camera's own track, undefined while it is off. */
  readonly rawVideoTrack: MediaStreamTrack | undefined;
  addVideoMiddleware(middleware: () => Promise<(canvas: HTMLCanvasElement) => Promise<void>>): Promise<{ success: boolean }>;
  removeVideoMiddleware(middleware: () => Promise<(canvas: HTMLCanvasElement) => Promise<void>>): Promise<unknown>;
  on(event: "videoUpdate" | "deviceUpdate", listener: () => void): unknown;
  removeListener(event: "videoUpdate" | "deviceUpdate", listener: () => void): unknown;
}

export type Way = "middleware" | "track";

/** Without a call for so long, while the camera is on, the middleware counts as stalled. It is called every 50 ms. */
const STALLED_MS = 2000;
/** One tick stands for no more than this: a page that slept or was stuck has missed the calls as well. */
const TICK_MS = 500;
/** Both kinds of meeting tell of changes; this is for what they might not tell. */
const LOOK_MS = 1000;

export class MeetingCamera implements ChangingCamera {
  readonly #self: MeetingSelf;
  readonly #events = new Emitter<{ change: undefined }>();
  readonly #middleware = proctoringMiddleware();
  readonly #pictures: Pictures;
  readonly #undo: Undo;
  #added: Promise<unknown> = Promise.resolve();
  #way: Way;
  #track: MediaStreamTrack | undefined;
  #suspicion: Suspicion | undefined;
  #silence = 0;
  #tickedAt = 0;
  #closed = false;

  /** `way` is what to begin with. */
  constructor({ self }: VideoMeeting, way: Way = "middleware") {
    this.#self = self;
    this.#way = way;
    this.#pictures = { onPicture: (listener) => this.#middleware.onPicture(listener), tick: () => this.#tick() };
    const look = () => this.#look();
    const timer = setInterval(look, LOOK_MS);
    self.on("videoUpdate", look);
    self.on("deviceUpdate", look);
    this.#undo = all(
      () => clearInterval(timer),
      () => self.removeListener("videoUpdate", look),
      () => self.removeListener("deviceUpdate", look),
      this.#middleware.onPicture(() => {
        this.#silence = 0;
      }),
    );
    if (way === "middleware") this.#added = this.#add();
    look();
  }

  get source(): VideoSource | undefined {
    if (!this.#track) return undefined;
    return this.#way === "middleware" ? this.#pictures : this.#track;
  }

  get suspicion(): Suspicion | undefined {
    return this.#suspicion;
  }

  /** How pictures are taken. */
  get way(): Way {
    return this.#way;
  }

  onChange(listener: () => void): Undo {
    return this.#events.on("change", listener);
  }

  /** Leave the meeting as it was. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#undo();
    if (this.#way === "middleware") void this.#remove();
  }

  async #add(): Promise<void> {
    const answer = await this.#self.addVideoMiddleware(this.#middleware).catch(() => undefined);
    if (!answer?.success) this.#fallBack();
  }

  /** Not before it was added, or the meeting would keep it. */
  async #remove(): Promise<void> {
    await this.#added;
    await this.#self.removeVideoMiddleware(this.#middleware).catch(() => undefined);
  }

  #tick(): void {
    const now = performance.now();
    this.#silence += Math.min(now - this.#tickedAt, TICK_MS);
    this.#tickedAt = now;
    if (this.#silence >= STALLED_MS) this.#fallBack();
  }

  #fallBack(): void {
    if (this.#closed || this.#way === "track") return;
    this.#way = "track";
    void this.#remove();
    this.#events.emit("change", undefined);
  }

  #look(): void {
    const raw = this.#self.rawVideoTrack;
    const track = raw?.readyState === "live" ? raw : undefined;
    if (track === this.#track) return;
    this.#track = track;
    this.#silence = 0;
    this.#events.emit("change", undefined);
    if (track) void this.#judge(track);
  }

  async #judge(track: MediaStreamTrack): Promise<void> {
    const suspicion = await suspicionOf(track);
    if (this.#closed || track !== this.#track || suspicion === this.#suspicion) return;
    this.#suspicion = suspicion;
    this.#events.emit("change", undefined);
  }
}

/** Only the camera's own track, whichever it is at the time: what `meeting.self.rawVideoTrack` gives. */
export function proctorTrack(meeting: VideoMeeting): MeetingCamera {
  return new MeetingCamera(meeting, "track");
}
