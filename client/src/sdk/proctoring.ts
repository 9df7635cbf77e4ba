/** One exam in a page: puts camera, connection, banner and what the browser notices together. */

import { activityNow, lasting, watchActivity } from "./activity";
import { Banner } from "./banner";
import { startCapture } from "./capture";
import { Connection } from "./connection";
import { all, Emitter, noop, type Undo } from "./emitter";
import type { FrameCounters } from "./frames";
import type { ConnectionEvents, LinkState } from "./link";
import { DEFAULT_PACE } from "./pace";
import type { ActivityMessage } from "./protocol";
import { type ChangingCamera, isChanging, isTrack, type Suspicion, type VideoSource } from "./source";
import { isVirtualCamera } from "./virtual";

export interface ProctoringState {
  link: LinkState;
  /** `lost`: the source gives no pictures any more; hand over another one with `use()`, unless it is one that changes. */
  camera: "live" | "lost";
}

export interface ProctoringOptions {
  /** Where the server is. */
  url: string;
  token: string;
  source: VideoSource | ChangingCamera;
  /** Show the warning banner; true unless told otherwise. */
  banner?: boolean;
  /** The candidate has agreed, to this version of the text, at this time. Left out when it was told before. */
  consent?: { textVersion: string; at: Date };
  onState?(state: ProctoringState): void;
}

export interface ProctoringEvents extends Omit<ConnectionEvents, "state"> {
  state: ProctoringState;
  /** The server has the consent: it need not be told again. */
  consent_told: ActivityMessage;
}

export interface Proctoring {
  on<Name extends keyof ProctoringEvents>(name: Name, listener: (value: ProctoringEvents[Name]) => void): Undo;
  readonly state: ProctoringState;
  readonly stats: FrameCounters;
  /** Go on with another camera. */
  use(source: VideoSource | ChangingCamera): void;
  /**
   * The candidate is done: send no more pictures, tell the server until it has taken it, then stop. For as long as it takes.
   *
   * @throws {Error} when the exam was over otherwise before that; an event has told how.
   */
  finish(): Promise<void>;
  /** Stop without a word; the server will see a lost stream. */
  stop(): void;
}

export function startProctoring(options: ProctoringOptions): Proctoring {
  return new Session(options);
}

class Session implements Proctoring {
  readonly #events = new Emitter<ProctoringEvents>();
  readonly #connection: Connection;
  readonly #banner: Banner | undefined;
  readonly #virtualCamera: ReturnType<typeof lasting>;
  readonly #undo: Undo;
  #capture: ReturnType<typeof startCapture> | undefined;
  #source: VideoSource | undefined;
  #unwatch: Undo = noop;
  #unfollow: Undo = noop;
  #pace = DEFAULT_PACE;
  #camera: ProctoringState["camera"] = "live";

  constructor({ url, token, source, banner = true, consent, onState }: ProctoringOptions) {
    const connection = new Connection({ url, token });
    this.#connection = connection;
    this.#banner = banner ? new Banner((incidentId, at) => connection.shown(incidentId, at)) : undefined;
    this.#virtualCamera = lasting("virtual_camera", (activity) => void connection.report(activity));
    this.#undo = all(onState ? this.on("state", onState) : noop, this.#follow());
    if (consent) {
      void this.#tellConsent({ kind: "consent_given", at: consent.at.toISOString(), detail: { text_version: consent.textVersion } });
    }
    this.#unwatch = watchActivity((activity) => void connection.report(activity));
    this.use(source);
  }

  on<Name extends keyof ProctoringEvents>(name: Name, listener: (value: ProctoringEvents[Name]) => void): Undo {
    return this.#events.on(name, listener);
  }

  get state(): ProctoringState {
    return { link: this.#connection.state, camera: this.#camera };
  }

  get stats(): FrameCounters {
    return this.#connection.counters;
  }

  use(source: VideoSource | ChangingCamera): void {
    this.#unfollow();
    this.#unfollow = noop;
    if (!isChanging(source)) {
      this.#take(source, isTrack(source) && isVirtualCamera(source.label) ? "name" : undefined);
      return;
    }
    const take = () => this.#take(source.source, source.suspicion);
    this.#unfollow = source.onChange(take);
    take();
  }

  async finish(): Promise<void> {
    this.#unwatch();
    this.#unfollow();
    this.#capture?.stop();
    const taken = await this.#connection.report(activityNow("finished", null));
    if (!taken) throw new Error("The exam was over before the server could be told.");
    this.stop();
  }

  stop(): void {
    this.#release();
    this.#connection.close();
    this.#undo();
  }

  #take(source: VideoSource | undefined, suspicion: Suspicion | undefined): void {
    // None proves nothing of the last one, which may come back: what was said of it stays said.
    if (source) this.#virtualCamera(suspicion !== undefined, suspicion ? { why: suspicion } : {});
    if (source && source === this.#source) return;
    this.#source = source;
    this.#capture?.stop();
    this.#capture = source && this.#captureFrom(source);
    this.#setCamera(source ? "live" : "lost");
  }

  #captureFrom(source: VideoSource): ReturnType<typeof startCapture> {
    return startCapture(source, this.#pace, {
      onFrame: (frame) => this.#connection.sendFrame(frame),
      onLost: () => {
        this.#source = undefined;
        this.#setCamera("lost");
      },
    });
  }

  async #tellConsent(consent: ActivityMessage): Promise<void> {
    if (await this.#connection.report(consent)) this.#events.emit("consent_told", consent);
  }

  #follow(): Undo {
    const connection = this.#connection;
    return all(
      connection.on("state", () => this.#events.emit("state", this.state)),
      connection.on("pace", (pace) => {
        this.#pace = pace;
        this.#capture?.setPace(pace);
        this.#events.emit("pace", pace);
      }),
      connection.on("warning", (warning) => {
        this.#banner?.show(warning);
        this.#events.emit("warning", warning);
      }),
      connection.on("warning_cleared", (cleared) => {
        this.#banner?.clear(cleared.incident_id);
        this.#events.emit("warning_cleared", cleared);
      }),
      connection.on("message", (message) => this.#events.emit("message", message)),
      connection.on("ended", (ended) => this.#over("ended", ended)),
      connection.on("fatal", (error) => this.#over("fatal", error)),
    );
  }

  #over<Name extends "ended" | "fatal">(name: Name, value: ProctoringEvents[Name]): void {
    this.#release();
    this.#events.emit(name, value);
  }

  #release(): void {
    this.#unwatch();
    this.#unfollow();
    this.#capture?.stop();
    this.#banner?.remove();
  }

  #setCamera(camera: ProctoringState["camera"]): void {
    if (camera === this.#camera) return;
    this.#camera = camera;
    this.#events.emit("state", this.state);
  }
}
