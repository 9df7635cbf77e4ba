// @vitest-environment happy-dom
/** The player without a screen: an archive that answers as the server does, and the clock of the tests. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Archive } from "../src/app/review/archive";
import { Feed } from "../src/app/review/feed";
import { Frames } from "../src/app/review/frames";
import { modelOf } from "../src/app/review/model";
import { Player } from "../src/app/review/player";
import { ApiError, type Picture } from "../src/app/shared/api";
import type { ShownRecording, ShownSegment } from "../src/sdk/protocol";
import { at, recording, segment, shown } from "./recording";

/** Two segments of fifty frames; the first three of the second came within one millisecond. */
class Shelf {
  readonly asked: string[] = [];
  damaged: number | undefined;
  reencoded: number | undefined;
  answer: ShownRecording | Error = shown();

  async recording(id: string, from: number): Promise<ShownRecording> {
    this.asked.push(`${id} from ${from}`);
    if (this.answer instanceof Error) throw this.answer;
    return this.answer;
  }

  async segment(_: string, number: number): Promise<ShownSegment> {
    this.asked.push(`segment ${number}`);
    if (number === this.damaged) throw new ApiError("damaged", "This part is damaged.");
    const frames = Array.from({ length: 50 }, (_, n) => {
      const second = number * 10 + (number === 1 && n < 3 ? 0 : n / 5);
      return { seq: number * 50 + n + 1, at: at(second), captured_at: at(second) };
    });
    const faces = [{ box: [0, 0, 1, 1], score: 0.9, landmarks: [] }];
    return { number, frames, samples: [{ seq: 50, at: at(9.8), faces, quality: { brightness: 1, contrast: 1, sharpness: 1 } }], missed: [], events: [] };
  }

  async frame(_: string, seq: number): Promise<Picture> {
    this.asked.push(`frame ${seq}`);
    return { blob: new Blob([String(seq)]), exact: seq !== this.reencoded };
  }
}

function shelf(): Shelf & Archive {
  return new Shelf() as Shelf & Archive;
}

describe("frames", () => {
  const model = modelOf(shown());

  test.each([
    [0, 1],
    [198, 1],
    [199.5, 2],
    [9999.2, 53],
    [10_399, 53],
    [19_900, 100],
    [-50, 1],
  ])("at %f ms it is frame %i", async (position, seq) => {
    expect((await new Frames(shelf(), "r").at(model, { at: position }))?.seq).toBe(seq);
  });

  test("are stepped one by one, over the ends of segments and also where several came at once", async () => {
    const frames = new Frames(shelf(), "r");
    let place = await frames.at(model, { at: 9600 });
    const seen = [place?.seq];
    for (const step of [1, 1, 1, 1, 1, -1, -1, -1, -1] as const) {
      place = place && (await frames.beside(model, place, step));
      seen.push(place?.seq);
    }
    expect(seen).toEqual([49, 50, 51, 52, 53, 54, 53, 52, 51, 50]);
  });

  test("end where the recording does", async () => {
    const frames = new Frames(shelf(), "r");
    expect(await frames.beside(model, { at: 0 }, -1)).toBeUndefined();
    expect(await frames.beside(model, { at: 20_000 }, 1)).toBeUndefined();
  });

  test("of a damaged segment are stepped over, and asked for say so", async () => {
    const three = modelOf(shown({ segments: [segment(0), segment(1), segment(2)], recording: recording({ seconds: 30 }) }));
    const archive = shelf();
    archive.damaged = 1;
    const frames = new Frames(archive, "r");
    expect((await frames.beside(three, { at: 9900 }, 1))?.seq).toBe(101);
    expect((await frames.beside(three, { at: 20_000 }, -1))?.seq).toBe(50);
    await expect(frames.at(three, { at: 15_000 })).rejects.toThrow("This part is damaged.");
  });

  test("are asked for once, and again when a segment has grown", async () => {
    const archive = shelf();
    const frames = new Frames(archive, "r");
    expect(frames.known(model, 500)).toBeUndefined();
    await Promise.all([frames.at(model, { at: 500 }), frames.at(model, { at: 900 })]);
    await Promise.all([frames.picture(3), frames.picture(3)]);
    expect(frames.known(model, 500)?.seq).toBe(3);
    expect(archive.asked).toEqual(["segment 0", "frame 3"]);
    const grown = modelOf(shown({ segments: [{ ...segment(0), last_seq: 51, frames: 51 }] }));
    await frames.at(grown, { at: 500 });
    expect(archive.asked).toEqual(["segment 0", "frame 3", "segment 0"]);
  });

  test("say whether they are the bytes that were received", async () => {
    const archive = shelf();
    archive.reencoded = 4;
    const frames = new Frames(archive, "r");
    expect([await frames.picture(3), await frames.picture(4)].map(({ exact }) => exact)).toEqual([true, false]);
  });

  test("have the faces that were noted in the segment after theirs", async () => {
    const frames = new Frames(shelf(), "r");
    expect(frames.facesOf(model, 50, 9800)).toBeUndefined();
    await frames.at(model, { at: 10_000 });
    expect(frames.facesOf(model, 50, 9800)?.[0]?.score).toBe(0.9);
  });
});

describe("with the clock of the tests", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "requestAnimationFrame", "cancelAnimationFrame", "performance"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test("the player plays by its own clock, at its speed, and stops at the end", () => {
    const player = new Player();
    player.grown(20_000);
    player.setSpeed(4);
    player.play();
    vi.advanceTimersByTime(2000);
    expect(player.getState().at).toBeGreaterThan(7800);
    expect(player.getState().at).toBeLessThan(8200);
    player.seek(19_000);
    vi.advanceTimersByTime(1000);
    expect([player.getState().at, player.getState().playing]).toEqual([20_000, false]);
    player.play();
    expect(player.getState().at).toBe(0);
    player.pause();
  });

  test("a step names its frame until one goes elsewhere", () => {
    const player = new Player();
    player.grown(20_000);
    player.seek(10_000, 51);
    expect(player.getState().seq).toBe(51);
    player.seek(10_000);
    expect(player.getState().seq).toBeUndefined();
    player.seek(99_999);
    expect(player.getState().at).toBe(20_000);
  });

  test("who follows stays at the newest, until they seek or play", () => {
    const player = new Player();
    player.grown(20_000);
    player.follow(true);
    player.grown(25_000);
    expect(player.getState().at).toBe(25_000);
    player.seek(3000);
    player.grown(30_000);
    expect([player.getState().at, player.getState().following]).toEqual([3000, false]);
  });

  test.each([
    [1, [2, 4, 8, 16, 16]],
    [-1, [0.5, 0.5]],
  ] as const)("the speed goes by steps of %i to its end", (step, speeds) => {
    const player = new Player();
    expect(speeds.map(() => (player.faster(step), player.getState().speed))).toEqual(speeds);
  });

  test("a growing recording is asked for every two seconds from its last segment, a signed one seldom", async () => {
    const archive = shelf();
    const feed = new Feed(archive, "r");
    const close = feed.open();
    await vi.advanceTimersByTimeAsync(4100);
    expect(archive.asked).toEqual(["r from 0", "r from 1", "r from 1"]);
    archive.answer = shown({ recording: recording({ state: "closed" }) });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(archive.asked).toHaveLength(4);
    close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(archive.asked).toHaveLength(4);
  });

  test("what was shown stays when an answer does not come, with the reason", async () => {
    const archive = shelf();
    const feed = new Feed(archive, "r");
    const close = feed.open();
    await vi.advanceTimersByTimeAsync(0);
    archive.answer = new ApiError("not_authenticated", "This link has expired. Ask for a new one.");
    await vi.advanceTimersByTimeAsync(2000);
    const { shown: kept, error, code } = feed.getState();
    expect([kept?.recording.id, error, code]).toEqual(["r", "This link has expired. Ask for a new one.", "not_authenticated"]);
    archive.answer = shown();
    await vi.advanceTimersByTimeAsync(2000);
    expect(feed.getState().error).toBeUndefined();
    close();
  });
});
