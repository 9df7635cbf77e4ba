/**
 * Ticks, and turns pictures into JPEG, away from the page's main thread.
 *
 * The clock lives here because the timers of a hidden page are slowed to one a second or less, those of a worker are not.
 */

import { fitted } from "./pace";
import type { Pace } from "./protocol";

export type ToEncoder =
  | { type: "pace"; pace: Required<Pace> }
  | { type: "stream"; readable: ReadableStream<VideoFrame> }
  | { type: "picture"; picture: ImageBitmap; capturedAt: number };

export type FromEncoder =
  | { type: "tick" }
  | { type: "frame"; jpeg: ArrayBuffer; capturedAt: number }
  | { type: "lost" }
  | { type: "failed"; text: string };

const port = self as unknown as {
  addEventListener(name: "message", listener: (event: MessageEvent<ToEncoder>) => void): void;
  postMessage(message: FromEncoder, transfer?: Transferable[]): void;
};

let pace: Required<Pace> | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;
let due = 0;
let encoding = false;
let canvas: OffscreenCanvas | undefined;
let newest: VideoFrame | undefined;

port.addEventListener("message", ({ data }) => {
  if (data.type === "pace") restart(data.pace);
  else if (data.type === "stream") void follow(data.readable);
  else void encode(data.picture, data.picture, data.capturedAt).finally(() => data.picture.close());
});

function restart(next: Required<Pace>): void {
  pace = next;
  clearTimeout(timer);
  due = performance.now();
  tick();
}

function tick(): void {
  if (!pace) return;
  const now = performance.now();
  // Counting from the due time keeps the rate exact; after a stall (a sleeping laptop) it begins anew.
  due = Math.max(due + 1000 / pace.fps, now);
  timer = setTimeout(tick, due - now);
  if (newest) void encode(newest, { width: newest.displayWidth, height: newest.displayHeight }, Date.now());
  else port.postMessage({ type: "tick" });
}

/** Keep the camera's newest frame only. Each older one is closed at once: a camera has few buffers, and stops without them. */
async function follow(readable: ReadableStream<VideoFrame>): Promise<void> {
  const reader = readable.getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    newest?.close();
    newest = read.value;
  }
  newest?.close();
  newest = undefined;
  port.postMessage({ type: "lost" });
}

async function encode(picture: CanvasImageSource, size: { width: number; height: number }, capturedAt: number): Promise<void> {
  if (encoding || !pace) return;
  encoding = true;
  try {
    const { width, height } = fitted(size, pace.width);
    canvas ??= new OffscreenCanvas(width, height);
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const context = canvas.getContext("2d", { alpha: false });
    if (!context) throw new Error("no 2d context in a worker");
    context.drawImage(picture, 0, 0, width, height);
    const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: pace.quality });
    const jpeg = await blob.arrayBuffer();
    port.postMessage({ type: "frame", jpeg, capturedAt }, [jpeg]);
  } catch (error) {
    port.postMessage({ type: "failed", text: String(error) });
  } finally {
    encoding = false;
  }
}
