import { Group, Paper, Stack, Text } from "@mantine/core";
import { Hand } from "lucide-react";
import { useMemo } from "react";
import type { Interrupt } from "./api";
import { AsksForm } from "./asks-form";
import classes from "./interrupt-forms.module.css";
import { JsonForm } from "./json-form";
import { readRequest } from "./requests";

interface Props {
  interrupts: readonly Interrupt[];
  onAnswer: (interruptId: string, value: unknown) => void;
}

/** What the run has stopped for, each with a form for its answer. */
export function InterruptForms({ interrupts, onAnswer }: Props) {
  return interrupts.map((interrupt) => (
    <InterruptForm
      key={interrupt.id}
      interrupt={interrupt}
      onAnswer={(value) => onAnswer(interrupt.id, value)}
    />
  ));
}

function InterruptForm({
  interrupt,
  onAnswer,
}: {
  interrupt: Interrupt;
  onAnswer: (value: unknown) => void;
}) {
  const request = useMemo(() => readRequest(interrupt.value), [interrupt.value]);
  return (
    <Paper withBorder p="md" component="section" aria-label="Interrupt" className={classes.card}>
      <Stack gap="sm">
        <Group gap="xs" c="light-dark(var(--mantine-color-orange-8), var(--mantine-color-yellow-5))">
          <Hand size={17} aria-hidden />
          <Text fz="sm" fw={600}>
            The agent waits for your answer
          </Text>
        </Group>
        {request.kind === "asks" ? (
          <AsksForm asks={request.asks} onDecide={(decisions) => onAnswer(request.answer(decisions))} />
        ) : (
          <>
            {request.question && <Text fw={600}>{request.question}</Text>}
            <JsonForm value={interrupt.value} words={request.words} onAnswer={onAnswer} />
          </>
        )}
      </Stack>
    </Paper>
  );
}
