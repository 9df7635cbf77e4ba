import { memo } from "react";
import type { Candidate } from "../../sdk";
import { CANDIDATE_WORDS } from "../shared/words";
import classes from "./Console.module.css";
import { LivePicture } from "./LivePicture";
import { inVideoWords } from "./video";

interface CandidateTileProps {
  candidate: Candidate;
  /** No pictures arrive: the last one must not pass for a live one. */
  lost: boolean;
  /** What goes on now, in words; empty when nothing does. */
  troubles: string;
  onOpen(candidateId: string): void;
}

export const CandidateTile = memo(function CandidateTile({ candidate, lost, troubles, onOpen }: CandidateTileProps) {
  const { id, name, state } = candidate;
  // Who should be in the video and is not; for the others the picture says enough.
  const absent = candidate.in_meeting === false && (state === "streaming" || state === "lost") ? inVideoWords(candidate) : undefined;
  return (
    <li className={classes.tileItem}>
      <button
        type="button"
        className={classes.tile}
        onClick={() => onOpen(id)}
        data-testid="candidate-tile"
        data-candidate-id={id}
        data-state={state}
        data-risk={troubles !== ""}
      >
        <LivePicture candidateId={id} live={state === "streaming" && !lost} words={CANDIDATE_WORDS[lost ? "lost" : state]} />
        <span className={classes.tileName}>{name}</span>
        <span className={classes.tileTrouble} title={troubles}>
          {troubles || absent || (state === "streaming" ? "Nothing noted" : CANDIDATE_WORDS[state])}
        </span>
      </button>
    </li>
  );
});
