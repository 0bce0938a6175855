/** The chart of candles; loaded only when one is shown. */
import {
  CandlestickSeries,
  createChart,
  createSeriesMarkers,
  HistogramSeries,
  LineStyle,
  PriceScaleMode,
  type SeriesMarker,
  type Time,
} from "lightweight-charts";
import { formatPrice } from "../../lib/format";
import { isBar, type Bar, type Slot } from "./candles";
import { fade, readColours, type Colours } from "./colours";
import { signSteps, signTurns } from "./marking";
import type { Mark, Step, Turn } from "./marks";

export interface Shown {
  slots: readonly Slot[];
  turns: readonly Turn[];
  /** Changes of the grades' labels: one lane each, the first on top. */
  lanes: readonly (readonly Step[])[];
  marks: readonly Mark[];
  volume: boolean;
  /** Equal distances are equal shares, not equal amounts. */
  shares: boolean;
  /** The day looked at; "": the newest. */
  day: string;
}

export interface Drawing {
  show(shown: Shown): void;
  /** So many days, all without: the last ones, or those about a day that lies before them. */
  zoom(days: number | undefined, day: string): void;
  /** Bring a day into view if it is not. */
  reveal(day: string): void;
  /** Put the cross on a day; without one take it away. */
  point(bar: Bar | undefined): void;
  recolour(): void;
  end(): void;
}

/** Shares of the height: candles above, then the volume, then the lanes. */
const CANDLES = { top: 0.05, bottom: 0.3 };
const VOLUME = { top: 0.74, bottom: 0.14 };
const LANES = { top: 0.88, bottom: 0 };
const STYLES = { dashed: LineStyle.LargeDashed, dotted: LineStyle.Dotted, solid: LineStyle.Solid };
/** Below it the names of lines are shortened. */
const ROOM_FOR_NAMES_PX = 560;

/** Volumes as shares of the greatest: of coins worth little so many trade that the library knows no such number. */
function shareVolume(slots: readonly Slot[]): { time: string; value?: number }[] {
  const most = Math.max(...slots.map((slot) => (isBar(slot) ? (slot.volume ?? 0) : 0))) || 1;
  return slots.map((slot) => (isBar(slot) && slot.volume !== undefined ? { time: slot.time, value: slot.volume / most } : { time: slot.time }));
}

/** The room below the candles reaches under zero, where there are no prices. */
const nameTick = (price: number) => (price < 0 ? "" : formatPrice(price));

export function draw(box: HTMLElement, onPoint: (day: string | undefined) => void): Drawing {
  const chart = createChart(box, {
    autoSize: true,
    // The logo brings a style element of its own, which the content policy forbids: it is named beside.
    layout: { attributionLogo: false, background: { color: "transparent" }, fontFamily: getComputedStyle(box).fontFamily },
    handleScroll: { mouseWheel: false, vertTouchDrag: false },
    handleScale: { mouseWheel: false },
    localization: { locale: "en-GB", priceFormatter: nameTick, dateFormat: "dd MMM yyyy" },
    timeScale: { fixLeftEdge: true, fixRightEdge: true, minBarSpacing: 0.2 },
  });
  const quiet = { priceLineVisible: false, lastValueVisible: false };
  const volume = chart.addSeries(HistogramSeries, { ...quiet, priceScaleId: "volume" });
  const lanes = [1.5, 0.5].map((value) => {
    const autoscaleInfoProvider = () => ({ priceRange: { minValue: 0, maxValue: 2 } });
    const series = chart.addSeries(HistogramSeries, { ...quiet, priceScaleId: "lanes", color: "transparent", autoscaleInfoProvider });
    return { value, series, markers: createSeriesMarkers<Time>(series, []) };
  });
  const candles = chart.addSeries(CandlestickSeries, quiet);
  const markers = createSeriesMarkers<Time>(candles, []);
  chart.priceScale("volume").applyOptions({ scaleMargins: VOLUME });
  chart.priceScale("lanes").applyOptions({ scaleMargins: LANES });

  let shown: Shown | undefined;
  let bars = new Map<string, Bar>();
  let lines: ReturnType<typeof candles.createPriceLine>[] = [];

  chart.subscribeCrosshairMove((event) => {
    // What we point at ourselves is known already.
    if (event.time === undefined) onPoint(undefined);
    else if (event.sourceEvent && bars.has(String(event.time))) onPoint(String(event.time));
  });

  const find = (day: string) => shown?.slots.findIndex(({ time }) => time === day) ?? -1;

  function fill(slots: readonly Slot[]): void {
    bars = new Map(slots.filter(isBar).map((bar) => [bar.time, bar]));
    const close = [...bars.values()].at(-1)?.close ?? 1;
    const minMove = 10 ** Math.min(2, Math.floor(Math.log10(close)) - 5);
    candles.applyOptions({ priceFormat: { type: "custom", minMove, formatter: nameTick } });
    candles.setData([...slots]);
    volume.setData(shareVolume(slots));
    for (const { series, value } of lanes) series.setData(slots.map(({ time }) => ({ time, value })));
  }

  function mark(colours: Colours): void {
    if (!shown) return;
    const width = box.clientWidth;
    markers.setMarkers(signTurns(shown.turns, shown.day, bars, colours, width));
    const signed: SeriesMarker<Time>[][] = shown.lanes.map((steps) => signSteps(steps, bars, colours));
    lanes.forEach((lane, place) => lane.markers.setMarkers(signed[place] ?? []));
    for (const line of lines) candles.removePriceLine(line);
    lines = shown.marks.map(({ name, short, price, tone, style }) =>
      candles.createPriceLine({
        price,
        color: colours[tone],
        lineStyle: STYLES[style],
        lineWidth: 1,
        title: width >= ROOM_FOR_NAMES_PX ? name : short,
        axisLabelVisible: width >= ROOM_FOR_NAMES_PX,
      }),
    );
    volume.applyOptions({ visible: shown.volume, color: fade(colours.soft) });
  }

  const drawing: Drawing = {
    show(now) {
      if (now.slots !== shown?.slots) fill(now.slots);
      shown = now;
      chart.priceScale("right").applyOptions({
        scaleMargins: CANDLES,
        mode: now.shares ? PriceScaleMode.Logarithmic : PriceScaleMode.Normal,
      });
      mark(readColours(box));
    },
    zoom(days, day) {
      const count = shown?.slots.length ?? 0;
      if (!days || count <= days) return chart.timeScale().fitContent();
      const at = find(day);
      const to = at < 0 || at >= count - days ? count : at + days / 2;
      chart.timeScale().setVisibleLogicalRange({ from: to - days, to });
    },
    reveal(day) {
      const range = chart.timeScale().getVisibleLogicalRange();
      const at = find(day);
      if (!range || at < 0 || (at >= range.from && at <= range.to)) return;
      const half = (range.to - range.from) / 2;
      chart.timeScale().setVisibleLogicalRange({ from: at - half, to: at + half });
    },
    point(bar) {
      if (bar) chart.setCrosshairPosition(bar.close, bar.time, candles);
      else chart.clearCrosshairPosition();
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
      candles.applyOptions({
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
