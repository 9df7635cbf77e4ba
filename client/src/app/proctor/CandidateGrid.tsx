import { Switch, Text, Title } from "@mantine/core";
import { useMemo, useRef, useState } from "react";
import { KIND_WORDS } from "../shared/words";
import { CandidateTile } from "./CandidateTile";
import classes from "./Console.module.css";
import { useConsole } from "./context";
import { keptOrder, ordered, type Risk, sameOrder } from "./triage";
import { useWatchVisible } from "./useWatchVisible";

interface CandidateGridProps {
  risk: ReadonlyMap<string, Risk>;
  onOpen(candidateId: string): void;
}

export function CandidateGrid({ risk, onOpen }: CandidateGridProps) {
  const { candidates } = useConsole();
  const [byRisk, setByRisk] = useState(true);
  const [held, setHeld] = useState(false);
  const pane = useRef<HTMLElement>(null);

  const wanted = useMemo(() => ordered(candidates.values(), byRisk ? risk : undefined), [candidates, byRisk, risk]);
  const order = useSteadyOrder(wanted, held);
  useWatchVisible(pane);
  return (
    <section
      ref={pane}
      className={classes.grid}
      aria-label="Candidates"
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
    >
      <div className={classes.paneHead}>
        <Title order={2} fz="md">
          Candidates
        </Title>
        <Switch size="sm" checked={byRisk} onChange={(event) => setByRisk(event.currentTarget.checked)} label="Incidents first" data-testid="risk-order" />
      </div>
      {order.length === 0 ? <Text c="dimmed">Nobody has joined yet. Candidates appear here as they come in.</Text> : null}
      <ul className={classes.tiles}>
        {order.map((id) => {
          const candidate = candidates.get(id);
          return candidate ? <CandidateTile key={id} candidate={candidate} lost={isLost(risk.get(id))} troubles={wordsFor(risk.get(id))} onOpen={onOpen} /> : null;
        })}
      </ul>
    </section>
  );
}

function isLost(risk: Risk | undefined): boolean {
  return risk?.kinds.includes("stream_lost") ?? false;
}

function wordsFor(risk: Risk | undefined): string {
  return (risk?.kinds ?? []).map((kind) => KIND_WORDS[kind]).join(", ");
}

/** While held, tiles keep their places: nothing jumps from under the cursor. */
function useSteadyOrder(wanted: string[], held: boolean): string[] {
  const [order, setOrder] = useState(wanted);
  const next = held ? keptOrder(order, wanted) : wanted;
  if (sameOrder(order, next)) return order;
  setOrder(next);
  return next;
}
