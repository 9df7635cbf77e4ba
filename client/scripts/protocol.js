// Turns the server's JSON Schema into src/sdk/protocol.ts. The output depends on the schema alone.
//
//   python -m server.protocol | npm run --silent protocol                writes src/sdk/protocol.ts
//   npm run --silent protocol -- schema.json out.ts                      other files; "-" is standard input or output

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { compile } from "json-schema-to-typescript";

const [input = "-", output = fileURLToPath(new URL("../src/sdk/protocol.ts", import.meta.url))] = process.argv.slice(2);

const HEADER = `/**
 * The wire, version 1. Generated from server/protocol/ by \`npm run protocol\`; do not edit.
 */

/** Bytes as Socket.IO hands them over in a browser. */
export type Bytes = ArrayBuffer;
`;

const ARRAY_BOUNDS = new Set(["minItems", "maxItems"]);

/** The schema without what would only clutter the types: titles of properties, bounds of arrays, defaults beside a reference. */
function plain(node) {
  if (Array.isArray(node)) return node.map(plain);
  if (node === null || typeof node !== "object") return node;
  if (typeof node.$ref === "string") return { $ref: node.$ref };
  if (node.format === "binary") return { tsType: "Bytes" };
  const kept = Object.entries(node).filter(([key]) => key !== "title" && !ARRAY_BOUNDS.has(key));
  return withConstantsRequired(Object.fromEntries(kept.map(([key, value]) => [key, KEYED.has(key) ? each(value) : plain(value)])));
}

/** Under these keys stand names of ours, not words of JSON Schema. */
const KEYED = new Set(["$defs", "properties"]);

function each(named) {
  return Object.fromEntries(Object.entries(named).map(([name, value]) => [name, plain(value)]));
}

/** A constant such as `ok: true` is always sent, and tells one message from another only when it is not optional. */
function withConstantsRequired(node) {
  const constants = Object.entries(node.properties ?? {}).filter(([, value]) => "const" in value).map(([name]) => name);
  return constants.length === 0 ? node : { ...node, required: [...new Set([...(node.required ?? []), ...constants])] };
}

const schema = plain(JSON.parse(readFileSync(input === "-" ? 0 : input, "utf8")));
const types = await compile({ ...schema, title: "Protocol" }, "Protocol", {
  bannerComment: HEADER,
  additionalProperties: false,
  unreachableDefinitions: true,
  unknownAny: true,
  style: { printWidth: 120 },
});
const tidy = types
  .replaceAll(/\n \*\n \* This interface was referenced by `Protocol`'s JSON-Schema\n \* via the `definition` "\w+"\./g, "")
  .replace(/export interface Protocol \{[^}]*\}\n/, "");
if (output === "-") process.stdout.write(tidy);
else writeFileSync(output, tidy);
