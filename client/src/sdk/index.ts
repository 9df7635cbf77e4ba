/**
 * Invigil in a page: streams a camera to the server, shows the candidate what is held against them.
 *
 *     const exam = startProctoring({ url: "https://exam.example", token, source: cameraTrack });
 *     await exam.finish();
 *
 * Leaves the machine: small JPEG pictures of the source, the activity listed in `activity.ts`, the version and time of the
 * consent, and when a warning was seen.
 */

import { activityNow, isVirtualCamera, lasting, watchActivity } from "./activity";
import { Banner } from "./banner";
import { startCapture } from "./capture";
import { Connection } from "./connection";
import { all, Emitter, noop, type Undo } from "./emitter";
import type { FrameCounters } from "./frames";
import type { ConnectionEvents, LinkState } from "./link";
import { DEFAULT_PACE } from "./pace";
import type { ActivityMessage } from "./protocol";
import { isTrack, type VideoSource } from "./source";

export type { FrameCounters } from "./frames";
export type { LinkState } from "./link";
export type * from "./protocol";
export type { VideoSource } from "./source";
export { isVirtualCamera } from "./activity";

export interface ProctoringState {
  link: LinkState;
  /** `lost`: the source gives no pictures any more; hand over another one with `use()`. */
  camera: "live" | "lost";
}

export interface ProctoringOptions {
  /** Where the server is. */
  url: string;
  token: string;
  source: VideoSource;
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
  use(source: VideoSource): void;
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
  readonly #virtualCamera: (active: boolean) => void;
  readonly #undo: Undo;
  #capture: ReturnType<typeof startCapture> | undefined;
  #unwatch: Undo = noop;
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

  use(source: VideoSource): void {
    this.#capture?.stop();
    this.#capture = startCapture(source, this.#pace, {
      onFrame: (frame) => this.#connection.sendFrame(frame),
      onLost: () => this.#setCamera("lost"),
    });
    if (isTrack(source)) this.#virtualCamera(isVirtualCamera(source.label));
    this.#setCamera("live");
  }

  async finish(): Promise<void> {
    this.#unwatch();
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
    this.#capture?.stop();
    this.#banner?.remove();
  }

  #setCamera(camera: ProctoringState["camera"]): void {
    if (camera === this.#camera) return;
    this.#camera = camera;
    this.#events.emit("state", this.state);
  }
}
