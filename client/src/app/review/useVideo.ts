/** The video of a recording: asked for, waited for while it is made, and handed to the player when there is one. */

import { useEffect, useRef, useState } from "react";
import type { ShownRecording } from "../../sdk";
import { all, listen } from "../../sdk/emitter";
import { errorIn } from "../../sdk/errors";
import { useDesk, usePlayerValue } from "./context";

/** So many seconds of a growing recording may be missing at the end of its video before a longer one is asked for. */
const BEHIND = 15;
const AGAIN_MS = 2000;
const FAILED_MS = 30_000;
/** A link may have expired once; a browser that plays none of them will play no other. */
const MOST_ERRORS = 2;

export interface VideoState {
  /** To be told the video's element. */
  onElement(element: HTMLVideoElement | null): void;
  /** Its address, as soon as there is a video. */
  url: string | undefined;
  /** How much of it is made, 0 to 1, while it is being made. */
  making: number | undefined;
  /** There is none, for this reason. */
  failed: string | undefined;
}

interface Made {
  url: string;
  /** Seconds that the recording had when it was asked for. */
  seconds: number;
}

export function useVideo({ recording, video_url }: ShownRecording): VideoState {
  const { player } = useDesk();
  const [element, setElement] = useState<HTMLVideoElement | null>(null);
  const errors = useRef(0);
  const [made, setMade] = useState<Made>();
  const [source, setSource] = useState<Made>();
  const [making, setMaking] = useState<number>();
  const [failed, setFailed] = useState<string>();
  const rolling = usePlayerValue((state) => state.rolling);
  const playing = usePlayerValue((state) => state.playing);

  const behind = recording.seconds - (made?.seconds ?? 0);
  // One that grows is only encoded for somebody who plays it.
  const wanted = recording.state === "closed" ? behind > 0.5 : playing && behind > BEHIND;
  const newest = useRef({ url: video_url, seconds: recording.seconds });
  useEffect(() => {
    newest.current = { url: video_url, seconds: recording.seconds };
  });

  useEffect(() => {
    if (!wanted) return undefined;
    const stop = new AbortController();
    const asked = newest.current;
    void ask(asked.url, stop.signal, { onShare: setMaking, onFailed: setFailed }).then((ok) => ok && setMade(asked));
    return () => stop.abort();
  }, [wanted]);

  // Never changed under the eyes of somebody who watches it.
  if (made !== source && !rolling) setSource(made);

  useEffect(() => {
    if (!element || !source) return undefined;
    const onError = () => {
      errors.current += 1;
      if (errors.current < MOST_ERRORS) setMade(undefined);
      else setFailed("This browser cannot play the video. Exact pictures are played instead.");
    };
    return all(
      player.attach(element),
      listen(element, "error", onError),
      listen(element, "playing", () => {
        errors.current = 0;
      }),
    );
  }, [player, element, source]);
  return { onElement: setElement, url: source?.url, making: wanted ? making : undefined, failed };
}

interface Heard {
  onShare(share: number | undefined): void;
  onFailed(text: string | undefined): void;
}

/** Until it is made, or nobody waits any more. The first byte is enough: the element asks for the rest by itself. */
async function ask(url: string, signal: AbortSignal, { onShare, onFailed }: Heard): Promise<boolean> {
  while (!signal.aborted) {
    const answer = await fetch(url, { headers: { Range: "bytes=0-0" }, signal }).catch(() => undefined);
    if (signal.aborted) return false;
    const body: unknown = answer?.ok ? await answer.body?.cancel() : await answer?.json().catch(() => undefined);
    const error = errorIn(body);
    const busy = error?.code === "making";
    onShare(busy ? (error?.share ?? 0) : undefined);
    onFailed(answer?.ok || busy ? undefined : (error?.text ?? "The server cannot be reached."));
    if (answer?.ok) return true;
    await new Promise((resolve) => setTimeout(resolve, busy ? AGAIN_MS : FAILED_MS));
  }
  return false;
}
