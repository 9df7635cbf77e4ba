import { Box, SegmentedControl } from "@mantine/core";
import { useDisclosure, useDocumentTitle } from "@mantine/hooks";
import { useCallback, useMemo, useState } from "react";
import { KeysDialog } from "../shared/KeysDialog";
import { useShortcuts } from "../shared/useShortcuts";
import { Announcer } from "./Announcer";
import { CandidateDialog } from "./CandidateDialog";
import { CandidateGrid } from "./CandidateGrid";
import classes from "./Console.module.css";
import { useConsole } from "./context";
import { Feed } from "./Feed";
import { Head } from "./Head";
import { LineBar } from "./LineBar";
import { type Filters, filtered, NO_FILTERS, risks } from "./triage";
import { KEYS, useKeys } from "./useKeys";

type Pane = "candidates" | "incidents";

export function Console() {
  const { meeting, candidates, incidents } = useConsole();
  const [filters, setFilters] = useState<Filters>(NO_FILTERS);
  const [selected, setSelected] = useState<string>();
  const [shownId, setShownId] = useState<string>();
  const [pane, setPane] = useState<Pane>("incidents");
  const [sound, setSound] = useState(false);
  const [keysOpen, keys] = useDisclosure(false);
  const [shortcuts, setShortcuts] = useShortcuts();

  const shown = useMemo(() => filtered(incidents, filters), [incidents, filters]);
  const risk = useMemo(() => risks(incidents), [incidents]);
  const toReview = useMemo(() => incidents.filter(({ review }) => !review).length, [incidents]);
  useDocumentTitle(`${toReview > 0 ? `(${toReview}) ` : ""}${meeting?.title ?? "Proctor"} · Invigil`);
  useKeys({ on: shortcuts, incidents: shown, selected, onSelect: setSelected, onHelp: keys.open });

  const showIncidentsOf = useCallback((candidateId: string) => {
    setFilters({ ...NO_FILTERS, candidateId });
    setShownId(undefined);
    setPane("incidents");
  }, []);
  return (
    <Box className={classes.console} data-testid="console">
      <Head toReview={toReview} sound={sound} onSound={setSound} onHelp={keys.open} />
      <LineBar />
      <SegmentedControl
        className={classes.panes}
        value={pane}
        onChange={(value) => setPane(value as Pane)}
        data={[
          { value: "incidents", label: `Incidents (${toReview})` },
          { value: "candidates", label: `Candidates (${candidates.size})` },
        ]}
        fullWidth
        aria-label="What to show"
      />
      <main className={classes.main} data-pane={pane}>
        <CandidateGrid risk={risk} onOpen={setShownId} />
        <Feed incidents={shown} filters={filters} onFilters={setFilters} selected={selected} />
      </main>
      <CandidateDialog candidateId={shownId} onClose={() => setShownId(undefined)} onShowIncidents={showIncidentsOf} />
      <KeysDialog keys={KEYS} opened={keysOpen} shortcuts={shortcuts} onShortcuts={setShortcuts} onClose={keys.close} />
      <Announcer sound={sound} />
    </Box>
  );
}
