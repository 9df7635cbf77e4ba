import { type PointerEvent, useRef } from "react";
import { usePlayer } from "./context";
import { familyOf } from "./families";
import type { Model } from "./model";
import classes from "./Review.module.css";
import { atX, moved, type View, whole, xOf } from "./view";

interface LensProps {
  model: Model;
  view: View;
  width: number;
  /** Room at its left. */
  left: number;
  onView(change: (before: View | undefined) => View | undefined): void;
}

const HEIGHT = 18;

/** The whole recording above a part of it: which part that is, to be dragged elsewhere. For the eye; keys move the view with the position. */
export function Lens({ model, view, width, left, onView }: LensProps) {
  const { at } = usePlayer();
  const dragging = useRef(false);
  const all = whole(model.length);
  const x = (position: number) => xOf(all, width, position);
  const go = (event: PointerEvent) => {
    const middle = atX(all, width, event.clientX - event.currentTarget.getBoundingClientRect().left);
    const next = moved(view, middle - (view.from + view.to) / 2, model.length);
    onView(() => next);
  };
  return (
    <svg
      className={classes.lens}
      style={{ marginLeft: left }}
      width={width}
      height={HEIGHT}
      aria-hidden
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        dragging.current = true;
        go(event);
      }}
      onPointerMove={(event) => dragging.current && go(event)}
      onPointerUp={() => {
        dragging.current = false;
      }}
      data-testid="lens"
    >
      {model.holes.map(({ gap, from, to }) => (
        <rect key={gap.cause + gap.began_at} x={x(from)} width={Math.max(1, x(to) - x(from))} height={HEIGHT} fill="url(#gap)" />
      ))}
      {model.marks.map(({ incident, from, to }) => (
        <rect key={incident.id} className={classes.lensMark} data-family={familyOf(incident.kind)} x={x(from)} y={6} width={Math.max(2, x(to) - x(from))} height={6} />
      ))}
      <rect className={classes.lensView} x={x(view.from)} y={0.5} width={Math.max(4, x(view.to) - x(view.from))} height={HEIGHT - 1} />
      <line className={classes.lensAt} x1={x(at)} x2={x(at)} y1={0} y2={HEIGHT} />
    </svg>
  );
}
