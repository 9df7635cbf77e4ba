import { Group, Kbd, Modal, Stack, Text } from "@mantine/core";

const KEYS = [
  ["j", "Next incident"],
  ["k", "Previous incident"],
  ["c", "Confirm it"],
  ["d", "Dismiss it"],
  ["n", "Write a note on it"],
  ["?", "This list"],
  ["Esc", "Close, or leave a field"],
] as const;

export function KeysDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
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
      </Stack>
    </Modal>
  );
}
