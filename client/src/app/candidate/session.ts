import { tabSession, takeTokenFromAddress, claimsOf } from "../shared/session";

/** What this tab remembers of an exam, so that a reload goes on where it was. */
export interface CandidateSession {
  token: string;
  meetingId: string | undefined;
  name?: string;
  /** ISO time of the agreement. */
  consentedAt?: string;
  /** The camera was checked; the exam is under way. */
  started?: boolean;
  /** The server has the agreement: a reload need not tell it again. */
  consentTold?: boolean;
}

export const candidateSession = tabSession<CandidateSession>("candidate");
/** Ids of the proctors' messages that the candidate has put away. */
export const dismissedSession = tabSession<string[]>("dismissed");

export function forgetSession(): void {
  candidateSession.clear();
  dismissedSession.clear();
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

/** Kept beside React's state, which has no use for it. */
export function rememberConsentTold(): void {
  const session = candidateSession.read();
  if (session && !session.consentTold) candidateSession.write({ ...session, consentTold: true });
}
