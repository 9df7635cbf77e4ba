/** Proctoring inside a RealtimeKit or Dyte meeting, in one call. */

import { type Proctoring, type ProctoringOptions, startProctoring } from "./proctoring";
import { type VideoMeeting, MeetingCamera, type Way } from "./meeting";
import { Notices, sendByKit, type SendNotice } from "./notices";

export interface AttachOptions extends Pick<ProctoringOptions, "token" | "banner" | "consent" | "onState"> {
  /** Where Invigil's server is, such as `https://exams.example`. */
  server: string;
  /** How to begin to take pictures; `middleware` unless told otherwise. */
  way?: Way;
  /** `sendNotification` of the UI kit; unless given, the kit is looked for on the page. */
  notify?: SendNotice;
}

export interface MeetingProctoring extends Proctoring {
  /** How pictures are taken now. */
  readonly way: Way;
}

/** Proctor the candidate whose meeting this is, from now until `stop()`, `finish()` or the exam's end. */
export function attachProctoring(meeting: VideoMeeting, { server, way, notify = sendByKit, ...options }: AttachOptions): MeetingProctoring {
  const camera = new MeetingCamera(meeting, way);
  const notices = new Notices(notify);
  const exam = startProctoring({ ...options, url: server, source: camera });
  exam.on("warning", (warning) => notices.show(warning));
  exam.on("warning_cleared", ({ incident_id }) => notices.clear(incident_id));
  exam.on("state", ({ link }) => {
    if (link !== "closed") return;
    camera.close();
    notices.close();
  });
  return Object.defineProperty(exam, "way", { get: () => camera.way }) as MeetingProctoring;
}
