import { Box, Container, Group, Text } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import type { ReactNode } from "react";
import icon from "../icon.svg";

interface PageProps {
  title: string;
  /** Beside the name, at the right. */
  aside?: ReactNode;
  width?: number;
  children: ReactNode;
}

/** A page of one column under the product's name. */
export function Page({ title, aside, width = 720, children }: PageProps) {
  useDocumentTitle(`${title} · Invigil`);
  return (
    <>
      <Box component="header" className="page-head">
        <Container size={width} h={56}>
          <Group h="100%" justify="space-between" wrap="nowrap">
            <Brand />
            {aside}
          </Group>
        </Container>
      </Box>
      <Container component="main" size={width} py="xl">
        {children}
      </Container>
    </>
  );
}

export function Brand() {
  return (
    <Group gap={10} wrap="nowrap">
      <img src={icon} width={26} height={26} alt="" />
      <Text fw={650} fz="md">
        Invigil
      </Text>
    </Group>
  );
}
