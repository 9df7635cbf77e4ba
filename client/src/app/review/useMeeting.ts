/** The recordings of a meeting, asked for again while any of them grows. */

import { useEffect, useState } from "react";
import type { Meeting } from "../../sdk";
import { codeOf, textOf } from "../shared/api";
import type { Archive } from "./archive";
import { type Overview, overviewOf } from "./overview";

const GROWING_MS = 5000;
const IDLE_MS = 20_000;

interface MeetingState {
  meeting: Meeting | undefined;
  overviews: Overview[] | undefined;
  /** Signed link to all of the meeting. */
  bundle: string | undefined;
  error: string | undefined;
  code: string | undefined;
}

const NOTHING: MeetingState = { meeting: undefined, overviews: undefined, bundle: undefined, error: undefined, code: undefined };

export function useMeeting(archive: Archive): MeetingState {
  const [state, setState] = useState(NOTHING);

  useEffect(() => {
    let current = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const load = async () => {
      let growing = false;
      try {
        const [meeting, { recordings, bundle_url }, incidents] = await Promise.all([archive.meeting(), archive.recordings(), archive.incidents()]);
        growing = recordings.some((each) => each.state === "open");
        if (current) setState({ meeting, overviews: overviewOf(recordings, incidents), bundle: bundle_url, error: undefined, code: undefined });
      } catch (failure) {
        if (current) setState((before) => ({ ...before, error: textOf(failure), code: codeOf(failure) }));
      }
      if (current) timer = setTimeout(() => void load(), growing ? GROWING_MS : IDLE_MS);
    };
    void load();
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [archive]);
  return state;
}
