import { Button, Divider, Group } from "@mantine/core";
import { Fragment, useState } from "react";
import { AskForm } from "./ask-form";
import type { Ask, Decision } from "./requests";

/** Actions to be decided on. One is decided by its button; several are sent when all of them are decided. */
export function AsksForm({
  asks,
  onDecide,
}: {
  asks: readonly Ask[];
  onDecide: (decisions: Decision[]) => void;
}) {
  const [decisions, setDecisions] = useState<(Decision | undefined)[]>(asks.map(() => undefined));
  const decided = decisions.filter((decision) => decision !== undefined);
  const decide = (place: number) => (decision: Decision) => {
    const all = decisions.with(place, decision);
    if (asks.length === 1) onDecide([decision]);
    else setDecisions(all);
  };
  return (
    <>
      {asks.map((ask, place) => (
        <Fragment key={place}>
          {place > 0 && <Divider />}
          <AskForm ask={ask} decision={decisions[place]} onDecide={decide(place)} />
        </Fragment>
      ))}
      {asks.length > 1 && (
        <Group justify="flex-end">
          <Button size="xs" disabled={decided.length < asks.length} onClick={() => onDecide(decided)}>
            {`Send ${asks.length} decisions`}
          </Button>
        </Group>
      )}
    </>
  );
}
