/** Kinds that look alike on the timeline; the lane's name tells them apart. Pure. */

import type { Kind } from "../../sdk";

export type Family = "people" | "absence" | "camera" | "browser";

const FAMILIES: Record<Kind, Family> = {
  multiple_faces: "people",
  different_person: "people",
  voice: "people",
  no_face: "absence",
  looking_away: "absence",
  unclear_view: "absence",
  camera_blocked: "camera",
  camera_frozen: "camera",
  stream_lost: "camera",
  virtual_camera: "camera",
  tab_hidden: "browser",
  focus_lost: "browser",
  fullscreen_exited: "browser",
  clipboard: "browser",
  second_screen: "browser",
  second_connection: "browser",
};

export function familyOf(kind: Kind): Family {
  return FAMILIES[kind];
}
