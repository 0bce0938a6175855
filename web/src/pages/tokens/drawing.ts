/** The chart of candles; loaded only when one is shown. */
import {
  CandlestickSeries,
  createChart,
  createSeriesMarkers,
  LineStyle,
  type SeriesMarker,
  type Time,
} from "lightweight-charts";
import type { Schemas } from "../../lib/api";
import { formatPrice } from "../../lib/format";
import { isBar, type Bar, type Slot, type Turn } from "./candles";

export interface Shown {
  slots: readonly Slot[];
  turns: readonly Turn[];
  levels: readonly Schemas["Level"][];
  /** The day looked at; "": the newest. */
  day: string;
}

export interface Drawing {
  show(shown: Shown): void;
  /** The last `days` days; all without. */
  zoom(days: number | undefined): void;
  recolour(): void;
  end(): void;
}

type Colours = Record<"ink" | "soft" | "line" | "up" | "down" | "first" | "accent", string>;

/** A canvas knows no custom properties: what they stand for now, as rgb(). */
function readColours(box: HTMLElement): Colours {
  const probe = box.appendChild(document.createElement("span"));
  const read = (name: string) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const colours: Colours = {
    ink: read("ink"),
    soft: read("soft"),
    line: read("line"),
    up: read("up"),
    down: read("down"),
    first: read("first"),
    accent: read("accent"),
  };
  probe.remove();
  return colours;
}

/** Below it words would hide the candles: shapes and the legend must do. */
const ROOM_FOR_WORDS_PX = 560;

function listMarkers({ turns, day, slots }: Shown, colours: Colours, words: boolean): SeriesMarker<Time>[] {
  const days = new Set(slots.filter(isBar).map((bar) => bar.time));
  const markers: SeriesMarker<Time>[] = turns
    .filter((turn) => days.has(turn.day))
    .map((turn) => {
      if (turn.signal > 0) return { time: turn.day, position: "belowBar", shape: "arrowUp", color: colours.up, text: "buy" };
      if (turn.signal < 0) return { time: turn.day, position: "aboveBar", shape: "arrowDown", color: colours.down, text: "sell" };
      return { time: turn.day, position: "aboveBar", shape: "circle", color: colours.soft, text: "out" };
    });
  if (days.has(day)) markers.push({ time: day, position: "belowBar", shape: "square", color: colours.accent, text: "day looked at" });
  markers.sort((a, b) => (a.time < b.time ? -1 : 1));
  return words ? markers : markers.map((marker) => ({ ...marker, text: "" }));
}

export function draw(box: HTMLElement, onPoint: (bar: Bar | undefined) => void): Drawing {
  const chart = createChart(box, {
    autoSize: true,
    // The logo brings a style element of its own, which the content policy forbids: it is named beside.
    layout: { attributionLogo: false, background: { color: "transparent" }, fontFamily: getComputedStyle(box).fontFamily },
    handleScroll: { mouseWheel: false, vertTouchDrag: false },
    handleScale: { mouseWheel: false },
    localization: { locale: "en-GB", priceFormatter: (price: number) => formatPrice(price), dateFormat: "d MMM yyyy" },
    timeScale: { fixLeftEdge: true, fixRightEdge: true, minBarSpacing: 0.2 },
  });
  const series = chart.addSeries(CandlestickSeries, { priceLineVisible: false });
  const markers = createSeriesMarkers(series, []);
  let shown: Shown | undefined;
  let bars = new Map<string, Bar>();
  let lines: ReturnType<typeof series.createPriceLine>[] = [];

  chart.subscribeCrosshairMove((event) => onPoint(event.time === undefined ? undefined : bars.get(String(event.time))));

  function mark(colours: Colours): void {
    if (!shown) return;
    const words = box.clientWidth >= ROOM_FOR_WORDS_PX;
    markers.setMarkers(listMarkers(shown, colours, words));
    for (const line of lines) series.removePriceLine(line);
    lines = shown.levels.map((level) =>
      series.createPriceLine({
        price: Number(level.price),
        color: level.side === "support" ? colours.up : colours.down,
        lineStyle: level.side === "support" ? LineStyle.LargeDashed : LineStyle.Dotted,
        lineWidth: 1,
        title: words ? level.side : "",
        axisLabelVisible: words,
      }),
    );
  }

  const drawing: Drawing = {
    show(now) {
      const data = now.slots;
      if (data !== shown?.slots) {
        bars = new Map(data.filter(isBar).map((bar) => [bar.time, bar]));
        const close = [...bars.values()].at(-1)?.close ?? 1;
        const minMove = 10 ** Math.min(2, Math.floor(Math.log10(close)) - 5);
        series.applyOptions({ priceFormat: { type: "custom", minMove, formatter: (price: number) => formatPrice(price) } });
        series.setData([...data]);
        chart.timeScale().fitContent();
      }
      shown = now;
      mark(readColours(box));
    },
    zoom(days) {
      const count = shown?.slots.length ?? 0;
      if (!days || count <= days) chart.timeScale().fitContent();
      else chart.timeScale().setVisibleLogicalRange({ from: count - days, to: count });
    },
    recolour() {
      const colours = readColours(box);
      chart.applyOptions({
        layout: { textColor: colours.soft },
        grid: { vertLines: { color: colours.line }, horzLines: { color: colours.line } },
        rightPriceScale: { borderColor: colours.line },
        timeScale: { borderColor: colours.line },
        crosshair: {
          vertLine: { color: colours.soft, labelBackgroundColor: colours.ink },
          horzLine: { color: colours.soft, labelBackgroundColor: colours.ink },
        },
      });
      // Hollow for a rise, filled for a fall: the direction is seen without colour.
      series.applyOptions({
        upColor: "transparent",
        borderUpColor: colours.up,
        wickUpColor: colours.up,
        downColor: colours.down,
        borderDownColor: colours.down,
        wickDownColor: colours.down,
      });
      mark(colours);
    },
    end: () => chart.remove(),
  };
  drawing.recolour();
  return drawing;
}
