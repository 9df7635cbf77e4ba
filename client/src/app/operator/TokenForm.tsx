import { Alert, Button, Card, PasswordInput, Stack, Text, Title } from "@mantine/core";
import { useState } from "react";

interface TokenFormProps {
  refusal: string | undefined;
  onToken(token: string): void;
}

/** For an operator who comes without the link that the server printed. */
export function TokenForm({ refusal, onToken }: TokenFormProps) {
  const [text, setText] = useState("");
  return (
    <Card maw={480} mx="auto" mt="xl">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onToken(text.trim());
        }}
      >
        <Stack>
          <Title order={1}>Operator&apos;s token</Title>
          <Text c="dimmed">The server prints a link with the token when it starts. Open that link, or paste the token here.</Text>
          {refusal ? <Alert color="danger">{refusal}</Alert> : null}
          <PasswordInput
            label="Token"
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            autoComplete="off"
            required
            data-testid="operator-token"
          />
          <Button type="submit" disabled={!text.trim()} data-testid="operator-sign-in">
            Continue
          </Button>
        </Stack>
      </form>
    </Card>
  );
}
