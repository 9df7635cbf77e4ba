import { describe, expect, test } from "vitest";
import { FrameSlot, Sequence } from "../src/sdk/frames";
import { fitted } from "../src/sdk/pace";
import { pageId } from "../src/sdk/storage";

function frame(capturedAt: number) {
  return { jpeg: new ArrayBuffer(1), capturedAt };
}

class Memory {
  readonly items = new Map<string, string>();
  getItem = (key: string) => this.items.get(key) ?? null;
  setItem = (key: string, value: string) => void this.items.set(key, value);
}

describe("the slot", () => {
  test("is empty at first", () => {
    expect(new FrameSlot().take()).toBeUndefined();
  });

  test("keeps the newest of those that wait and counts the others", () => {
    const slot = new FrameSlot();
    for (const at of [1, 2, 3]) slot.offer(frame(at));
    expect(slot.take()?.capturedAt).toBe(3);
    expect(slot.counters).toEqual({ sent: 1, acknowledged: 0, dropped: 2, refused: 0 });
  });

  test("gives out two, and a third only when one is settled", () => {
    const slot = new FrameSlot();
    for (const at of [1, 2]) {
      slot.offer(frame(at));
      slot.take();
    }
    slot.offer(frame(3));
    expect(slot.take()).toBeUndefined();
    slot.settle("acknowledged");
    expect(slot.take()?.capturedAt).toBe(3);
  });

  test("accounts for every frame", () => {
    const slot = new FrameSlot();
    for (const outcome of ["acknowledged", "dropped", "refused"] as const) {
      slot.offer(frame(1));
      slot.take();
      slot.settle(outcome);
    }
    expect(slot.counters).toEqual({ sent: 3, acknowledged: 1, dropped: 1, refused: 1 });
  });
});

describe("the sequence", () => {
  test("rises within one millisecond", () => {
    const sequence = new Sequence(new Memory(), () => 1000);
    expect([sequence.next(), sequence.next(), sequence.next()]).toEqual([1000, 1001, 1002]);
  });

  test("rises across a reload with the clock set back", () => {
    const memory = new Memory();
    const before = new Sequence(memory, () => 2000).next();
    expect(new Sequence(memory, () => 1000).next()).toBeGreaterThan(before);
  });

  test("jumps above what another machine has sent, and never back", () => {
    const memory = new Memory();
    const sequence = new Sequence(memory, () => 1000);
    sequence.goAbove(5000);
    expect(sequence.next()).toBe(5001);
    sequence.goAbove(10);
    expect(sequence.next()).toBe(5002);
    expect(new Sequence(memory, () => 1000).next()).toBe(5003);
  });

  test("needs no storage", () => {
    expect(new Sequence(undefined, () => 5).next()).toBe(5);
  });
});

test("the page's id survives a reload, and another tab has another", () => {
  const memory = new Memory();
  expect(pageId(memory)).toBe(pageId(memory));
  expect(pageId(new Memory())).not.toBe(pageId(memory));
});

describe("the size to encode at", () => {
  test.each([
    [{ width: 640, height: 480 }, 320, { width: 320, height: 240 }],
    [{ width: 1280, height: 720 }, 320, { width: 320, height: 180 }],
    [{ width: 480, height: 640 }, 320, { width: 320, height: 427 }],
    [{ width: 160, height: 120 }, 320, { width: 160, height: 120 }],
    [{ width: 2000, height: 1 }, 320, { width: 320, height: 1 }],
  ])("%o at %i is %o", (source, width, size) => {
    expect(fitted(source, width)).toEqual(size);
  });
});
