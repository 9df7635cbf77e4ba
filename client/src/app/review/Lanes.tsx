import { type KeyboardEvent, memo } from "react";
import type { Incident } from "../../sdk";
import { KIND_WORDS } from "../shared/words";
import { familyOf } from "./families";
import type { Hole, Mark, Model } from "./model";
import classes from "./Review.module.css";
import { markWords } from "./telling";
import { type Lane, labels, overlaps, samplePath, type View, xOf } from "./view";
import { timecode } from "./words";

const AXIS = 18;
const LANE = 24;
const SAMPLES = 22;
const LEAST_PX = 4;

interface LanesProps {
  model: Model;
  lanes: readonly Lane[];
  view: View;
  width: number;
  chosen: string | undefined;
  onChoose(incident: Incident): void;
  /** What is under the pointer or has the focus. */
  onWords(words: string | undefined): void;
}

/** Everything on the timeline but the position. Drawn anew only when the view or the recording changes. */
export const Lanes = memo(function Lanes({ model, lanes, view, width, chosen, onChoose, onWords }: LanesProps) {
  const bottom = AXIS + lanes.length * LANE;
  const height = bottom + SAMPLES;
  const first = lanes[0]?.marks[0]?.incident.id;
  return (
    <svg className={classes.lanes} width={width} height={height} role="group" aria-label="Incidents on the timeline">
      <Patterns />
      <Axis view={view} width={width} height={height} />
      {model.holes.filter((hole) => overlaps(hole, view)).map((hole) => (
        <HoleMark key={hole.gap.cause + hole.gap.began_at} hole={hole} view={view} width={width} height={height} />
      ))}
      <path className={classes.samples} d={samplePath(model.sampled, view, width, SAMPLES - 6)} transform={`translate(0 ${bottom + 3})`} />
      {lanes.map((lane, index) => (
        <g key={lane.kind} transform={`translate(0 ${AXIS + index * LANE})`}>
          <line className={classes.laneLine} x1={0} x2={width} y1={LANE / 2} y2={LANE / 2} />
          {lane.marks.filter((mark) => overlaps(mark, view)).map((mark) => (
            <IncidentMark
              key={mark.incident.id}
              mark={mark}
              view={view}
              width={width}
              chosen={mark.incident.id === chosen}
              reachable={mark.incident.id === (chosen ?? first)}
              onChoose={onChoose}
              onWords={onWords}
            />
          ))}
        </g>
      ))}
    </svg>
  );
});

/** The lanes' names, beside them. */
export const LaneNames = memo(function LaneNames({ lanes, width }: { lanes: readonly Lane[]; width: number }) {
  return (
    <div className={classes.laneNames} style={{ width, paddingTop: AXIS }} aria-hidden>
      {[...lanes.map(({ kind }) => KIND_WORDS[kind]), "Samples"].map((name) => (
        <div key={name} style={{ height: LANE, lineHeight: `${LANE}px` }}>
          {name}
        </div>
      ))}
    </div>
  );
});

function Axis({ view, width, height }: { view: View; width: number; height: number }) {
  const exact = view.to - view.from < 10_000;
  return labels(view, width).map((at) => {
    const x = xOf(view, width, at);
    return (
      <g key={at} transform={`translate(${x} 0)`}>
        <line className={classes.axisLine} y1={AXIS - 4} y2={height} />
        <text className={classes.axisText} x={3} y={11}>
          {exact ? timecode(at, true).replace(/00$/, "") : timecode(at)}
        </text>
      </g>
    );
  });
}

interface HoleMarkProps {
  hole: Hole;
  view: View;
  width: number;
  height: number;
}

function HoleMark({ hole, view, width, height }: HoleMarkProps) {
  const x = xOf(view, width, hole.from);
  return (
    <rect
      className={classes.gap}
      x={x}
      y={AXIS}
      width={Math.max(2, xOf(view, width, hole.to) - x)}
      height={height - AXIS}
      fill="url(#gap)"
      data-testid="gap"
    />
  );
}

interface IncidentMarkProps {
  mark: Mark;
  view: View;
  width: number;
  chosen: boolean;
  /** By the tab key: one of all; arrows go on from there. */
  reachable: boolean;
  onChoose(incident: Incident): void;
  onWords(words: string | undefined): void;
}

const HEAD = { none: "M0 -7L7 0L0 7L-7 0Z", confirmed: "M0 -7A7 7 0 1 1 0 7A7 7 0 1 1 0 -7Z", dismissed: "M0 -6A6 6 0 1 1 0 6A6 6 0 1 1 0 -6Z" };

function IncidentMark({ mark, view, width, chosen, reachable, onChoose, onWords }: IncidentMarkProps) {
  const { incident, from, to } = mark;
  const x = xOf(view, width, from);
  const state = incident.review?.verdict ?? "none";
  const words = markWords(mark);
  const onKeyDown = (event: KeyboardEvent<SVGGElement>) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (event.key === "Enter" || event.key === " ") onChoose(incident);
    else if (step) focusBeside(event.currentTarget, step);
    else return;
    event.preventDefault();
  };
  return (
    <g
      className={classes.mark}
      transform={`translate(${x} 12)`}
      role="button"
      tabIndex={reachable ? 0 : -1}
      aria-label={words}
      aria-current={chosen}
      data-family={familyOf(incident.kind)}
      data-review={state}
      data-mark-id={incident.id}
      data-testid="mark"
      onClick={() => onChoose(incident)}
      onKeyDown={onKeyDown}
      onFocus={() => onWords(words)}
      onBlur={() => onWords(undefined)}
      onPointerEnter={() => onWords(words)}
      onPointerLeave={() => onWords(undefined)}
    >
      <title>{words}</title>
      <rect className={classes.bar} x={0} y={-4} width={Math.max(LEAST_PX, xOf(view, width, to) - x)} height={8} />
      <path className={classes.markHead} d={HEAD[state]} />
      {state === "confirmed" ? <path className={classes.check} d="M-3 0L-1 2.5L3.5 -2.5" /> : null}
    </g>
  );
}

function focusBeside(mark: SVGGElement, step: number): void {
  const marks = [...(mark.ownerSVGElement?.querySelectorAll<SVGGElement>("[data-mark-id]") ?? [])];
  const ordered = marks.toSorted((a, b) => a.getBoundingClientRect().left - b.getBoundingClientRect().left);
  ordered[ordered.indexOf(mark) + step]?.focus();
}

/** Families differ by pattern as well as by colour. */
function Patterns() {
  return (
    <defs>
      <pattern id="gap" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <rect className={classes.gapPaper} width="7" height="7" />
        <line className={classes.gapLine} y2="7" />
      </pattern>
      <pattern id="absence" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <rect className={classes.absence} width="3.4" height="5" />
      </pattern>
      <pattern id="camera" width="4" height="4" patternUnits="userSpaceOnUse">
        <circle className={classes.camera} cx="2" cy="2" r="1.5" />
      </pattern>
      <pattern id="browser" width="5" height="8" patternUnits="userSpaceOnUse">
        <rect className={classes.browser} width="3.2" height="8" />
      </pattern>
    </defs>
  );
}
