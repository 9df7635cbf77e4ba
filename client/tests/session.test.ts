// @vitest-environment happy-dom
import { expect, test } from "vitest";
import { takeTokenFromAddress } from "../src/app/shared/session";

test("the token leaves the address bar, and is there for whoever asks again", () => {
  expect(takeTokenFromAddress()).toBeUndefined();
  window.history.replaceState(null, "", "/proctor?x=1#token=abc");
  expect(takeTokenFromAddress()).toBe("abc");
  expect(window.location.href).toMatch(/\/proctor\?x=1$/);
  expect(takeTokenFromAddress()).toBe("abc");
});
