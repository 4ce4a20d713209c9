import { memo } from "react";
import { duration, size } from "@/lib/format";
import type { ReceivedEvent } from "@/lib/received";
import { addressOf } from "./address";
import { briefOf } from "./brief";
import { colorOf } from "./color";
import classes from "./events.module.css";

interface Props {
  id: string;
  event: ReceivedEvent;
  /** The one above it. */
  before: ReceivedEvent | undefined;
  isChosen: boolean;
  onChoose: (number: number | undefined) => void;
}

/** One event: its stream, how long after the one above it happened, its channel and namespace, how it begins, its size and id. */
export const EventRow = memo(({ id, event, before, isChosen, onChoose }: Props) => {
  const { channel, namespace, at } = addressOf(event);
  return (
    // biome-ignore lint/a11y: the box around it hears the keys, and an <option> cannot look like this
    <div
      id={id}
      role="option"
      className={classes.row}
      aria-selected={isChosen}
      data-event={channel}
      onClick={() => onChoose(isChosen ? undefined : event.number)}
    >
      <span className={classes.stream} title={`Stream ${event.stream}: ${event.request}`}>
        {event.stream}
      </span>
      <span className={classes.late}>{before && lateness(at - addressOf(before).at)}</span>
      <span className={classes.channel} style={{ color: colorOf(channel) }}>
        {channel}
      </span>
      {namespace.length > 0 && (
        <span className={classes.namespace} title={namespace.join(" › ")}>
          {namespace.map((segment) => segment.split(":")[0]).join(" › ")}
        </span>
      )}
      <span className={classes.brief}>{briefOf(event)}</span>
      <span className={classes.size}>{size(event.size)}</span>
      <span className={classes.id} title={event.id}>
        {event.id.slice(-7)}
      </span>
    </div>
  );
});

/** Streams beside each other tell of the same moments. */
const lateness = (milliseconds: number) =>
  `${milliseconds < 0 ? "−" : "+"}${duration(Math.abs(milliseconds) / 1000)}`;
