import { useEffect, useState } from "react";

/** Keys that repeat would make a screen reader stutter: the last words count. */
const REST_MS = 250;

/** Tells screen readers where one is after a jump. */
export function Teller({ words }: { words: string }) {
  const [told, setTold] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setTold(words), REST_MS);
    return () => clearTimeout(timer);
  }, [words]);
  return (
    <div className="visually-hidden" aria-live="polite" data-testid="teller">
      {told}
    </div>
  );
}
