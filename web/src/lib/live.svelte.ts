/** Live prices, new grades and one's own alerts over the WebSocket: one connection for the app, reopened when it ends. */
import { SvelteMap } from "svelte/reactivity";
import type { Schemas } from "./api";

export type LivePrice = Schemas["LivePriceShape"];
/** One's own alert, as the stream tells it. */
export interface LiveAlert {
  event: string;
  rule_id: string;
  title: string;
  fired_at: string;
}
/** Grades that were published; of what the stream tells of them only the day counts here. */
interface LiveGrades {
  as_of: string;
}
export type LiveState = "connecting" | "open" | "lost";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
/** Two heartbeats: who hears nothing for so long has no connection, whatever the socket says. */
const SILENCE_MS = 35_000;

interface Message {
  type: string;
  channel?: string;
  /** What this session may hear. */
  channels?: string[];
  data?: Data;
  rows?: { data: Data }[];
}
type Data = LivePrice | LiveAlert | LiveGrades;

class Live {
  state = $state<LiveState>("connecting");
  isReplay = $state(false);
  /** By token id. */
  readonly prices = new SvelteMap<number, LivePrice>();
  /** The newest day that was graded, as far as it was told. */
  gradedDay = $state("");
  /** The last alert that fired while the page was open, and how many did. */
  alert = $state.raw<LiveAlert | undefined>();
  alerts = $state(0);
  #socket: WebSocket | undefined;
  #waitMs = FIRST_WAIT_MS;
  #reopening: ReturnType<typeof setTimeout> | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;

  /** Open it, and again whenever it ends, until it is closed. */
  open(): void {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/v1/stream`);
    this.#socket = socket;
    socket.onopen = () => ["prices", "grades"].forEach((channel) => subscribe(socket, channel));
    socket.onmessage = (event: MessageEvent<string>) => this.#hear(socket, JSON.parse(event.data) as Message);
    socket.onclose = () => this.#again(socket);
    this.#listen();
  }

  close(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    clearTimeout(this.#silence);
    clearTimeout(this.#reopening);
    socket?.close();
    this.state = "connecting";
    this.alert = undefined;
    this.alerts = 0;
  }

  #hear(socket: WebSocket, message: Message): void {
    this.#listen();
    if (message.type === "welcome") {
      if (message.channels?.includes("alerts")) subscribe(socket, "alerts");
    } else if (message.type === "subscribed") {
      this.state = "open";
      this.#waitMs = FIRST_WAIT_MS;
    } else if (message.type === "snapshot") {
      for (const row of message.rows ?? []) this.#take(message.channel, row.data);
    } else if (message.type === "update" && message.data) {
      this.#take(message.channel, message.data);
    }
  }

  #take(channel: string | undefined, data: Data): void {
    if (channel === "prices") this.#takePrice(data as LivePrice);
    else if (channel === "grades") this.#takeDay((data as LiveGrades).as_of);
    else if (channel === "alerts") this.#takeAlert(data as LiveAlert);
  }

  #takePrice(price: LivePrice): void {
    this.prices.set(price.token_id, price);
    this.isReplay = price.is_replay;
  }

  #takeDay(day: string): void {
    if (day > this.gradedDay) this.gradedDay = day;
  }

  #takeAlert(alert: LiveAlert): void {
    this.alert = alert;
    this.alerts++;
  }

  #listen(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#socket?.close(), SILENCE_MS);
  }

  #again(socket: WebSocket): void {
    if (socket !== this.#socket) return;
    clearTimeout(this.#silence);
    this.state = "lost";
    this.#reopening = setTimeout(() => this.open(), this.#waitMs * (0.5 + Math.random() / 2));
    this.#waitMs = Math.min(this.#waitMs * 2, LONGEST_WAIT_MS);
  }
}

function subscribe(socket: WebSocket, channel: string): void {
  socket.send(JSON.stringify({ type: "subscribe", channel }));
}

export const live = new Live();
