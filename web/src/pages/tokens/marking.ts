/** Signs on the chart: signals at the candles, changes of grades in a lane of their own below. */
import type { SeriesMarker, Time } from "lightweight-charts";
import type { Colours } from "./colours";
import type { Step, Turn } from "./marks";

/** Less room for each would print words over words: shapes and the legend must do. */
const ROOM_FOR_WORD_PX = 40;

/** Signals turn at a close; `day` is the one looked at. `days` are those with a candle. */
export function signTurns(
  turns: readonly Turn[],
  day: string,
  days: ReadonlyMap<string, unknown>,
  colours: Colours,
  room: number,
): SeriesMarker<Time>[] {
  const markers: SeriesMarker<Time>[] = turns
    .filter((turn) => days.has(turn.day))
    .map((turn) => {
      if (turn.signal > 0) return { time: turn.day, position: "belowBar", shape: "arrowUp", color: colours.up, text: "buy" };
      if (turn.signal < 0) return { time: turn.day, position: "aboveBar", shape: "arrowDown", color: colours.down, text: "sell" };
      return { time: turn.day, position: "aboveBar", shape: "circle", color: colours.soft, text: "out" };
    });
  const words = markers.length * ROOM_FOR_WORD_PX <= room;
  if (days.has(day)) markers.push({ time: day, position: "belowBar", shape: "square", color: colours.accent, text: "day looked at" });
  markers.sort((a, b) => (a.time < b.time ? -1 : 1));
  return words ? markers : markers.map((marker) => ({ ...marker, text: "" }));
}

export function signSteps(steps: readonly Step[], days: ReadonlyMap<string, unknown>, colours: Colours): SeriesMarker<Time>[] {
  return steps
    .filter((step) => days.has(step.day))
    .map(({ day, rises }) => ({
      time: day,
      position: "inBar",
      shape: rises ? "arrowUp" : "arrowDown",
      color: rises ? colours.up : colours.down,
      size: 0.6,
    }));
}
