import { describe, expect, test } from "vitest";
import type { Archive } from "../src/app/review/archive";
import { Feed } from "../src/app/review/feed";
import { ApiError } from "../src/app/shared/api";
import { shown } from "./recording";

function refused(code: string): Promise<never> {
  return Promise.reject(new ApiError(code, "No."));
}

describe("the feed of a recording", () => {
  test.each([
    ["forgets all of it when it was deleted meanwhile", "not_found", [false, false, true]],
    ["keeps what it has when the server is in trouble", "internal", [true, true, false]],
  ])("%s", async (_, code, expected) => {
    const answers = [Promise.resolve(shown()), refused(code)];
    answers[1]?.catch(() => undefined);
    const archive = { recording: () => answers.shift() ?? refused(code) } as unknown as Archive;
    const feed = new Feed(archive, "r");
    await feed.refresh();
    await feed.refresh();
    const state = feed.getState();
    expect([state.shown !== undefined, state.model !== undefined, state.deleted]).toEqual(expected);
    expect(state.code).toBe(code);
  });

  test("knows what never was here from what was deleted", async () => {
    const feed = new Feed({ recording: () => refused("not_found") } as unknown as Archive, "r");
    await feed.refresh();
    expect([feed.getState().code, feed.getState().deleted]).toEqual(["not_found", false]);
  });
});
