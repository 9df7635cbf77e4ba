import { Alert, Button, Divider, Group, List, Modal, NumberInput, Select, Stack, Text, Textarea, Title } from "@mantine/core";
import { type ReactNode, useEffect, useState } from "react";
import type { ErasedCandidate, KeptCandidate, Meeting, Receipt, ReceiptList, Retention, SetRetention } from "../../sdk";
import { call, textOf } from "../shared/api";
import { Confirm } from "../shared/Confirm";
import { dayAndClock } from "../shared/words";
import { PARTS, type Part, receiptInWords } from "./keeping";

interface KeepingProps {
  meeting: Meeting;
  token: string;
  opened: boolean;
  onClose(): void;
}

/** How long a meeting is kept, whether it is held, who is erased, and what was deleted. */
export function Keeping({ opened, onClose, ...content }: KeepingProps) {
  const [erased, setErased] = useState(0);
  return (
    <Modal opened={opened} onClose={onClose} size="lg" title={`Keeping “${content.meeting.title}”`}>
      <KeepingContent key={erased} {...content} onErased={() => setErased(erased + 1)} />
    </Modal>
  );
}

function KeepingContent({ meeting, token, onErased }: Pick<KeepingProps, "meeting" | "token"> & { onErased(): void }) {
  const path = `/api/meetings/${meeting.id}`;
  const [retention, setRetention] = useState<Retention>();
  const [receipts, setReceipts] = useState<Receipt[]>([]);
  const [error, setError] = useState<string>();

  useEffect(() => {
    let current = true;
    const fail = (failure: unknown) => current && setError(textOf(failure));
    call<Retention>(`${path}/retention`, { token }).then((answer) => current && setRetention(answer), fail);
    call<ReceiptList>(`${path}/receipts`, { token }).then((answer) => current && setReceipts(answer.receipts), fail);
    return () => {
      current = false;
    };
  }, [path, token]);

  const change = async (body: SetRetention) => {
    setRetention(await call<Retention>(`${path}/retention`, { token, body, method: "PUT" }));
  };
  const erase = async (candidate: KeptCandidate) => {
    await call<ErasedCandidate>(`${path}/participants/${candidate.id}/erase`, { token, body: {} });
    onErased();
  };
  if (error) return <Alert color="danger">{error}</Alert>;
  if (!retention) return <Text c="dimmed">Loading…</Text>;
  return (
    <Stack gap="lg" data-testid="keeping">
      <Days retention={retention} onChange={change} />
      <Divider />
      <Hold retention={retention} onChange={change} />
      <Divider />
      <Erase retention={retention} onErase={erase} />
      <Divider />
      <Receipts receipts={receipts} />
    </Stack>
  );
}

interface ChangeProps {
  retention: Retention;
  onChange(body: SetRetention): Promise<void>;
}

function Days({ retention, onChange }: ChangeProps) {
  const [days, setDays] = useState<Record<Part, number | null>>({
    stream_days: retention.stream_days,
    evidence_days: retention.evidence_days,
    incidents_days: retention.incidents_days,
  });
  const save = useSaving(() => onChange(days));
  return (
    <Section title="How long things are kept">
      <Text size="sm">In days after the end of the meeting. Leave a field empty to keep things until somebody deletes them.</Text>
      <Group grow align="flex-end">
        {PARTS.map(({ part, label, description }) => (
          <NumberInput
            key={part}
            label={label}
            description={description}
            placeholder="kept"
            min={1}
            max={36500}
            allowDecimal={false}
            value={days[part] ?? ""}
            onChange={(value) => setDays({ ...days, [part]: typeof value === "number" ? value : null })}
            data-testid={part}
          />
        ))}
      </Group>
      {retention.unreviewed ? (
        <Text size="sm">{retention.unreviewed} incidents were not reviewed yet. They are deleted in their time all the same.</Text>
      ) : null}
      <Save saving={save} label="Save" testId="save-days" />
    </Section>
  );
}

function Hold({ retention, onChange }: ChangeProps) {
  const [reason, setReason] = useState("");
  const place = useSaving(() => onChange({ hold: true, hold_reason: reason.trim() }));
  const lift = useSaving(() => onChange({ hold: false }));
  const since = retention.holds?.find((each) => !each.lifted_at)?.placed_at;
  if (retention.hold) {
    return (
      <Section title="Held">
        <Alert data-testid="held">
          Nothing of this meeting is deleted{since ? `, since ${dayAndClock(since)}` : ""}: {retention.hold_reason}
        </Alert>
        <Save saving={lift} label="Lift the hold" testId="lift-hold" />
      </Section>
    );
  }
  return (
    <Section title="Hold">
      <Text size="sm">While a meeting is held, nothing of it is deleted or made smaller, whatever the days say.</Text>
      <Textarea label="Why" value={reason} onChange={(event) => setReason(event.currentTarget.value)} maxLength={500} data-testid="hold-reason" />
      <Save saving={place} label="Hold this meeting" disabled={!reason.trim()} testId="place-hold" />
    </Section>
  );
}

function Erase({ retention, onErase }: { retention: Retention; onErase(candidate: KeptCandidate): Promise<void> }) {
  const candidates = retention.candidates?.filter((each) => each.over) ?? [];
  const [id, setId] = useState<string | null>(null);
  const [asking, setAsking] = useState(false);
  const chosen = candidates.find((each) => each.id === id);
  const confirm = async () => {
    if (chosen) await onErase(chosen);
    setId(null);
  };
  return (
    <Section title="Erase a candidate">
      <Text size="sm">Deletes all that is kept of one candidate, their name too. A signed receipt stays. Export a bundle first if it may be needed.</Text>
      <Group align="flex-end">
        <Select
          label="Candidate"
          placeholder={candidates.length ? "Choose one" : "Nobody whose exam is over"}
          data={candidates.map((each) => ({ value: each.id, label: each.name }))}
          value={id}
          onChange={setId}
          disabled={retention.hold || !candidates.length}
          searchable
          flex={1}
          data-testid="erase-candidate"
        />
        <Button color="danger" variant="light" disabled={!chosen || retention.hold} onClick={() => setAsking(true)} data-testid="erase">
          Erase…
        </Button>
      </Group>
      <Confirm opened={asking} onClose={() => setAsking(false)} title="Erase this candidate?" action="Erase" danger onConfirm={confirm}>
        <Text>Everything that is kept of {chosen?.name} is deleted at once, and nobody can bring it back.</Text>
      </Confirm>
    </Section>
  );
}

function Receipts({ receipts }: { receipts: Receipt[] }) {
  return (
    <Section title="Receipts">
      {receipts.length ? (
        <List size="sm" data-testid="receipts">
          {receipts.map((each) => (
            <List.Item key={each.id}>
              {dayAndClock(each.at)}: {receiptInWords(each)}
            </List.Item>
          ))}
        </List>
      ) : (
        <Text size="sm" c="dimmed">
          Nothing was deleted.
        </Text>
      )}
    </Section>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Stack gap="xs">
      <Title order={3} size="h5">
        {title}
      </Title>
      {children}
    </Stack>
  );
}

interface Saving {
  busy: boolean;
  error: string | undefined;
  run(): void;
}

/** Something that may fail, and says so. */
function useSaving(work: () => Promise<void>): Saving {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  const run = () => {
    setBusy(true);
    setError(undefined);
    work()
      .catch((failure: unknown) => setError(textOf(failure)))
      .finally(() => setBusy(false));
  };
  return { busy, error, run };
}

function Save({ saving, label, disabled, testId }: { saving: Saving; label: string; disabled?: boolean; testId: string }) {
  return (
    <>
      {saving.error ? <Alert color="danger">{saving.error}</Alert> : null}
      <Group justify="flex-end">
        <Button variant="default" loading={saving.busy} disabled={disabled ?? false} onClick={saving.run} data-testid={testId}>
          {label}
        </Button>
      </Group>
    </>
  );
}
