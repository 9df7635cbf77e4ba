import { Text } from "@mantine/core";
import type { Trace } from "../../sdk";
import { span } from "../shared/words";
import classes from "./Review.module.css";
import { stepsOf } from "./trace";
import { exactClock } from "./words";

function lasted(milliseconds: number): string {
  return milliseconds < 10_000 ? `${milliseconds < 0 ? "" : "+"}${milliseconds} ms` : `+${span(milliseconds)}`;
}

/** Each step of a frame's way, with a bar as long as it took. */
export function TraceTable({ trace }: { trace: Trace }) {
  const steps = stepsOf(trace);
  const longest = Math.max(1, ...steps.map(({ took = 0 }) => took));
  return (
    <>
      <table className={`numbers ${classes.trace}`}>
        <tbody>
          {steps.map(({ words, at, took, theirs }) => (
            <tr key={words}>
              <th scope="row">{words}</th>
              <td>
                {exactClock(Date.parse(at))}
                {theirs ? "*" : ""}
              </td>
              <td>{took === undefined ? "" : lasted(took)}</td>
              <td aria-hidden>
                <span className={classes.took} style={{ width: `${(100 * (took ?? 0)) / longest}%` }} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {steps.some(({ theirs }) => theirs) ? (
        <Text size="xs" c="dimmed">
          * By the candidate&rsquo;s own clock
        </Text>
      ) : null}
    </>
  );
}
