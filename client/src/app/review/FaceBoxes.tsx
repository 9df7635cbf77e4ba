import type { SeenFace } from "../../sdk";
import type { Boxes } from "./model";
import classes from "./Review.module.css";

interface FaceBoxesProps {
  seen: Boxes;
  /** The same with scores and landmarks, when they are known. */
  faces: readonly SeenFace[] | undefined;
}

/** What detection saw, over the picture; dashed when it was another picture, shortly before. */
export function FaceBoxes({ seen: { sample, exact }, faces }: FaceBoxesProps) {
  const found = faces ?? sample.boxes.map((box) => ({ box, score: undefined, landmarks: [] }));
  return (
    <div className={classes.boxes} data-exact={exact} aria-hidden data-testid="boxes">
      {found.map(({ box: [x = 0, y = 0, w = 0, h = 0], score }) => (
        <span key={`${x},${y},${w},${h}`} className={classes.box} style={{ left: percent(x), top: percent(y), width: percent(w), height: percent(h) }}>
          {score === undefined ? null : <span className={classes.score}>{score.toFixed(2)}</span>}
        </span>
      ))}
    </div>
  );
}

function percent(share: number): string {
  return `${share * 100}%`;
}
