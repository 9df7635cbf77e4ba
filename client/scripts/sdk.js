// Completes the SDK's package in sdk/, after `vite build` and `tsc` have written sdk/dist: what npm wants beside the code.

import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const client = fileURLToPath(new URL("..", import.meta.url));
const types = join(client, "sdk/dist/types");

copyFileSync(join(client, "src/sdk/README.md"), join(client, "sdk/README.md"));
copyFileSync(join(client, "sdk.package.json"), join(client, "sdk/package.json"));
copyFileSync(join(client, "../LICENSE"), join(client, "sdk/LICENSE"));

// The worker is part of the code; its types are nobody's business.
rmSync(join(types, "encoder.worker.d.ts"), { force: true });
// With the ending, since Node's own way of looking modules up wants it.
for (const name of readdirSync(types)) {
  const file = join(types, name);
  writeFileSync(file, readFileSync(file, "utf8").replaceAll(/(from "\.\/[\w.]+)"/g, '$1.js"'));
}
