import { useEffect, useState, useSyncExternalStore } from "react";
import { Page } from "../shared/Page";
import { ProblemPage } from "../shared/ProblemPage";
import type { Archive } from "./archive";
import { type Desk, DeskProvider } from "./context";
import { Feed } from "./feed";
import { Frames } from "./frames";
import { Player } from "./player";
import { Theatre } from "./Theatre";
import { Waiting } from "./Waiting";

/** After these there is nothing to try again. */
const FINAL = new Set(["not_authenticated", "not_allowed"]);

function troubleOf(error: string, code: string | undefined): string {
  return code && FINAL.has(code)
    ? `${error} What you see is no longer brought up to date, and decisions cannot be kept.`
    : `What you see may not be the newest: ${error} We try again.`;
}

interface WatchProps {
  archive: Archive;
  recordingId: string;
  onGo(recordingId: string | undefined): void;
}

/** One recording: loads it, and keeps what its parts share. */
export function Watch({ archive, recordingId, onGo }: WatchProps) {
  const [desk] = useState<Desk>(() => ({
    archive,
    feed: new Feed(archive, recordingId),
    frames: new Frames(archive, recordingId),
    player: new Player(),
  }));
  const { shown, model, error, code, deleted } = useSyncExternalStore(desk.feed.subscribe, desk.feed.getState);
  useEffect(() => desk.feed.open(), [desk]);
  useEffect(
    () => () => {
      desk.player.pause();
      desk.frames.clear();
    },
    [desk],
  );
  useEffect(() => {
    if (!deleted) return;
    desk.player.pause();
    desk.frames.clear();
  }, [desk, deleted]);
  if (shown && model) {
    return (
      <DeskProvider value={desk}>
        <Theatre shown={shown} model={model} trouble={error && troubleOf(error, code)} onGo={onGo} />
      </DeskProvider>
    );
  }
  if (code === "not_authenticated" || code === "not_allowed") return <ProblemPage problem="bad_link" detail={error} />;
  return (
    <Page title="Recording" width={1180}>
      <Waiting error={error} gone={code === "not_found"} deleted={deleted} onBack={() => onGo(undefined)} onRetry={() => void desk.feed.refresh()} />
    </Page>
  );
}
