/** Something that is loaded by an element of the page, and tried again when that fails. */

import { useEffect, useState } from "react";
import { retryDelay } from "./backoff";

interface Retried {
  /** How often it was tried again: the element's key, so that a new one loads anew. */
  attempt: number;
  /** The last attempt failed, and the next one is to come. */
  failed: boolean;
  onFail(): void;
}

export function useRetried(): Retried {
  const [{ attempt, failed }, setState] = useState({ attempt: 0, failed: false });
  useEffect(() => {
    if (!failed) return undefined;
    const timer = setTimeout(() => setState({ attempt: attempt + 1, failed: false }), retryDelay(attempt + 1));
    return () => clearTimeout(timer);
  }, [attempt, failed]);
  return { attempt, failed, onFail: () => setState({ attempt, failed: true }) };
}
