/** What the reviewer's page asks of the server. */

import type {
  Incident, IncidentPage, Meeting, RecordingList, ShownIncident, ShownMeeting, ShownRecording, ShownSegment, SigningKey, Verdict,
} from "../../sdk";
import { call, type Picture, picture } from "../shared/api";

const PAGE = 500;

export class Archive {
  readonly meetingId: string;
  readonly #token: string;

  constructor(meetingId: string, token: string) {
    this.meetingId = meetingId;
    this.#token = token;
  }

  async meeting(): Promise<Meeting> {
    return (await this.#get<ShownMeeting>(`/api/meetings/${this.meetingId}`)).meeting;
  }

  recordings(): Promise<RecordingList> {
    return this.#get(`/api/meetings/${this.meetingId}/recordings`);
  }

  /** All of the meeting, newest first. */
  async incidents(): Promise<Incident[]> {
    const found: Incident[] = [];
    let after: string | null = "";
    while (after !== null) {
      const query = new URLSearchParams({ limit: String(PAGE), ...(after ? { after } : {}) });
      const page: IncidentPage = await this.#get<IncidentPage>(`/api/meetings/${this.meetingId}/incidents?${query}`);
      found.push(...page.incidents);
      after = page.after;
    }
    return found;
  }

  /** `from`: segments, gaps and samples from that segment on; the rest is always whole. */
  recording(id: string, from = 0): Promise<ShownRecording> {
    return this.#get(`/api/recordings/${id}${from > 0 ? `?from=${from}` : ""}`);
  }

  segment(recordingId: string, number: number): Promise<ShownSegment> {
    return this.#get(`/api/recordings/${recordingId}/segments/${number}`);
  }

  frame(recordingId: string, seq: number): Promise<Picture> {
    return picture(`/api/recordings/${recordingId}/frames/${seq}.jpg`, this.#token);
  }

  async review(incidentId: string, verdict: Verdict, note: string): Promise<Incident> {
    const body = { verdict, note: note.trim() || null };
    return (await call<ShownIncident>(`/api/incidents/${incidentId}/review`, { token: this.#token, body })).incident;
  }

  signingKey(): Promise<SigningKey> {
    return this.#get("/api/signing-key");
  }

  #get<Answer>(path: string): Promise<Answer> {
    return call<Answer>(path, { token: this.#token });
  }
}
