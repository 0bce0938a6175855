/** Live prices over the WebSocket: one connection for the app, reopened when it ends. */
import { SvelteMap } from "svelte/reactivity";
import type { Schemas } from "./api";

export type LivePrice = Schemas["LivePriceShape"];
export type LiveState = "connecting" | "open" | "lost";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
/** Two heartbeats: who hears nothing for so long has no connection, whatever the socket says. */
const SILENCE_MS = 35_000;

class Live {
  state = $state<LiveState>("connecting");
  isReplay = $state(false);
  /** By token id. */
  readonly prices = new SvelteMap<number, LivePrice>();
  #socket: WebSocket | undefined;
  #waitMs = FIRST_WAIT_MS;
  #reopening: ReturnType<typeof setTimeout> | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;

  /** Open it, and again whenever it ends, until it is closed. */
  open(): void {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/v1/stream`);
    this.#socket = socket;
    socket.onopen = () => socket.send(JSON.stringify({ type: "subscribe", channel: "prices" }));
    socket.onmessage = (event: MessageEvent<string>) => this.#hear(JSON.parse(event.data));
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
  }

  #hear(message: { type: string; data?: LivePrice; rows?: { data: LivePrice }[] }): void {
    this.#listen();
    if (message.type === "subscribed") {
      this.state = "open";
      this.#waitMs = FIRST_WAIT_MS;
    } else if (message.type === "snapshot") {
      for (const row of message.rows ?? []) this.#take(row.data);
    } else if (message.type === "update" && message.data) {
      this.#take(message.data);
    }
  }

  #take(price: LivePrice): void {
    this.prices.set(price.token_id, price);
    this.isReplay = price.is_replay;
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

export const live = new Live();
