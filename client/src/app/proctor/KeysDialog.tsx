import { Group, Kbd, Modal, Stack, Switch, Text } from "@mantine/core";

const KEYS = [
  ["j", "Next incident"],
  ["k", "Previous incident"],
  ["c", "Confirm it"],
  ["d", "Dismiss it"],
  ["n", "Write a note on it"],
  ["?", "This list"],
  ["Esc", "Close, or leave a field"],
] as const;

interface KeysDialogProps {
  opened: boolean;
  shortcuts: boolean;
  onShortcuts(on: boolean): void;
  onClose(): void;
}

export function KeysDialog({ opened, shortcuts, onShortcuts, onClose }: KeysDialogProps) {
  return (
    <Modal opened={opened} onClose={onClose} title="Keyboard" size="sm">
      <Stack gap="xs">
        {KEYS.map(([key, words]) => (
          <Group key={key} gap="md">
            <Kbd miw={42} ta="center">
              {key}
            </Kbd>
            <Text>{words}</Text>
          </Group>
        ))}
        <Switch
          mt="sm"
          checked={shortcuts}
          onChange={(event) => onShortcuts(event.currentTarget.checked)}
          label="Single-key shortcuts"
          description="Off: none of these letters does anything. Remembered in this browser."
          data-testid="shortcuts"
        />
      </Stack>
    </Modal>
  );
}
