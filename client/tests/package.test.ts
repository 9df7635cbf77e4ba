/** The package as others get it: built, packed, installed into an empty project, and held against the meetings' own types. */

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const CLIENT = fileURLToPath(new URL("..", import.meta.url));
const PROJECT = mkdtempSync(join(tmpdir(), "invigil-package-"));

function run(command: string, args: string[], cwd = PROJECT): string {
  return execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** What TypeScript says of this source in that project, which is nothing when all is well. */
function checked(source: string, resolution: "nodenext" | "bundler"): string {
  writeFileSync(join(PROJECT, "page.ts"), source);
  const options = ["--noEmit", "--strict", "--skipLibCheck", "--target", "es2022", "--lib", "es2023,dom,dom.iterable", "--types", ""];
  const module = resolution === "nodenext" ? "nodenext" : "esnext";
  try {
    return run(join(CLIENT, "node_modules/.bin/tsc"), [...options, "--module", module, "--moduleResolution", resolution, "page.ts"]);
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

beforeAll(() => {
  run("npm", ["run", "--silent", "build:sdk"], CLIENT);
  run("npm", ["pack", "--silent", "--pack-destination", PROJECT], join(CLIENT, "sdk"));
  writeFileSync(join(PROJECT, "package.json"), JSON.stringify({ name: "host", private: true, type: "module" }));
  const archive = readdirSync(PROJECT).find((name) => name.endsWith(".tgz"));
  run("npm", ["install", "--silent", "--offline", "--no-audit", "--no-fund", `./${archive}`]);
  for (const scope of ["@cloudflare", "@dytesdk"]) {
    mkdirSync(join(PROJECT, "node_modules"), { recursive: true });
    symlinkSync(join(CLIENT, "node_modules", scope), join(PROJECT, "node_modules", scope));
  }
}, 120_000);
afterAll(() => rmSync(PROJECT, { recursive: true, force: true }));

test("brings code, types and words, and nothing else", () => {
  const folder = join(PROJECT, "node_modules/invigil-client");
  expect(readdirSync(folder).toSorted()).toEqual(["LICENSE", "README.md", "dist", "package.json"]);
  expect(readdirSync(join(folder, "dist")).toSorted()).toEqual(["index.js", "invigil.js", "types"]);
  expect(readdirSync(join(PROJECT, "node_modules")).toSorted()).toEqual([".package-lock.json", "@cloudflare", "@dytesdk", "invigil-client"]);
});

test("its two lines fit both meetings as they are published", () => {
  const source = `
    import RealtimeKitClient from "@cloudflare/realtimekit";
    import DyteClient from "@dytesdk/web-core";
    import { attachProctoring, proctoringMiddleware, proctorTrack, startProctoring } from "invigil-client";

    declare const current: RealtimeKitClient;
    declare const former: DyteClient;
    for (const meeting of [current, former]) {
      const exam = attachProctoring(meeting, { server: "https://exams.example", token: "t" });
      exam.on("warning", ({ text }) => text.toUpperCase());
    }
    const middleware = proctoringMiddleware();
    await current.self.addVideoMiddleware(middleware);
    await former.self.addVideoMiddleware(middleware);
    startProctoring({ url: "https://exams.example", token: "t", source: middleware });
    startProctoring({ url: "https://exams.example", token: "t", source: proctorTrack(current) });
    export {};
  `;
  // The meetings' own types cannot be resolved as Node does it.
  expect(checked(source, "bundler")).toBe("");
}, 60_000);

test("its types are found as Node looks for them", () => {
  const source = `
    import { startProctoring, type Warning } from "invigil-client";
    const canvas = document.createElement("canvas");
    startProctoring({ url: "", token: "", source: canvas }).on("warning", (warning: Warning) => warning.text.trim());
  `;
  expect(checked(source, "nodenext")).toBe("");
}, 60_000);

test("a mistake is told by the types", () => {
  const source = `import { attachProctoring } from "invigil-client"; attachProctoring({}, { server: 1 });`;
  expect(checked(source, "nodenext")).toContain("error TS2");
}, 60_000);

test("may be imported where there is no page, as by a server that draws pages ahead", () => {
  const names = run("node", ["--input-type=module", "--eval", `import * as sdk from "invigil-client"; console.log(Object.keys(sdk).join())`]);
  expect(names.trim().split(",")).toEqual(expect.arrayContaining(["attachProctoring", "proctorTrack", "proctoringMiddleware", "startProctoring"]));
});
