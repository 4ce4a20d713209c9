import { type KeyboardEvent, useEffect, useId } from "react";
import type { ReceivedEvent } from "@/lib/received";
import { EventRow } from "./event-row";
import classes from "./events.module.css";
import { useWindow } from "./use-window";

const ROW_HEIGHT = 26;

interface Props {
  events: readonly ReceivedEvent[];
  /** The number of the event that is looked at. */
  chosen: number | undefined;
  onChoose: (number: number | undefined) => void;
}

/** The events, oldest first; arrows go from one to the next. Of thousands, those that are seen are drawn. */
export function EventList({ events, chosen, onChoose }: Props) {
  const { box, first, end } = useWindow(events.length, ROW_HEIGHT);
  const id = useId();
  const onKeyDown = (key: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[key.key];
    if (!step) return;
    key.preventDefault();
    const from = events.findIndex((event) => event.number === chosen);
    const place = Math.max(0, Math.min(from + step, events.length - 1));
    onChoose(events[place]?.number);
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is brought into view when it is chosen, and never again
  useEffect(() => {
    const top = events.findIndex((event) => event.number === chosen) * ROW_HEIGHT;
    const { scrollTop = 0, clientHeight = 0 } = box.current ?? {};
    if (top >= 0 && (top < scrollTop || top + ROW_HEIGHT > scrollTop + clientHeight))
      box.current?.scrollTo({ top: top - clientHeight / 2 });
  }, [chosen]);
  return (
    <div
      ref={box}
      className={classes.scroll}
      role="listbox"
      tabIndex={0}
      aria-label="Received events"
      aria-activedescendant={chosen === undefined ? undefined : `${id}-${chosen}`}
      onKeyDown={onKeyDown}
    >
      <div
        className={classes.all}
        style={{ height: events.length * ROW_HEIGHT, paddingTop: first * ROW_HEIGHT }}
      >
        {events.slice(first, end).map((event, place) => (
          <EventRow
            key={event.number}
            id={`${id}-${event.number}`}
            event={event}
            before={events[first + place - 1]}
            isChosen={event.number === chosen}
            onChoose={onChoose}
          />
        ))}
      </div>
    </div>
  );
}
