/**
 * Whether a camera is one: by its name, and by where its track comes from.
 *
 * The names are those under which the programs' own drivers commonly show; capture
 * hardware (Elgato, Epiphan), which RealtimeKit's list of "non-preferred devices" counts in, is a camera like any other.
 * A candidate can rename a driver: this finds the careless, and a proctor decides.
 */

import type { Suspicion } from "./source";

const NAMES = [
  // "Virtual" is in most of them: OBS Virtual Camera, ManyCam Virtual Webcam, Wirecast Virtual Camera, Elgato Virtual Camera.
  "virtual",
  "obs",
  "obs-camera",
  "streamlabs",
  "manycam",
  "xsplit",
  "wirecast",
  "vmix",
  "ecamm",
  "camtwist",
  "splitcam",
  "webcammax",
  "altercam",
  "e2esoft",
  "vcam",
  "ndi",
  // Faces and backgrounds are drawn over.
  "snap ?camera",
  "mmhmm",
  "youcam",
  "chromacam",
  "personify",
  "nvidia broadcast",
  "avatarify",
  "facerig",
  "animaze",
  "vtubestudiocam",
  // A telephone as a camera: it may show anything.
  "droidcam",
  "iriun",
  "epoccam",
  "ivcam",
  // Drivers that programs feed: Unity's, OBS's plug-in, v4l2loopback's default name.
  "unity video capture",
  "dummy video device",
  "v4l2loopback",
];
const VIRTUAL = new RegExp(`\\b(?:${NAMES.join("|")})\\b`, "i");

export function isVirtualCamera(label: string): boolean {
  return VIRTUAL.test(label);
}

/** What speaks against a track that a meeting calls the camera's. */
export async function suspicionOf(track: MediaStreamTrack): Promise<Suspicion | undefined> {
  if (isVirtualCamera(track.label)) return "name";
  return (await isReplaced(track)) ? "replaced" : undefined;
}

/** A track that no camera of this machine gives: a canvas, a video, another connection, a shared screen. */
async function isReplaced(track: MediaStreamTrack): Promise<boolean> {
  if ("CanvasCaptureMediaStreamTrack" in globalThis && track instanceof CanvasCaptureMediaStreamTrack) return true;
  const settings: MediaTrackSettings & { displaySurface?: string } = track.getSettings();
  if (settings.displaySurface !== undefined) return true;
  const devices = await navigator.mediaDevices.enumerateDevices().catch(() => []);
  // An unplugged camera is not listed any more either.
  if (track.readyState !== "live") return false;
  const known = devices.filter(({ kind, deviceId }) => kind === "videoinput" && deviceId !== "");
  // Without the permission to use a camera the browser gives no ids: nothing can be said.
  return known.length > 0 && !known.some(({ deviceId }) => deviceId === settings.deviceId);
}
