import { useCallback, useSyncExternalStore } from "react";
import classes from "./Console.module.css";
import { useLine } from "./context";

interface LivePictureProps {
  candidateId: string;
  live: boolean;
  /** What to say instead of, or over, a picture that is not live. */
  words: string;
}

/** A candidate's newest thumbnail. Draws itself anew alone, without the tile round it. */
export function LivePicture({ candidateId, live, words }: LivePictureProps) {
  const { thumbnails } = useLine();
  const subscribe = useCallback((subscriber: () => void) => thumbnails.subscribe(candidateId, subscriber), [thumbnails, candidateId]);
  const url = useSyncExternalStore(subscribe, () => thumbnails.urlOf(candidateId));
  return (
    <span className={classes.picture} data-live={live}>
      {url ? <img src={url} alt="" data-testid="thumbnail" /> : null}
      {live && url ? null : <span className={classes.pictureWords}>{live ? "Waiting for a picture" : words}</span>}
    </span>
  );
}
