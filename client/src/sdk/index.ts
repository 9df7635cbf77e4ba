/**
 * Invigil in a page: streams a camera to the server, shows the candidate what is held against them.
 *
 *     const exam = attachProctoring(meeting, { server: "https://exam.example", token });   // RealtimeKit, Dyte
 *     const exam = startProctoring({ url: "https://exam.example", token, source: cameraTrack });
 *     await exam.finish();
 *
 * Leaves the machine: small JPEG pictures of the source, the activity listed in `activity.ts`, the version and time of the
 * consent, and when a warning was seen. Nothing goes to the meeting's provider. Importing it touches no page yet.
 */

export { attachProctoring } from "./attach";
export type { AttachOptions, MeetingProctoring } from "./attach";
export type { FrameCounters } from "./frames";
export type { LinkState } from "./link";
export { MeetingCamera, proctorTrack } from "./meeting";
export type { MeetingSelf, VideoMeeting, Way } from "./meeting";
export { proctoringMiddleware } from "./middleware";
export type { ProctoringMiddleware } from "./middleware";
export type { Notice, SendNotice } from "./notices";
export { startProctoring } from "./proctoring";
export type { Proctoring, ProctoringEvents, ProctoringOptions, ProctoringState } from "./proctoring";
export type * from "./protocol";
export type { ChangingCamera, Pictures, Suspicion, VideoSource } from "./source";
export { isVirtualCamera } from "./virtual";
