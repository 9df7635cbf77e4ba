import { describe, expect, test, vi } from "vitest";
import type { Warning } from "../src/sdk/protocol";
import { connect, connected, connection, frame, heard, QUICK, reconnected, server, state } from "./line";

const WARNING: Warning = { incident_id: "w1", kind: "no_face", text: "We cannot see you.", opened_at: "2025-01-01T10:00:00.000Z" };

/** Of all frames that came in, by whichever way. */
function numbers(): number[] {
  return [...server.frames.map(({ seq }) => seq), ...server.posts.map((headers) => Number(headers["x-seq"]))];
}

describe("frames over the socket", () => {
  test("carry the token, the bytes and the time of capture", async () => {
    await connected();
    connection.sendFrame(frame(7));
    await vi.waitFor(() => expect(connection.counters.acknowledged).toBe(1));
    expect(server.tokens).toEqual(["t0ken"]);
    expect(server.frames[0]?.captured_at).toBe(7);
    expect([...new Uint8Array(server.frames[0]?.jpeg as ArrayBuffer)]).toEqual([7]);
  });

  test("are at most two unanswered, and of those that wait only the newest is kept", async () => {
    server.onFrame = () => undefined;
    await connected({ answerWithin: 5000 });
    for (const content of [1, 2, 3, 4, 5]) connection.sendFrame(frame(content));
    await vi.waitFor(() => expect(server.frames).toHaveLength(2));
    expect(server.frames.map(({ captured_at }) => captured_at)).toEqual([1, 2]);
    expect(connection.counters).toEqual({ sent: 2, acknowledged: 0, dropped: 2, refused: 0 });
  });

  test("go on with the newest when an answer comes", async () => {
    let hold = true;
    server.onFrame = () => (hold ? undefined : { ok: true });
    await connected({ answerWithin: 100 });
    for (const content of [1, 2, 3, 4]) connection.sendFrame(frame(content));
    await vi.waitFor(() => expect(server.frames).toHaveLength(2));
    hold = false;
    await vi.waitFor(() => expect(connection.counters.acknowledged).toBe(1));
    expect(server.frames.map(({ captured_at }) => captured_at)).toEqual([1, 2, 4]);
    expect(connection.counters.dropped).toBe(3);
  });

  test("are numbered strictly upwards", async () => {
    await connected();
    for (let content = 0; content < 20; content += 1) {
      connection.sendFrame(frame(content));
      await vi.waitFor(() => expect(connection.counters.acknowledged).toBe(content + 1), { interval: 1 });
    }
    expect(numbers()).toEqual([...new Set(numbers())].toSorted((a, b) => a - b));
  });

  test("that the server turns down are counted, and the line stays", async () => {
    server.onFrame = () => ({ ok: false, error: { code: "not_a_jpeg", text: "No picture." } });
    await connected();
    connection.sendFrame(frame(1));
    await vi.waitFor(() => expect(connection.counters.refused).toBe(1));
    expect(connection.state).toBe("connected");
  });

  test.each(["over the socket", "over HTTP"])("go on above the number that the server names, %s", async (way) => {
    const last_seq = Date.now() + 3_600_000;
    const refusal = { ok: false, error: { code: "replayed_seq", text: "Seen before.", last_seq } };
    server.onFrame = () => refusal;
    server.onPost = () => refusal;
    if (way === "over HTTP") server.closeSockets();
    connect();
    await state(way === "over HTTP" ? "offline" : "connected");
    connection.sendFrame(frame(1));
    await vi.waitFor(() => expect(connection.counters.refused).toBe(1));
    await new Promise((resolve) => setTimeout(resolve, QUICK.httpInterval));
    connection.sendFrame(frame(2));
    await vi.waitFor(() => expect(numbers()).toHaveLength(2));
    expect(numbers()[0]).toBeLessThan(last_seq);
    expect(numbers()[1]).toBe(last_seq + 1);
  });

  test("set the pace by their answers, and so does the event", async () => {
    server.onFrame = () => ({ ok: true, pace: { fps: 2, width: 480, quality: 0.5 } });
    await connected();
    const paces = heard("pace");
    connection.sendFrame(frame(1));
    await vi.waitFor(() => expect(paces).toEqual([{ fps: 2, width: 480, quality: 0.5 }]));
    server.tell("pace", { fps: 9 });
    await vi.waitFor(() => expect(paces[1]).toEqual({ fps: 9, width: 480, quality: 0.6 }));
  });
});

describe("without a socket", () => {
  test("frames go over HTTP after a while, and the socket is taken again when it is back", async () => {
    await connected();
    server.closeSockets();
    await state("offline");
    const timer = setInterval(() => connection.sendFrame(frame(1)), 10);
    await state("http");
    expect(server.posts[0]?.authorization).toBe("Bearer t0ken");
    expect(Number(server.posts[0]?.["x-seq"])).toBeGreaterThan(0);
    expect(server.posts[0]?.["x-captured-at"]).toBe("1");
    const before = server.frames.length;
    server.openSockets();
    await state("connected");
    await vi.waitFor(() => expect(server.frames.length).toBeGreaterThan(before));
    clearInterval(timer);
  });

  test("frames over HTTP are fewer", async () => {
    server.closeSockets();
    connect({ fallbackAfter: 10, httpInterval: 200 });
    const timer = setInterval(() => connection.sendFrame(frame(1)), 5);
    await state("http");
    await new Promise((resolve) => setTimeout(resolve, 500));
    clearInterval(timer);
    expect(server.posts.length).toBeLessThanOrEqual(4);
    expect(connection.counters.dropped).toBeGreaterThan(20);
  });

  test("the answers over HTTP open and clear warnings, and set the pace", async () => {
    server.closeSockets();
    server.onPost = () => ({ ok: true, warnings: [WARNING], pace: { fps: 1, width: 320, quality: 0.6 } });
    connect();
    const [opened, cleared, paces] = [heard("warning"), heard("warning_cleared"), heard("pace")];
    const timer = setInterval(() => connection.sendFrame(frame(1)), 10);
    await vi.waitFor(() => expect(opened).toEqual([WARNING]), { timeout: 3000 });
    expect(paces[0]?.fps).toBe(1);
    server.onPost = () => ({ ok: true, warnings: [] });
    await vi.waitFor(() => expect(cleared.map(({ incident_id }) => incident_id)).toEqual(["w1"]));
    clearInterval(timer);
  });

  test("says so when nothing gets through at all", async () => {
    const url = server.url;
    await server.stop();
    connect({}, url);
    const timer = setInterval(() => connection.sendFrame(frame(1)), 10);
    await state("offline");
    await vi.waitFor(() => expect(connection.counters.sent).toBeGreaterThan(1));
    expect(connection.state).toBe("offline");
    clearInterval(timer);
  });
});

describe("the line", () => {
  test("comes back by itself after the server hung up", async () => {
    await connected();
    await reconnected();
    expect(connection.state).toBe("connected");
  });

  test("stops for good when the token is refused", async () => {
    server.refusal = { code: "not_authenticated", text: "This link has expired." };
    connect();
    const fatal = heard("fatal");
    await state("closed");
    expect(fatal).toEqual([server.refusal]);
  });

  test("tries again when the refusal may pass", async () => {
    server.refusal = { code: "away", text: "Just now." };
    connect({ fallbackAfter: 5000 });
    await vi.waitFor(() => expect(server.tokens.length).toBeGreaterThan(1), { timeout: 3000 });
    server.refusal = undefined;
    await state("connected");
  });

  test("stops when the exam is ended, by event or by an answer", async () => {
    await connected();
    const ended = heard("ended");
    server.tell("ended", { reason: "Time is up." });
    await state("closed");
    server.onFrame = () => ({ ok: false, error: { code: "ended", text: "It is over." } });
    await connected();
    const again = heard("ended");
    connection.sendFrame(frame(1));
    await state("closed");
    expect([...ended, ...again].map(({ reason }) => reason)).toEqual(["Time is up.", "It is over."]);
  });

  test("names this page, by the same name every time", async () => {
    await connected();
    await reconnected();
    expect(server.pages).toHaveLength(2);
    expect(server.pages[0]).toMatch(/^[\da-f-]{32,36}$/);
    expect(server.pages[1]).toBe(server.pages[0]);
  });

  test("says when the exam goes on in another window, and does not come back by itself", async () => {
    await connected();
    const ended = heard("ended");
    server.tell("ended", { reason: "Opened elsewhere.", code: "replaced" });
    server.hangUp();
    await state("closed");
    expect(ended).toEqual([{ reason: "Opened elsewhere.", code: "replaced" }]);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(server.tokens).toHaveLength(1);
  });

  test("passes on each message once, however often and by whichever way it comes", async () => {
    const message = { id: "m1", text: "Hello", at: WARNING.opened_at };
    server.onPost = () => ({ ok: true, messages: [message, { ...message, id: "m2" }] });
    await connected();
    const messages = heard("message");
    server.tell("message", message);
    server.tell("message", message);
    await vi.waitFor(() => expect(messages).toHaveLength(1));
    server.closeSockets();
    const timer = setInterval(() => connection.sendFrame(frame(1)), 10);
    await vi.waitFor(() => expect(server.posts.length).toBeGreaterThan(1), { timeout: 3000 });
    clearInterval(timer);
    await vi.waitFor(() => expect(messages.map(({ id }) => id)).toEqual(["m1", "m2"]));
  });

  test("passes on warnings once each, and messages", async () => {
    await connected();
    const [opened, cleared, messages] = [heard("warning"), heard("warning_cleared"), heard("message")];
    server.tell("warning", WARNING);
    server.tell("warning", WARNING);
    server.tell("message", { id: "m", text: "Hello", at: WARNING.opened_at });
    server.tell("warning_cleared", { incident_id: "w1", at: WARNING.opened_at });
    await vi.waitFor(() => expect(cleared).toHaveLength(1));
    expect(opened).toHaveLength(1);
    expect(messages[0]?.text).toBe("Hello");
  });

  test("passes on a warning that comes back after a lull", async () => {
    await connected();
    const [opened, cleared] = [heard("warning"), heard("warning_cleared")];
    for (let times = 1; times <= 2; times += 1) {
      server.tell("warning", WARNING);
      await vi.waitFor(() => expect(opened).toHaveLength(times));
      server.tell("warning_cleared", { incident_id: "w1", at: WARNING.opened_at });
      await vi.waitFor(() => expect(cleared).toHaveLength(times));
    }
  });

  test("clears after a reconnect what the server no longer tells", async () => {
    await connected();
    const [opened, cleared] = [heard("warning"), heard("warning_cleared")];
    server.tell("warning", WARNING);
    server.tell("warning", { ...WARNING, incident_id: "w2" });
    await vi.waitFor(() => expect(opened).toHaveLength(2));
    await reconnected();
    server.tell("warning", WARNING);
    await vi.waitFor(() => expect(cleared.map(({ incident_id }) => incident_id)).toEqual(["w2"]));
  });
});
