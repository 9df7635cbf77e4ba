import { describe, expect, it } from "vitest";
import { howLong } from "../src/app/candidate/lookedFor";
import { receiptInWords } from "../src/app/operator/keeping";
import type { Receipt } from "../src/sdk";

const RECEIPT: Receipt = {
  id: "r1",
  candidate_id: "c1",
  at: "2026-01-02T03:04:05.678Z",
  deleted: ["stream"],
  by_rule: true,
  recordings: 1,
  pictures: 0,
  incidents: 3,
  unreviewed: 0,
  signed: { statement: "{}", signature: "", public_key: "" },
};

describe("a receipt", () => {
  it("says what is gone and why", () => {
    expect(receiptInWords(RECEIPT)).toBe("1 recording (its time was over); receipt r1");
  });

  it("never hides that nobody had looked at what was flagged", () => {
    const words = receiptInWords({ ...RECEIPT, deleted: ["stream", "evidence", "incidents"], by_rule: false, pictures: 6, unreviewed: 2 });
    expect(words).toBe("1 recording, 6 photographs, 3 incidents, the name (erased on demand, 2 of 3 incidents not reviewed); receipt r1");
  });
});

describe("how long things are kept", () => {
  it("is said in days where there are any", () => {
    const words = howLong({ stream_days: 30, evidence_days: 1, incidents_days: null });
    expect(words).toContain("Every picture: for 30 days after the exam.");
    expect(words).toContain("Pictures that show a problem: for a day after the exam.");
    expect(words).toContain("your name: until somebody deletes it.");
  });

  it("is the rules of whoever runs the exam while it is not known", () => {
    expect(howLong(undefined)).toContain("as the rules of whoever runs your exam say");
  });
});
