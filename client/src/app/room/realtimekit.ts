/** Cloudflare RealtimeKit's own interface. Loaded only where a meeting is held there. */

import RealtimeKitClient from "@cloudflare/realtimekit";

// The meeting's element makes others by name only: each has to be there, and registers itself.
import.meta.glob("../../../node_modules/@cloudflare/realtimekit-ui/dist/components/rtk-*.js", { eager: true });

export const element = "rtk-meeting";

export function open(authToken: string): Promise<RealtimeKitClient> {
  return RealtimeKitClient.init({ authToken, defaults: { audio: true, video: true } });
}
