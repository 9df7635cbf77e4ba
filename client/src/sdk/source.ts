/** A camera track or a canvas as something that can be drawn. */

export type VideoSource = MediaStreamTrack | HTMLCanvasElement;

export interface Drawable {
  image: HTMLCanvasElement | HTMLVideoElement;
  /** Undefined until there is a picture. */
  size(): { width: number; height: number } | undefined;
  close(): void;
}

export function isTrack(source: VideoSource): source is MediaStreamTrack {
  return "readyState" in source && "kind" in source;
}

export function drawable(source: VideoSource): Drawable {
  return isTrack(source) ? playing(source) : still(source);
}

function still(canvas: HTMLCanvasElement): Drawable {
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
      video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA && video.videoWidth > 0
        ? { width: video.videoWidth, height: video.videoHeight }
        : undefined,
    close: () => {
      video.pause();
      video.srcObject = null;
    },
  };
}
