/**
 * The wire, version 1. Generated from server/protocol/ by `npm run protocol`; do not edit.
 */

/** Bytes as Socket.IO hands them over in a browser. */
export type Bytes = ArrayBuffer;

/**
 * What a candidate's browser may report of itself.
 */
export type ActivityKind =
  | "tab_hidden"
  | "focus_lost"
  | "fullscreen_exited"
  | "clipboard"
  | "second_screen"
  | "virtual_camera"
  | "consent_given"
  | "finished";
/**
 * What the server can say of a candidate's stream.
 */
export type CandidateState = "waiting" | "streaming" | "lost" | "finished" | "ended";
/**
 * One kind of trouble: the `kind` of a signal and of the incidents it opens.
 */
export type Kind =
  | "multiple_faces"
  | "no_face"
  | "different_person"
  | "looking_away"
  | "unclear_view"
  | "camera_blocked"
  | "camera_frozen"
  | "stream_lost"
  | "tab_hidden"
  | "focus_lost"
  | "fullscreen_exited"
  | "clipboard"
  | "second_screen"
  | "second_connection"
  | "virtual_camera"
  | "voice";
/**
 * Where the candidates meet.
 */
export type Provider = "builtin" | "dyte" | "realtimekit";
/**
 * A meeting is open until it is ended, and never opens again.
 */
export type MeetingState = "open" | "ended";
/**
 * Where an event is on its way to another service.
 */
export type DeliveryState = "waiting" | "failed" | "delivered";
/**
 * Why something is missing in a recording.
 */
export type GapCause = "stream" | "queue" | "disk" | "restart" | "cut";
/**
 * A person's word on an incident.
 */
export type Verdict = "confirmed" | "dismissed";
/**
 * How much attention an incident asks for. An incident's severity only ever rises.
 */
export type Severity = "info" | "warning" | "critical";
/**
 * An incident is one episode: open, then closed.
 */
export type IncidentState = "open" | "closed";
/**
 * Whom a token belongs to.
 */
export type Role = "operator" | "proctor" | "reviewer" | "candidate";
/**
 * What else a journal tells.
 */
export type RecordedEventKind = "begun" | "settings" | "expected" | "noticed" | "enrolled" | "finished";
/**
 * A recording grows until its candidate is done; then it is signed.
 */
export type RecordingState = "open" | "closed";
/**
 * Whether there is a video of a recording. Asking for it makes it.
 */
export type VideoState = "absent" | "making" | "ready";

/**
 * Body of `PUT /api/meetings/{id}/participants/{participant_id}/accommodations`, in place of what was agreed.
 */
export interface Accommodate {
  accommodations: {
    [k: string]: unknown;
  };
}
/**
 * Event `activity`.
 */
export interface ActivityMessage {
  kind: ActivityKind;
  at: string;
  detail?:
    | {
        [k: string]: boolean | number | string | null;
      }
    | string
    | null;
}
/**
 * Body of `POST /api/meetings/{id}/participants`.
 */
export interface AddParticipant {
  name: string;
  role: "candidate" | "proctor" | "reviewer";
  /**
   * a JPEG, base64 or data: URL
   */
  reference_photo?: string | null;
  /**
   * for a candidate: what was agreed with them
   */
  accommodations?: {
    [k: string]: unknown;
  };
}
/**
 * A candidate as the console shows them.
 */
export interface Candidate {
  id: string;
  meeting_id: string;
  name: string;
  state: CandidateState;
  connected: boolean;
  joined_at: string;
  last_frame_at?: string | null;
  /**
   * received in this run of the server
   */
  frames?: number;
  /**
   * frames that were replaced before they were sampled
   */
  dropped?: number;
  /**
   * frames that were no usable picture
   */
  refused?: number;
  /**
   * frames that are missing in the recording: disk slow or full
   */
  not_recorded?: number;
  /**
   * seconds between the last two samples
   */
  sample_interval?: number | null;
  open_incidents?: Kind[];
  accommodations?: {
    [k: string]: unknown;
  };
  /**
   * whether they are in Dyte's or RealtimeKit's meeting; null: there is none, or unknown
   */
  in_meeting?: boolean | null;
}
/**
 * Event `candidate`, out.
 */
export interface CandidateEvent {
  type: "joined" | "updated" | "left";
  candidate: Candidate;
}
/**
 * Body of `POST /api/meetings`.
 */
export interface CreateMeeting {
  title: string;
  provider?: Provider;
  settings?: {
    [k: string]: unknown;
  };
}
/**
 * Answer to `POST /api/meetings`.
 */
export interface CreatedMeeting {
  meeting: Meeting;
  proctor_url: string;
  candidate_url: string;
}
/**
 * One exam.
 */
export interface Meeting {
  id: string;
  title: string;
  provider: Provider;
  state: MeetingState;
  settings: {
    [k: string]: unknown;
  };
  created_at: string;
  ended_at?: string | null;
}
/**
 * Answer to `POST /api/retention`.
 */
export interface DeletedDue {
  receipts: string[];
  /**
   * there is more that is due: call again
   */
  more: boolean;
}
/**
 * One event on its way to another service.
 */
export interface Delivery {
  /**
   * the header `webhook-id`
   */
  id: string;
  /**
   * where to; the rest of the address may be secret
   */
  host: string;
  event: string;
  meeting_id: string;
  state: DeliveryState;
  created_at: string;
  attempts: number;
  due_at?: string | null;
  delivered_at?: string | null;
  /**
   * what was wrong with the last attempt
   */
  problem?: string | null;
}
/**
 * Answer to `GET /api/deliveries`, newest first.
 */
export interface DeliveryPage {
  deliveries: Delivery[];
  /**
   * pass it as `after` for the next page; null on the last
   */
  after: string | null;
}
/**
 * Answer to a call that has nothing else to say.
 */
export interface Done {
  ok: true;
}
/**
 * Answer to `GET /api/retention`: what is deleted within the next hour, longest over first.
 */
export interface DueList {
  due: DueMeeting[];
}
/**
 * A meeting of which something is kept no longer.
 */
export interface DueMeeting {
  meeting_id: string;
  title: string;
  ended_at: string;
  /**
   * it is held: nothing of it is deleted
   */
  hold: boolean;
  parts: ("stream" | "evidence" | "incidents")[];
  candidates: number;
  recordings: number;
  /**
   * of the recordings' frames
   */
  bytes: number;
  pictures: number;
  incidents: number;
  unreviewed: number;
}
/**
 * Event `end`, in: end the exam of one candidate.
 */
export interface EndMessage {
  candidate_id: string;
  reason: string;
}
/**
 * Event `ended`: the exam is over for this candidate; or, for a proctor, the meeting is.
 */
export interface Ended {
  reason: string;
  code?: "replaced" | null;
}
/**
 * Answer to `POST /api/meetings/{id}/participants/{participant_id}/erase`.
 */
export interface ErasedCandidate {
  receipt: Receipt;
}
/**
 * What is left of what was deleted of a candidate.
 */
export interface Receipt {
  id: string;
  candidate_id: string;
  at: string;
  deleted: ("stream" | "evidence" | "incidents")[];
  /**
   * its time was over; else somebody asked for it
   */
  by_rule: boolean;
  recordings: number;
  pictures: number;
  /**
   * there were so many then, whether or not they were deleted
   */
  incidents: number;
  /**
   * of those, how many nobody had said anything of
   */
  unreviewed: number;
  signed: Signature;
}
/**
 * What was signed when a recording closed.
 */
export interface Signature {
  /**
   * canonical JSON; the signature is over its UTF-8
   */
  statement: string;
  /**
   * Ed25519, hexadecimal
   */
  signature: string;
  /**
   * the key that checks it, hexadecimal
   */
  public_key: string;
}
/**
 * The one error shape, over HTTP and in acknowledgements.
 */
export interface ErrorBody {
  ok: false;
  error: ErrorDetail;
}
/**
 * What was wrong and what to do.
 */
export interface ErrorDetail {
  code: string;
  text: string;
  /**
   * with `replayed_seq`: go on above this number
   */
  last_seq?: number | null;
  /**
   * with `making`: how much of the video is made, 0 to 1
   */
  share?: number | null;
}
/**
 * One original frame of an incident.
 */
export interface Evidence {
  url: string;
  sha256: string;
  captured_at: string;
  seq: number;
  boxes: number[][];
  /**
   * the photograph is gone; a receipt says when and why
   */
  deleted?: boolean;
}
/**
 * Answer to `frame` and to `POST /api/frames`.
 */
export interface FrameAck {
  ok: true;
  pace?: Pace | null;
  /**
   * over HTTP only: the warnings open now, since nothing can be pushed there
   */
  warnings?: Warning[] | null;
  /**
   * over HTTP only: the proctors' newest messages; those seen before have the same id
   */
  messages?: Message[] | null;
}
/**
 * How the candidate's browser should stream.
 */
export interface Pace {
  fps?: number;
  width?: number;
  quality?: number;
}
/**
 * Event `warning`: raise the banner.
 */
export interface Warning {
  incident_id: string;
  kind: Kind;
  text: string;
  opened_at: string;
}
/**
 * Event `message`: a proctor's words.
 */
export interface Message {
  id: string;
  text: string;
  at: string;
}
/**
 * Event `frame`.
 */
export interface FrameMessage {
  seq: number;
  /**
   * milliseconds since the epoch, by the browser's clock
   */
  captured_at: number;
  jpeg: Bytes;
}
/**
 * An interval in which something is missing.
 */
export interface Gap {
  cause: GapCause;
  began_at: string;
  ended_at: string;
  /**
   * frames that were received and are missing
   */
  frames: number;
  /**
   * lines of the journal that are missing: detection cannot be run again over this
   */
  lines: number;
}
/**
 * Body of `POST /api/incidents/{id}/review`, in place of what was said before.
 */
export interface GiveReview {
  verdict: Verdict;
  note?: string | null;
}
/**
 * One thing that is held against a candidate, as they may see it.
 */
export interface Held {
  incident_id: string;
  kind: Kind;
  text: string;
  opened_at: string;
  closed_at?: string | null;
  verdict?: Verdict | null;
}
/**
 * Answer to `GET /api/held`: all that is held against the candidate who asks, newest first, and by what rules.
 */
export interface HeldList {
  held: Held[];
  /**
   * the kinds that can be held against this candidate at all
   */
  looked_for?: Kind[];
  /**
   * what was agreed with this candidate
   */
  accommodations?: {
    [k: string]: unknown;
  };
  /**
   * whether every frame is kept, not only those of incidents
   */
  recorded?: boolean;
  /**
   * for how long
   */
  kept?: Kept | null;
}
/**
 * For how many days after the end of the meeting something is kept; null: until somebody deletes it.
 */
export interface Kept {
  /**
   * every frame
   */
  stream_days: number | null;
  /**
   * photographs of incidents, and the reference photo
   */
  evidence_days: number | null;
  /**
   * incidents, reviews, what browsers reported, and the name
   */
  incidents_days: number | null;
}
/**
 * A time in which nothing of a meeting may be deleted or re-encoded.
 */
export interface Hold {
  reason: string;
  /**
   * the participant who did; null for the operator
   */
  placed_by: string | null;
  placed_at: string;
  lifted_by?: string | null;
  /**
   * null while it is in force
   */
  lifted_at?: string | null;
}
/**
 * One episode of one signal for one candidate.
 */
export interface Incident {
  id: string;
  meeting_id: string;
  candidate_id: string;
  candidate_name: string;
  kind: Kind;
  severity: Severity;
  state: IncidentState;
  opened_at: string;
  updated_at: string;
  closed_at?: string | null;
  text: string;
  why: Why;
  evidence?: Evidence[];
  review?: Review | null;
  trace: Trace;
}
/**
 * Why an incident was opened.
 */
export interface Why {
  rule: string;
  samples: number;
  threshold?: number | null;
  score?: number | null;
  boxes?: number[][];
  detector?: string | null;
  model_sha256?: string | null;
  settings_sha256: string;
}
/**
 * The last word of a person on an incident.
 */
export interface Review {
  verdict: Verdict;
  note?: string | null;
  reviewer_id?: string | null;
  at: string;
}
/**
 * When the confirming frame passed each stage.
 */
export interface Trace {
  captured_at?: string | null;
  received_at?: string | null;
  sampled_at?: string | null;
  observed_at?: string | null;
  opened_at: string;
  emitted_at?: string | null;
  shown_at?: string | null;
}
/**
 * Event `incident`, out.
 */
export interface IncidentEvent {
  type: "opened" | "updated" | "closed" | "reviewed";
  incident: Incident;
}
/**
 * Answer to `GET /api/meetings/{id}/incidents`, newest first.
 */
export interface IncidentPage {
  incidents: Incident[];
  /**
   * pass it as `after` for the next page; null on the last
   */
  after: string | null;
}
/**
 * Body of `POST /api/meetings/{id}/join`.
 */
export interface Join {
  name: string;
  code: string;
}
/**
 * Answer to both ways of joining.
 */
export interface JoinedParticipant {
  participant: Participant;
  token: string;
  url: string;
  /**
   * for Dyte's or RealtimeKit's own SDK
   */
  provider_token?: string | null;
  /**
   * why there is none just now; `POST /api/provider-token` asks again
   */
  notice?: string | null;
}
/**
 * Somebody with a token for one meeting.
 */
export interface Participant {
  id: string;
  meeting_id: string;
  name: string;
  role: Role;
  created_at: string;
  ended_at?: string | null;
  accommodations?: {
    [k: string]: unknown;
  };
}
/**
 * A candidate of whom something is kept.
 */
export interface KeptCandidate {
  id: string;
  name: string;
  /**
   * their exam is over: they can be erased
   */
  over: boolean;
}
/**
 * Answer to `GET /api/meetings`, newest first.
 */
export interface MeetingList {
  meetings: Meeting[];
  /**
   * pass it as `after` for the next page; null on the last
   */
  after: string | null;
}
/**
 * A frame that detection looked at in vain.
 */
export interface MissedSample {
  seq: number;
  /**
   * when the frame was received
   */
  at: string;
  /**
   * it is a picture: the fault was the detector's
   */
  readable: boolean;
}
/**
 * Event `offer`, in: WebRTC live view.
 */
export interface OfferMessage {
  candidate_id: string;
  sdp: string;
}
/**
 * Answer to `POST /api/provider-token`.
 */
export interface ProviderToken {
  provider: Provider;
  /**
   * null: the room is our own, or the role has no place in the video
   */
  provider_token: string | null;
}
/**
 * Answer to `GET /api/meetings/{id}/receipts`, oldest first.
 */
export interface ReceiptList {
  receipts: Receipt[];
}
/**
 * Something that the rules were told, and that is no sample.
 */
export interface RecordedEvent {
  at: string;
  kind: RecordedEventKind;
  /**
   * in words
   */
  text: string;
  /**
   * with `begun`: its name; null where it is off
   */
  detector?: string | null;
  /**
   * with `begun` and `settings`: those in force
   */
  settings?: {
    [k: string]: unknown;
  } | null;
  settings_sha256?: string | null;
}
/**
 * A frame of a recording, without its picture.
 */
export interface RecordedFrame {
  seq: number;
  /**
   * when it was received
   */
  at: string;
  /**
   * by the candidate's clock
   */
  captured_at: string;
}
/**
 * A frame that detection looked at.
 */
export interface RecordedSample {
  seq: number;
  at: string;
  boxes: number[][];
}
/**
 * One candidate's whole stream.
 */
export interface Recording {
  id: string;
  meeting_id: string;
  candidate_id: string;
  candidate_name: string;
  state: RecordingState;
  began_at: string;
  /**
   * when the newest of it came
   */
  ended_at: string;
  closed_at?: string | null;
  /**
   * from its beginning to the newest of it
   */
  seconds: number;
  frames: number;
  /**
   * of the frames
   */
  bytes: number;
  /**
   * frames that were received and are missing
   */
  not_recorded: number;
  /**
   * intervals in which something is missing, up to its last full segment
   */
  gaps?: number;
  /**
   * frames that were re-encoded and are no longer exact
   */
  compacted_frames?: number;
  /**
   * nothing of it may be deleted: the meeting is under legal hold
   */
  held?: boolean;
  /**
   * of the receipt, once the frames were deleted
   */
  receipt_id?: string | null;
}
/**
 * Answer to `GET /api/meetings/{id}/recordings`, in the order in which they began.
 */
export interface RecordingList {
  recordings: Recording[];
  /**
   * signed, expiring link to all of the meeting as a zip
   */
  bundle_url: string;
}
/**
 * How far the video of a recording is.
 */
export interface RecordingVideo {
  state: VideoState;
  /**
   * how much of the recording it has so far, from the beginning
   */
  seconds: number;
}
/**
 * Body of `POST /api/deliveries/replay`.
 */
export interface ReplayDeliveries {
  ids?: string[];
  /**
   * all that were given up
   */
  failed?: boolean;
}
/**
 * How many will be sent again.
 */
export interface Replayed {
  replayed: number;
}
/**
 * Answer to `GET` and `PUT /api/meetings/{id}/retention`.
 */
export interface Retention {
  /**
   * days after the meeting's end; null: until somebody deletes it
   */
  stream_days: number | null;
  evidence_days: number | null;
  incidents_days: number | null;
  hold: boolean;
  hold_reason?: string | null;
  /**
   * every time that it was held, oldest first
   */
  holds?: Hold[];
  /**
   * incidents, once the meeting is over, of which nobody said anything
   */
  unreviewed?: number;
  candidates?: KeptCandidate[];
}
/**
 * Event `review`, in.
 */
export interface ReviewMessage {
  incident_id: string;
  verdict: Verdict;
  note?: string | null;
}
/**
 * Event `room`, out: the meeting at Dyte or RealtimeKit, as far as is known of it.
 */
export interface Room {
  provider: Provider;
  reachable: boolean;
  /**
   * what the proctors should know of it
   */
  notice?: string | null;
  strangers?: Stranger[];
}
/**
 * Somebody in the video meeting whom this server did not let in.
 */
export interface Stranger {
  peer_id: string;
  /**
   * what they are called there
   */
  name: string;
  since?: string | null;
}
/**
 * A face that detection saw.
 */
export interface SeenFace {
  /**
   * [x, y, w, h] as fractions
   */
  box: number[];
  /**
   * the detector's own confidence
   */
  score: number;
  /**
   * [x, y] of the right eye, left eye, nose tip, right and left corner of the mouth; may be empty
   */
  landmarks: number[][];
}
/**
 * How good the view was.
 */
export interface SeenQuality {
  brightness: number;
  contrast: number;
  sharpness: number;
}
/**
 * What detection saw in a frame.
 */
export interface SeenSample {
  seq: number;
  /**
   * when the frame was received
   */
  at: string;
  faces: SeenFace[];
  quality: SeenQuality;
}
/**
 * About ten seconds of a recording.
 */
export interface Segment {
  number: number;
  began_at: string;
  ended_at: string;
  first_seq: number | null;
  last_seq: number | null;
  frames: number;
  /**
   * of the frames' file; null while it is not in the chain
   */
  sha256: string | null;
  journal_sha256: string | null;
  /**
   * the chain's link behind it
   */
  link: string | null;
}
/**
 * Body of `PUT /api/meetings/{id}/retention`; what is left out stays as it is.
 */
export interface SetRetention {
  stream_days?: number | null;
  evidence_days?: number | null;
  incidents_days?: number | null;
  hold?: boolean | null;
  /**
   * why nothing may be deleted; with `hold: true`
   */
  hold_reason?: string | null;
}
/**
 * Answer to it.
 */
export interface ShownIncident {
  incident: Incident;
}
/**
 * Answer to `GET /api/meetings/{id}` and `POST /api/meetings/{id}/end`; the links are for the operator.
 */
export interface ShownMeeting {
  meeting: Meeting;
  proctor_url?: string | null;
  candidate_url?: string | null;
}
/**
 * Event `shown`: the banner of this incident is on the candidate's screen.
 */
export interface ShownMessage {
  incident_id: string;
  at: string;
}
/**
 * Answer to it.
 */
export interface ShownParticipant {
  participant: Participant;
}
/**
 * Answer to `GET /api/recordings/{id}`, in order of time: everything but the frames; with `?from=N`, segments,
 * gaps and samples from segment N on.
 */
export interface ShownRecording {
  recording: Recording;
  segments: Segment[];
  gaps: Gap[];
  incidents: Incident[];
  samples: RecordedSample[];
  signed: Signature | null;
  video: RecordingVideo;
  /**
   * signed, expiring link to the video as far as the recording goes now
   */
  video_url: string;
  /**
   * signed, expiring link to all of this candidate as a zip
   */
  bundle_url: string;
  /**
   * names of those who reviewed its incidents
   */
  reviewers?: {
    [k: string]: string;
  };
}
/**
 * Answer to `GET /api/recordings/{id}/segments/{n}`: what a player needs to step by frame.
 */
export interface ShownSegment {
  number: number;
  frames: RecordedFrame[];
  samples: SeenSample[];
  missed: MissedSample[];
  events: RecordedEvent[];
}
/**
 * Answer to `GET /api/signing-key`.
 */
export interface SigningKey {
  algorithm: "Ed25519";
  /**
   * 32 bytes, hexadecimal
   */
  public_key: string;
}
/**
 * Event `snapshot`, out, on connect: all there is to draw the console.
 */
export interface Snapshot {
  meeting: Meeting;
  candidates: Candidate[];
  incidents: Incident[];
  /**
   * the detector's name, or `off`
   */
  detector: string;
  /**
   * what the proctors should know of the detector
   */
  notice?: string | null;
  /**
   * the meeting at Dyte or RealtimeKit; null: the room is our own
   */
  room?: Room | null;
  at: string;
}
/**
 * Event `thumbnail`, out: the newest frame of a watched candidate.
 */
export interface Thumbnail {
  candidate_id: string;
  seq: number;
  /**
   * milliseconds since the epoch, by the candidate's clock
   */
  captured_at: number;
  jpeg: Bytes;
}
/**
 * Event `warn`, in: words for one candidate.
 */
export interface WarnMessage {
  candidate_id: string;
  text: string;
}
/**
 * Event `warning_cleared`: take the banner down.
 */
export interface WarningCleared {
  incident_id: string;
  at: string;
}
/**
 * Event `watch`, in: whose thumbnails to send, and how often.
 */
export interface WatchMessage {
  candidate_ids: string[];
  fps: number;
}
