/**
 * Where the player is, and its clock: the video's while that plays, its own while exact frames are played. Knows nothing of React,
 * and of the video only its element.
 */

import { all, listen, type Undo } from "../../sdk/emitter";
import type { Place } from "./frames";

export const SPEEDS = [0.5, 1, 2, 4, 8, 16] as const;

export interface PlayerState extends Place {
  /** Milliseconds since the recording began. */
  at: number;
  playing: boolean;
  speed: number;
  /** The video's picture is on screen, not an exact frame. */
  rolling: boolean;
  /** Stay at the newest of a recording that grows. */
  following: boolean;
}

/** A video that does not move for so long is left: exact frames do. */
const PATIENCE_MS = 5000;
/** The last picture of a video has no length of its own. */
const VIDEO_END = 60;

export class Player {
  readonly #subscribers = new Set<() => void>();
  #state: PlayerState = { at: 0, playing: false, speed: 1, rolling: false, following: false };
  #length = 1;
  #covered = 0;
  #video: HTMLVideoElement | undefined;
  #byVideo = false;
  #frame: number | undefined;
  #before = 0;
  #moved = 0;

  /** For `useSyncExternalStore`. */
  readonly subscribe = (subscriber: () => void): Undo => {
    this.#subscribers.add(subscriber);
    return () => this.#subscribers.delete(subscriber);
  };
  readonly getState = (): PlayerState => this.#state;

  /** How long the recording is by now. */
  grown(length: number): void {
    this.#length = length;
    if (this.#state.following) this.#set({ at: length, seq: undefined });
  }

  /** Play by this video as far as it goes; its times are those of the recording. */
  attach(video: HTMLVideoElement): Undo {
    this.#video = video;
    const known = () => {
      this.#covered = video.duration * 1000;
      // Someone who is playing frames already goes over to the video as soon as there is one.
      if (this.#state.playing && !this.#state.rolling) this.#start();
    };
    const undo = all(
      listen(video, "loadedmetadata", known),
      listen(video, "playing", () => this.#byVideo && this.#set({ rolling: true })),
      listen(video, "error", () => this.#leaveVideo()),
    );
    if (video.readyState >= HTMLMediaElement.HAVE_METADATA) known();
    return () => {
      undo();
      this.#leaveVideo();
      video.pause();
      this.#video = undefined;
      this.#covered = 0;
    };
  }

  /** Go there; `seq` names the frame. Whether it plays stays as it is. */
  seek(at: number, seq?: number): void {
    this.#set({ at: this.#within(at), seq, following: false });
    if (this.#state.playing) this.#start();
  }

  play(): void {
    const ended = this.#state.at >= this.#length - 1;
    this.#set({ playing: true, following: false, seq: undefined, ...(ended ? { at: 0 } : {}) });
    this.#start();
  }

  pause(): void {
    if (this.#byVideo && this.#video) this.#readVideo(this.#video);
    this.#video?.pause();
    this.#byVideo = false;
    this.#stopClock();
    this.#set({ playing: false, rolling: false });
  }

  toggle(): void {
    if (this.#state.playing) this.pause();
    else this.play();
  }

  setSpeed(speed: number): void {
    this.#set({ speed });
    if (this.#video) this.#video.playbackRate = speed;
  }

  /** The next higher or lower speed. */
  faster(step: 1 | -1): void {
    const index = SPEEDS.findIndex((each) => each === this.#state.speed) + step;
    this.setSpeed(SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, index))] ?? 1);
  }

  follow(on: boolean): void {
    if (on) this.pause();
    this.#set(on ? { following: true, at: this.#length, seq: undefined } : { following: false });
  }

  #start(): void {
    const video = this.#video;
    this.#byVideo = video !== undefined && this.#state.at < this.#covered - VIDEO_END;
    if (video && this.#byVideo) {
      video.playbackRate = this.#state.speed;
      // Where it is already, a seek would only make it stop for a moment.
      if (Math.abs(video.currentTime * 1000 - this.#state.at) > 1) video.currentTime = this.#state.at / 1000;
      video.play().catch((error: unknown) => {
        // Paused again before it began.
        if (!(error instanceof DOMException && error.name === "AbortError")) this.#leaveVideo();
      });
    } else {
      video?.pause();
      this.#set({ rolling: false });
    }
    this.#before = this.#moved = performance.now();
    this.#frame ??= requestAnimationFrame(this.#tick);
  }

  readonly #tick = (now: number): void => {
    this.#frame = requestAnimationFrame(this.#tick);
    const passed = Math.max(0, now - this.#before);
    this.#before = now;
    if (this.#byVideo && this.#video) this.#readVideo(this.#video);
    else this.#set({ at: this.#within(this.#state.at + passed * this.#state.speed) });
    if (this.#state.at >= this.#length) this.pause();
  };

  #readVideo(video: HTMLVideoElement): void {
    const at = video.currentTime * 1000;
    // Until the video has gone where it was sent, its time is the old one.
    const moves = this.#state.rolling && !video.seeking && at !== this.#state.at;
    if (moves) {
      this.#moved = performance.now();
      this.#set({ at: this.#within(at) });
    }
    if (video.ended || at >= this.#covered - VIDEO_END || performance.now() - this.#moved > PATIENCE_MS) this.#leaveVideo();
  }

  /** Go on with exact frames. */
  #leaveVideo(): void {
    this.#byVideo = false;
    this.#video?.pause();
    this.#set({ rolling: false });
  }

  #stopClock(): void {
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
    this.#frame = undefined;
  }

  #within(at: number): number {
    return Math.min(this.#length, Math.max(0, at));
  }

  #set(change: Partial<PlayerState>): void {
    this.#state = { ...this.#state, ...change };
    for (const subscriber of this.#subscribers) subscriber();
  }
}

