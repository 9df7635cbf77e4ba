import { Badge, Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useState } from "react";
import type { Candidate, Kind } from "../../sdk";
import { type Choice, chosen, inWords, overridesOf } from "../shared/accommodations";
import { AccommodationFields } from "../shared/AccommodationFields";
import { Confirm } from "../shared/Confirm";
import { CANDIDATE_WORDS, clock, KIND_WORDS } from "../shared/words";
import { useConsole, useLine } from "./context";
import { LivePicture } from "./LivePicture";
import { risks } from "./triage";
import { inVideoWords } from "./video";

interface CandidateDialogProps {
  candidateId: string | undefined;
  onClose(): void;
  onShowIncidents(candidateId: string): void;
}

/** One candidate larger, with what a proctor may do. */
export function CandidateDialog({ candidateId, onClose, onShowIncidents }: CandidateDialogProps) {
  const { candidates, incidents } = useConsole();
  const candidate = candidateId ? candidates.get(candidateId) : undefined;
  return (
    <Modal opened={candidate !== undefined} onClose={onClose} title={candidate?.name} size="lg" styles={{ title: { fontWeight: 650 } }}>
      {candidate ? <Details candidate={candidate} kinds={risks(incidents).get(candidate.id)?.kinds ?? []} onShowIncidents={onShowIncidents} /> : null}
    </Modal>
  );
}

type Doing = "warn" | "end" | "accommodate";

interface DetailsProps {
  candidate: Candidate;
  /** What goes on now. */
  kinds: readonly Kind[];
  onShowIncidents(candidateId: string): void;
}

function Details({ candidate, kinds, onShowIncidents }: DetailsProps) {
  const line = useLine();
  const [doing, setDoing] = useState<Doing>();
  const { id, name, state, accommodations } = candidate;
  const agreed = chosen(accommodations);
  const [choice, setChoice] = useState<Choice>(agreed);
  const live = state === "streaming" && !kinds.includes("stream_lost");
  const over = state === "ended" || state === "finished";
  const inVideo = inVideoWords(candidate);
  const stop = () => setDoing(undefined);
  return (
    <Stack data-testid="candidate-dialog">
      <LivePicture candidateId={id} live={live} words={CANDIDATE_WORDS[live || state !== "streaming" ? state : "lost"]} />
      <Group gap="xs" mih={22}>
        <Badge variant="light" color={live ? "harbor" : "gray"} tt="none">
          {CANDIDATE_WORDS[state]}
        </Badge>
        {inVideo && !over ? (
          <Badge variant="light" color="gray" tt="none" data-testid="in-video">
            {inVideo}
          </Badge>
        ) : null}
        {kinds.map((kind) => (
          <Badge key={kind} variant="light" color="caution" tt="none">
            {KIND_WORDS[kind]}
          </Badge>
        ))}
      </Group>
      <Text size="sm" c="dimmed" className="numbers">
        {factsOf(candidate)}
      </Text>
      {inWords(agreed) ? (
        <Text size="sm" data-testid="agreed">
          All right for this candidate: {inWords(agreed)}.
        </Text>
      ) : null}
      <Group justify="space-between" gap="sm">
        <Button variant="default" onClick={() => onShowIncidents(id)} data-testid="their-incidents">
          Their incidents
        </Button>
        <Group gap="sm">
          <Button
            variant="default"
            disabled={over}
            onClick={() => {
              setChoice(agreed);
              setDoing("accommodate");
            }}
            data-testid="accommodate"
          >
            Accommodations…
          </Button>
          <Button variant="default" disabled={over} onClick={() => setDoing("warn")} data-testid="warn-candidate">
            Send a message…
          </Button>
          <Button variant="outline" color="danger" disabled={over} onClick={() => setDoing("end")} data-testid="end-candidate">
            End their exam…
          </Button>
        </Group>
      </Group>
      <Confirm
        opened={doing === "warn"}
        onClose={stop}
        title={`Message to ${name}`}
        action="Send"
        ask={{ label: "Message", placeholder: "Please turn your camera so that we can see your whole face." }}
        onConfirm={(text) => line.warn(id, text)}
      >
        <Text size="sm" c="dimmed">
          {candidate.connected || live ? "It appears on the candidate's page at once." : "They will see it when they are back."}
        </Text>
      </Confirm>
      <Confirm
        opened={doing === "accommodate"}
        onClose={stop}
        title={`Accommodations for ${name}`}
        action="Save"
        onConfirm={() => line.accommodate(id, overridesOf(choice))}
      >
        <Text size="sm" c="dimmed">
          In force at once. They can only loosen what holds for everyone, and the candidate sees them.
        </Text>
        <AccommodationFields choice={choice} onChoice={setChoice} />
      </Confirm>
      <Confirm
        opened={doing === "end"}
        onClose={stop}
        title={`End the exam of ${name}?`}
        action="End their exam"
        danger
        ask={{ label: "Reason, as the candidate will read it" }}
        onConfirm={(reason) => line.end(id, reason)}
      >
        <Text>Their exam ends at once, and they cannot come back.</Text>
      </Confirm>
    </Stack>
  );
}

function factsOf({ joined_at, last_frame_at, state }: Candidate): string {
  const last = last_frame_at && state !== "streaming" ? `, last picture ${clock(last_frame_at)}` : "";
  return `Joined ${clock(joined_at)}${last}`;
}
