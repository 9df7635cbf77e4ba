/** A connection to a server of its own for every test of the file that imports this. */

import { afterEach, beforeEach, expect, vi } from "vitest";
import { Connection } from "../src/sdk/connection";
import type { ConnectionEvents, Timing } from "../src/sdk/link";
import { CandidateServer } from "./server";

export const QUICK: Timing = { answerWithin: 300, fallbackAfter: 100, httpInterval: 20, sweepAfter: 100, retryAfter: 20 };

export let server: CandidateServer;
export let connection: Connection;

beforeEach(async () => {
  server = await CandidateServer.start();
});
afterEach(async () => {
  connection.close();
  await server.stop();
});

export function connect(timing: Partial<Timing> = {}, url = server.url): Connection {
  connection = new Connection({ url, token: "t0ken", timing: { ...QUICK, ...timing } });
  return connection;
}

export async function connected(timing: Partial<Timing> = {}): Promise<Connection> {
  connect(timing);
  await state("connected");
  return connection;
}

export async function state(wanted: ConnectionEvents["state"]): Promise<void> {
  await vi.waitFor(() => expect(connection.state).toBe(wanted), { timeout: 5000, interval: 5 });
}

export function heard<Name extends keyof ConnectionEvents>(name: Name): ConnectionEvents[Name][] {
  const values: ConnectionEvents[Name][] = [];
  connection.on(name, (value) => values.push(value));
  return values;
}

/** The server hangs up, and the connection comes back. */
export async function reconnected(): Promise<void> {
  const states = heard("state");
  server.hangUp();
  await vi.waitFor(() => expect(states.slice(0, 2)).toEqual(["connecting", "connected"]), { timeout: 3000 });
}

export function frame(content: number): { jpeg: ArrayBuffer; capturedAt: number } {
  return { jpeg: Uint8Array.of(content).buffer, capturedAt: content };
}
