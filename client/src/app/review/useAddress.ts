/** Which recording is open stands in the address: so the browser's own back and reload work. */

import { useCallback, useEffect, useState } from "react";
import { listen } from "../../sdk/emitter";

const NAME = "recording";

export function useAddress(): readonly [string | undefined, (recordingId: string | undefined) => void] {
  const [recordingId, setRecordingId] = useState(read);
  useEffect(() => listen(window, "popstate", () => setRecordingId(read())), []);
  const go = useCallback((id: string | undefined) => {
    const query = id ? `?${new URLSearchParams({ [NAME]: id })}` : "";
    window.history.pushState(null, "", window.location.pathname + query);
    setRecordingId(id);
    window.scrollTo({ top: 0 });
  }, []);
  return [recordingId, go];
}

function read(): string | undefined {
  return new URLSearchParams(window.location.search).get(NAME) ?? undefined;
}
