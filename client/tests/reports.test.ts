import { describe, expect, test, vi } from "vitest";
import { activityNow } from "../src/sdk/activity";
import { connect, connected, connection, heard, reconnected, server, state } from "./line";

describe("what is reported", () => {
  test("is kept until there is a connection, in order", async () => {
    server.closeSockets();
    connect();
    connection.report(activityNow("consent_given", { text_version: "1" }));
    connection.report(activityNow("tab_hidden", { active: true }));
    connection.shown("w1", new Date(0));
    server.openSockets();
    await state("connected");
    await vi.waitFor(() => expect(server.shown).toEqual([{ incident_id: "w1", at: "1970-01-01T00:00:00.000Z" }]));
    expect(server.activities.map(({ kind }) => kind)).toEqual(["consent_given", "tab_hidden"]);
  });

  test("goes over HTTP as long as no socket can be had, past what needs one", async () => {
    server.closeSockets();
    connect();
    connection.shown("w1", new Date(0));
    const consented = connection.report(activityNow("consent_given", { text_version: "1" }));
    await expect(consented).resolves.toBe(true);
    expect(await connection.report(activityNow("finished", null))).toBe(true);
    expect(server.activities.map(({ kind }) => kind)).toEqual(["consent_given", "finished"]);
    expect(connection.state).toBe("http");
    expect(server.shown).toEqual([]);
  });

  test("tells that the candidate has finished until the server takes it", async () => {
    const codes = ["away", "internal", "too_many"];
    server.onActivity = () => {
      const code = codes.shift();
      return code ? { ok: false, error: { code, text: "Not now." } } : { ok: true };
    };
    await connected();
    let taken: boolean | undefined;
    void connection.report(activityNow("finished", null)).then((answer) => (taken = answer));
    await vi.waitFor(() => expect(server.activities).toHaveLength(1));
    expect(taken).toBeUndefined();
    await vi.waitFor(() => expect(taken).toBe(true), { timeout: 5000 });
    expect(server.activities).toHaveLength(4);
  });

  test("takes a refused second telling for the lost answer to the first", async () => {
    server.onActivity = () => ({ ok: false, error: { code: "ended", text: "This exam is over." } });
    await connected();
    const ended = heard("ended");
    expect(await connection.report(activityNow("finished", null))).toBe(true);
    expect(ended).toEqual([]);
  });

  test("gives up what was not told when the exam is ended", async () => {
    server.onActivity = () => ({ ok: false, error: { code: "away", text: "Not now." } });
    await connected();
    const report = connection.report(activityNow("finished", null));
    await vi.waitFor(() => expect(server.activities).toHaveLength(1));
    server.tell("ended", { reason: "Time is up." });
    expect(await report).toBe(false);
  });

  test("is told again after a reconnect when it still lasts", async () => {
    await connected();
    connection.report(activityNow("tab_hidden", { active: true }));
    connection.report(activityNow("focus_lost", { active: true }));
    connection.report(activityNow("focus_lost", { active: false }));
    connection.report(activityNow("clipboard", { action: "copy" }));
    await vi.waitFor(() => expect(server.activities).toHaveLength(4));
    await reconnected();
    await vi.waitFor(() => expect(server.activities.slice(4).map(({ kind }) => kind)).toEqual(["tab_hidden"]));
  });
});
