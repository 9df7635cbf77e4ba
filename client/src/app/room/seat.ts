/**
 * A seat in the video meeting: which service holds it, and the token for its SDK.
 *
 * Kept by this tab only, as the participant's own token is. The token of a seat is good for many weeks: a reload needs no
 * other one, and does not trouble the service.
 */

import type { ProviderToken } from "../../sdk";
import { call, codeOf } from "../shared/api";
import { claimsOf, tabSession } from "../shared/session";

/** Services other than our own room, which has no video of its own. */
export type RoomProvider = "dyte" | "realtimekit";

export interface Seat {
  provider: RoomProvider;
  token: string;
  /** Whose it is. */
  owner: string | undefined;
}

const kept = tabSession<Seat>("seat");

/**
 * The seat of whom this token belongs to; undefined where there is none. `fresh` asks for another token.
 *
 * @throws {ApiError} the service, or the server, cannot give one now.
 */
export async function seatOf(token: string, fresh: boolean): Promise<Seat | undefined> {
  const owner = claimsOf(token)?.participant_id;
  const known = kept.read();
  if (known && known.owner === owner && !fresh) return known;
  const answer = await call<ProviderToken>("/api/provider-token", { token, body: {} }).catch(unlessNone);
  if (!answer?.provider_token || !isRoomProvider(answer.provider)) return undefined;
  const seat = { provider: answer.provider, token: answer.provider_token, owner };
  kept.write(seat);
  return seat;
}

/** Such a meeting's page has an address of its own, since only there the policy lets the service in. */
export function addressOf(page: "exam" | "proctor", { provider }: Seat): string {
  return `/${page}/${provider}`;
}

function isRoomProvider(provider: string): provider is RoomProvider {
  return provider === "dyte" || provider === "realtimekit";
}

function unlessNone(error: unknown): undefined {
  if (codeOf(error) === "not_found") return undefined;
  throw error;
}
