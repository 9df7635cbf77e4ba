/** Dyte's own interface. Loaded only where a meeting is held there. */

import DyteClient from "@dytesdk/web-core";

// The meeting's element makes others by name only: each has to be there, and registers itself.
import.meta.glob("../../../node_modules/@dytesdk/ui-kit/dist/components/dyte-*.js", { eager: true });

export const element = "dyte-meeting";

export function open(authToken: string): Promise<DyteClient> {
  return DyteClient.init({ authToken, defaults: { audio: true, video: true } });
}
