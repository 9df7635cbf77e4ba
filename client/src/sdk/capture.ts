/**
 * Frames from a camera track, a canvas or pictures that come by themselves, at a pace that may change at run time.
 *
 * Pictures are scaled and encoded in a worker where the browser can, else on the page. What leaves here is one JPEG at a
 * time, for as long as `stop()` was not called; nothing is stored.
 */

import { all, listen, noop, type Undo } from "./emitter";
import type { FromEncoder, ToEncoder } from "./encoder.worker";
import EncoderWorker from "./encoder.worker?worker&inline";
import type { CapturedFrame } from "./frames";
import { fitted } from "./pace";
import type { Pace } from "./protocol";
import { arePictures, type Drawable, drawable, isTrack, still, type VideoSource } from "./source";

export interface CaptureListener {
  onFrame(frame: CapturedFrame): void;
  /** The source gives no more pictures: the camera was unplugged or taken away. */
  onLost(): void;
}

export interface Capture {
  setPace(pace: Required<Pace>): void;
  stop(): void;
}

/** Chromium has it on the page; not in TypeScript's library yet. */
interface TrackProcessor {
  new (init: { track: MediaStreamTrack; maxBufferSize?: number }): { readable: ReadableStream<VideoFrame> };
}

export function startCapture(source: VideoSource, pace: Required<Pace>, listener: CaptureListener): Capture {
  const capturing = new Capturing(source, pace, listener);
  return { setPace: (next) => capturing.setPace(next), stop: () => capturing.stop() };
}

class Capturing {
  readonly #source: VideoSource;
  readonly #listener: CaptureListener;
  #pace: Required<Pace>;
  #worker: Worker | undefined;
  #interval: ReturnType<typeof setInterval> | undefined;
  #drawable: Drawable | undefined;
  #encodesInWorker: boolean;
  #busy = false;
  /** When the next of pictures that come by themselves is wanted, by `performance.now()`. */
  #due = 0;
  #stopped = false;
  #undo: Undo = noop;

  constructor(source: VideoSource, pace: Required<Pace>, listener: CaptureListener) {
    this.#source = source;
    this.#pace = pace;
    this.#listener = listener;
    this.#encodesInWorker = typeof OffscreenCanvas !== "undefined" && typeof createImageBitmap !== "undefined";
    if (isTrack(source)) this.#undo = listen(source, "ended", () => this.#lose());
    if (arePictures(source)) this.#undo = source.onPicture((canvas) => this.#takeWhenDue(canvas));
    this.#startWorker();
  }

  setPace(pace: Required<Pace>): void {
    this.#pace = pace;
    this.#tell({ type: "pace", pace });
    if (this.#interval !== undefined) this.#tickHere();
  }

  stop(): void {
    this.#stopped = true;
    this.#undo();
    this.#worker?.terminate();
    clearInterval(this.#interval);
    this.#drawable?.close();
  }

  #startWorker(): void {
    try {
      const worker = new EncoderWorker();
      this.#worker = worker;
      this.#undo = all(
        this.#undo,
        listen(worker, "message", (event) => this.#hear((event as MessageEvent<FromEncoder>).data)),
        listen(worker, "error", () => this.#withoutWorker()),
      );
      const readable = this.#encodesInWorker ? framesOf(this.#source) : undefined;
      if (readable) this.#tell({ type: "stream", readable }, [readable]);
      else this.#draw();
      this.#tell({ type: "pace", pace: this.#pace });
    } catch {
      this.#withoutWorker();
    }
  }

  /** No worker, or none that can encode: a slower way that every browser has. */
  #withoutWorker(): void {
    if (this.#stopped || this.#interval !== undefined) return;
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#encodesInWorker = false;
    this.#draw();
    this.#tickHere();
  }

  /** Pictures say themselves when they can be drawn. */
  #draw(): void {
    if (!arePictures(this.#source)) this.#drawable ??= drawable(this.#source);
  }

  #tickHere(): void {
    clearInterval(this.#interval);
    this.#interval = setInterval(() => this.#tick(), 1000 / this.#pace.fps);
  }

  #hear(message: FromEncoder): void {
    if (this.#stopped) return;
    if (message.type === "frame") this.#listener.onFrame({ jpeg: message.jpeg, capturedAt: message.capturedAt });
    else if (message.type === "tick") this.#tick();
    else if (message.type === "lost") this.#lose();
    else this.#withoutWorker();
  }

  #lose(): void {
    if (this.#stopped) return;
    this.stop();
    this.#listener.onLost();
  }

  #tick(): void {
    if (arePictures(this.#source)) this.#source.tick();
    else if (isTrack(this.#source) && this.#source.readyState === "ended") this.#lose();
    else if (this.#drawable) void this.#grab(this.#drawable);
  }

  #takeWhenDue(canvas: HTMLCanvasElement): void {
    const now = performance.now();
    if (this.#busy || now < this.#due) return;
    // Counting from the due time keeps the rate, though pictures come when they like.
    this.#due = Math.max(this.#due + 1000 / this.#pace.fps, now);
    void this.#grab(still(canvas));
  }

  /** One picture by way of the page, taken before this returns. While the last one is still under way, none. */
  async #grab({ image, size: sizeOf }: Drawable): Promise<void> {
    const size = sizeOf();
    if (!size || this.#busy) return;
    this.#busy = true;
    const capturedAt = Date.now();
    const { width, height } = fitted(size, this.#pace.width);
    try {
      if (this.#encodesInWorker) {
        const picture = await createImageBitmap(image, { resizeWidth: width, resizeHeight: height });
        this.#tell({ type: "picture", picture, capturedAt }, [picture]);
      } else {
        const jpeg = await encodeHere(image, width, height, this.#pace.quality);
        if (!this.#stopped) this.#listener.onFrame({ jpeg, capturedAt });
      }
    } catch {
      // A canvas that holds another site's picture may not be read: there will never be a frame.
      this.#lose();
    } finally {
      this.#busy = false;
    }
  }

  #tell(message: ToEncoder, transfer: Transferable[] = []): void {
    this.#worker?.postMessage(message, transfer);
  }
}

/** The track's frames as a stream that can be handed to a worker, where the browser has such a thing. */
function framesOf(source: VideoSource): ReadableStream<VideoFrame> | undefined {
  const Processor = (globalThis as { MediaStreamTrackProcessor?: TrackProcessor }).MediaStreamTrackProcessor;
  if (!Processor || !isTrack(source)) return undefined;
  return new Processor({ track: source, maxBufferSize: 1 }).readable;
}

async function encodeHere(image: CanvasImageSource, width: number, height: number, quality: number): Promise<ArrayBuffer> {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  canvas.getContext("2d", { alpha: false })?.drawImage(image, 0, 0, width, height);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/jpeg", quality));
  if (!blob) throw new Error("the canvas could not be encoded");
  return blob.arrayBuffer();
}
