import { useEffect, useState } from "react";
import { count, KIND_WORDS, SEVERITY_WORDS } from "../shared/words";
import type { Incident } from "../../sdk";
import { beep } from "./beep";
import { useLine } from "./context";

/** Several incidents at once are told as one number: a screen reader could not keep up. */
const GATHER_MS = 800;

/** Tells new incidents to screen readers, and by sound to whoever asked for that. */
export function Announcer({ sound }: { sound: boolean }) {
  const line = useLine();
  const [words, setWords] = useState("");

  useEffect(() => {
    let gathered: Incident[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const tell = () => {
      timer = undefined;
      setWords(wordsFor(gathered));
      gathered = [];
    };
    const undo = line.on("opened", (incident) => {
      gathered.push(incident);
      timer ??= setTimeout(tell, GATHER_MS);
    });
    return () => {
      undo();
      clearTimeout(timer);
    };
  }, [line]);

  useEffect(() => (sound ? line.on("opened", ({ severity }) => beep(severity === "critical" ? 880 : 587)) : undefined), [line, sound]);

  return (
    <div className="visually-hidden" aria-live="polite" data-testid="announcer">
      {words}
    </div>
  );
}

function wordsFor(incidents: Incident[]): string {
  if (incidents.length > 3) return `${count(incidents.length, "new incident")}.`;
  return incidents.map(({ candidate_name, kind, severity }) => `${candidate_name}: ${KIND_WORDS[kind]}, ${SEVERITY_WORDS[severity]}.`).join(" ");
}
