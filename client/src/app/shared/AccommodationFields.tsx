import { Checkbox, Fieldset, NumberInput, Stack, Text } from "@mantine/core";
import { type Choice, SWITCHES, TIMES } from "./accommodations";

interface AccommodationFieldsProps {
  choice: Choice;
  onChoice(choice: Choice): void;
}

/** What is all right for one candidate, beyond what is for everyone. */
export function AccommodationFields({ choice, onChoice }: AccommodationFieldsProps) {
  const turn = (id: string, on: boolean) => {
    const others = [...choice.on].filter((each) => each !== id);
    onChoice({ ...choice, on: new Set(on ? [...others, id] : others) });
  };
  const setTime = (path: string, seconds: string | number) => {
    const { [path]: _, ...others } = choice.times;
    onChoice({ ...choice, times: typeof seconds === "number" ? { ...others, [path]: seconds } : others });
  };
  const rest = Object.keys(choice.rest);
  return (
    <Fieldset legend="All right for this candidate" data-testid="accommodations">
      <Stack gap="sm">
        {SWITCHES.map(({ id, words, help }) => (
          <Checkbox
            key={id}
            label={words}
            description={help}
            checked={choice.on.has(id)}
            onChange={(event) => turn(id, event.currentTarget.checked)}
            data-testid={`accommodation-${id}`}
          />
        ))}
        {TIMES.map(({ path, label, least, most }) => (
          <NumberInput
            key={path}
            label={label}
            placeholder="As for everyone"
            min={least}
            max={most}
            value={choice.times[path] ?? ""}
            onChange={(seconds) => setTime(path, seconds)}
            data-testid={`accommodation-${path}`}
          />
        ))}
        {rest.length > 0 ? (
          <Text size="sm" c="dimmed">
            Kept as they are, because they were set in another way: {rest.join(", ")}.
          </Text>
        ) : null}
      </Stack>
    </Fieldset>
  );
}
