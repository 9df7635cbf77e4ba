import { Loader } from "@mantine/core";
import { useEffect, useState } from "react";
import type { Recording } from "../../sdk";
import { count, span } from "../shared/words";
import { useDesk, usePlayer } from "./context";
import { FaceBoxes } from "./FaceBoxes";
import { boxesAt, holeAt, lastUpTo, type Model } from "./model";
import classes from "./Review.module.css";
import { useStill } from "./useStill";
import type { VideoState } from "./useVideo";
import { exactClock, GAP_WORDS } from "./words";

interface StageProps {
  recording: Recording;
  model: Model;
  video: VideoState;
  boxes: boolean;
}

/** The picture: an exact frame, or the video while that plays; what detection saw is drawn over it. */
export function Stage({ recording, model, video: { url, onElement }, boxes }: StageProps) {
  const { frames, player } = useDesk();
  const { at, seq, playing, rolling } = usePlayer();
  const { still, place, error } = useStill(model, { at, seq }, { on: !rolling, ahead: !playing });
  const [ratio, setRatio] = useState(4 / 3);
  useKnown(model, at, rolling);
  const shown = rolling ? frames.known(model, at) : still?.frame;
  const settled = rolling || (place?.at === at && place.seq === seq);
  const seen = boxes && shown ? boxesAt(model, rolling ? at : shown.at, shown.seq) : undefined;
  const hole = holeAt(model, at);
  return (
    <div className={classes.stage} data-testid="stage" data-rolling={rolling} data-seq={shown?.seq}>
      <div className={classes.canvas}>
        {/* A click on the picture is a convenience: the button below does the same. */}
        <div className={classes.picture} style={{ aspectRatio: ratio, width: `min(100cqw, ${ratio * 100}cqh)` }} onPointerUp={() => player.toggle()} data-testid="picture">
          {still ? (
            <img
              src={still.url}
              alt={`${recording.candidate_name}, frame ${still.frame.seq}`}
              onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) => setRatio(naturalWidth / naturalHeight)}
              data-testid="still"
            />
          ) : null}
          {url ? (
            <video ref={onElement} src={url} className={classes.video} preload="auto" muted playsInline tabIndex={-1} aria-hidden data-testid="video" />
          ) : null}
          {seen ? <FaceBoxes seen={seen} faces={frames.facesOf(model, seen.sample.seq, at)} /> : null}
        </div>
        {settled ? null : <Loader className={classes.loader} size="sm" color="white" aria-hidden />}
        {hole ? (
          <p className={classes.hole} data-testid="hole">
            {GAP_WORDS[hole.gap.cause]}: {span(hole.to - hole.from)} without a recording. {still || rolling ? "You see the last picture before." : ""}
          </p>
        ) : null}
        {error && settled && !rolling ? (
          <p className={classes.hole} role="alert" data-testid="no-picture">
            {error}
          </p>
        ) : null}
      </div>
      <p className={`numbers ${classes.what}`} data-testid="what">
        <span>{whatIsShown(model, { rolling, shown, exact: still?.exact ?? true, loading: !settled })}</span>
        {seen ? <span data-testid="boxes-words">{boxesWords(seen.sample.boxes.length, seen.exact, seen.sample.seq)}</span> : null}
      </p>
    </div>
  );
}

/** While the video plays, what it shows is looked up here: nothing waits for an answer. */
function useKnown(model: Model, at: number, rolling: boolean): void {
  const { frames } = useDesk();
  const part = lastUpTo(model.starts, at);
  useEffect(() => {
    if (rolling) void frames.prepare(model, part).catch(() => undefined);
  }, [frames, model, part, rolling]);
}

interface Shown {
  rolling: boolean;
  shown: { seq: number; at: number } | undefined;
  /** The still is the very bytes that were received. */
  exact: boolean;
  loading: boolean;
}

function whatIsShown({ began }: Model, { rolling, shown, exact, loading }: Shown): string {
  if (!shown) return loading ? "Loading the picture" : "No picture yet";
  const when = exactClock(began + shown.at);
  if (rolling) return `Video, frame ${shown.seq} · ${when}`;
  return exact ? `Exact frame ${shown.seq} · ${when}` : `Frame ${shown.seq}, re-encoded · ${when}`;
}

function boxesWords(faces: number, exact: boolean, seq: number): string {
  const words = faces === 0 ? "no face seen" : `${count(faces, "face")} seen`;
  return exact ? words : `${words}, in frame ${seq}`;
}
