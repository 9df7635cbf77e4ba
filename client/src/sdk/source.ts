/** Where pictures come from: a camera track, a canvas, pictures that somebody else draws, or a camera that changes. */

import type { Undo } from "./emitter";

export type VideoSource = MediaStreamTrack | HTMLCanvasElement | Pictures;

/** Pictures that somebody else draws, at their own rate. */
export interface Pictures {
  /** Be shown each picture. The canvas holds it during the call only: what is wanted of it has to be taken at once. */
  onPicture(listener: (canvas: HTMLCanvasElement) => void): Undo;
  /** Told at the stream's pace by a clock that a hidden page does not slow down. */
  tick(): void;
}

/** Why a camera may not be what it seems: by its name, or because its track is none of a camera. */
export type Suspicion = "name" | "replaced";

/** A camera that may become another one, or none, at any time. */
export interface ChangingCamera {
  /** Undefined while there is none. */
  readonly source: VideoSource | undefined;
  readonly suspicion: Suspicion | undefined;
  onChange(listener: () => void): Undo;
}

export interface Drawable {
  image: HTMLCanvasElement | HTMLVideoElement;
  /** Undefined until there is a picture. */
  size(): { width: number; height: number } | undefined;
  close(): void;
}

export function isTrack(source: VideoSource): source is MediaStreamTrack {
  return "readyState" in source && "kind" in source;
}

export function arePictures(source: VideoSource): source is Pictures {
  return "onPicture" in source;
}

export function isChanging(source: VideoSource | ChangingCamera): source is ChangingCamera {
  return "onChange" in source;
}

export function drawable(source: Exclude<VideoSource, Pictures>): Drawable {
  return isTrack(source) ? playing(source) : still(source);
}

export function still(canvas: HTMLCanvasElement): Drawable {
  return {
    image: canvas,
    size: () => (canvas.width > 0 && canvas.height > 0 ? { width: canvas.width, height: canvas.height } : undefined),
    close: () => undefined,
  };
}

function playing(track: MediaStreamTrack): Drawable {
  const video = document.createElement("video");
  video.muted = true;
  video.playsInline = true;
  video.srcObject = new MediaStream([track]);
  // Refused only when the page was closed meanwhile: a muted video may always play.
  video.play().catch(() => undefined);
  return {
    image: video,
    size: () =>
      // A track that its owner stopped says nothing, and its last picture would stand there for ever.
      track.readyState === "live" &&
      video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA && video.videoWidth > 0
        ? { width: video.videoWidth, height: video.videoHeight }
        : undefined,
    close: () => {
      video.pause();
      video.srcObject = null;
    },
  };
}
