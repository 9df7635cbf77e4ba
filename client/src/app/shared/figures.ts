/** What an incident's score and threshold are called: every kind hangs on another figure, and some on none. Pure. */

import type { Kind, Why } from "../../sdk";

interface Figure {
  score: string;
  threshold: string;
  /** Written behind both. */
  unit?: string;
}

const FIGURES: Partial<Record<Kind, Figure>> = {
  multiple_faces: { score: "Score of the second face", threshold: "Least score of a face" },
  different_person: { score: "Distance from the candidate's face", threshold: "Another person beyond" },
  looking_away: { score: "Turned by", threshold: "Away beyond", unit: "°" },
  camera_blocked: { score: "Structure", threshold: "Covered below" },
  camera_frozen: { score: "Without movement", threshold: "Too long beyond", unit: " s" },
  stream_lost: { score: "Without a picture", threshold: "Lost after", unit: " s" },
};
const GLANCES: Figure = { score: "Glances away", threshold: "Often from" };
const ANY: Figure = { score: "Score", threshold: "Threshold" };

/** The figures that there are, by name. */
export function figuresOf(kind: Kind, { rule, score, threshold }: Why): [string, string][] {
  const frequent = kind === "looking_away" && rule.includes("glances");
  const { unit = "", ...names } = frequent ? GLANCES : (FIGURES[kind] ?? ANY);
  // Where there is no score, the threshold is the detector's, and nothing was held against it.
  if (typeof score !== "number") return [];
  const limit: [string, string][] = typeof threshold === "number" ? [[names.threshold, rounded(threshold) + unit]] : [];
  return [[names.score, rounded(score) + unit], ...limit];
}

function rounded(value: number): string {
  return String(Math.round(value * 1000) / 1000);
}
