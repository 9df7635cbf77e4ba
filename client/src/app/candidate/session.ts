import { tabSession, takeTokenFromAddress, claimsOf } from "../shared/session";

/** What this tab remembers of an exam, so that a reload goes on where it was. */
export interface CandidateSession {
  token: string;
  meetingId: string | undefined;
  name?: string;
  /** ISO time of the agreement. */
  consentedAt?: string;
  /** The agreement was handed to the server, and the exam is under way. */
  started?: boolean;
}

/** A warning as the candidate is shown it, also after it is over. */
export interface HeldWarning {
  id: string;
  text: string;
  openedAt: string;
  clearedAt?: string;
}

export const candidateSession = tabSession<CandidateSession>("candidate");
export const heldSession = tabSession<HeldWarning[]>("held");

export function forgetSession(): void {
  candidateSession.clear();
  heldSession.clear();
}

/** The session of a personal link, or the one that this tab already has. */
export function sessionFromAddress(): CandidateSession | undefined {
  const token = takeTokenFromAddress();
  const known = candidateSession.read();
  if (!token || token === known?.token) return known;
  return { token, meetingId: claimsOf(token)?.meeting_id };
}

/** The session of this meeting, when this tab has joined it before. */
export function sessionOfMeeting(meetingId: string): CandidateSession | undefined {
  const known = candidateSession.read();
  return known?.meetingId === meetingId ? known : undefined;
}
