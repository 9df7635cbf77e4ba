/** What can be kept for so many days, and what was deleted, in words. */

import type { Receipt } from "../../sdk";

export type Part = "stream_days" | "evidence_days" | "incidents_days";

export const PARTS: { part: Part; label: string; description: string }[] = [
  { part: "stream_days", label: "Recordings", description: "every frame" },
  { part: "evidence_days", label: "Photographs", description: "of incidents, and reference photos" },
  { part: "incidents_days", label: "Incidents", description: "reviews and names too; not before the others" },
];

/** "1 recording; its time was over; receipt …" */
export function receiptInWords(receipt: Receipt): string {
  const what = [
    ...(receipt.deleted.includes("stream") ? [counted(receipt.recordings, "recording")] : []),
    ...(receipt.deleted.includes("evidence") ? [counted(receipt.pictures, "photograph")] : []),
    ...(receipt.deleted.includes("incidents") ? [counted(receipt.incidents, "incident"), "the name"] : []),
  ];
  const unreviewed = receipt.unreviewed ? `, ${receipt.unreviewed} of ${counted(receipt.incidents, "incident")} not reviewed` : "";
  const why = receipt.by_rule ? "its time was over" : "erased on demand";
  return `${what.join(", ")} (${why}${unreviewed}); receipt ${receipt.id}`;
}

function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}
