/** Channels and deliveries, as the page reads and writes them, and their words. */
import { api, take, type Schemas } from "../../lib/api";
import { finish } from "../../lib/session.svelte";

export type Channel = Schemas["ChannelShape"];
export type NewChannel = Schemas["NewChannelShape"];
export type Delivery = Schemas["DeliveryShape"];
export type State = Delivery["state"];

export const STATES: Record<State, string> = {
  due: "◌ due",
  sending: "◌ being sent",
  retry: "↻ to be tried again",
  delivered: "● delivered",
  dead: "✕ dead",
};

/** How the address of each service is written; docs/alerts.md has the options. */
export const ADDRESSES = [
  ["Your own server: a signed JSON document", "https://host/path"],
  ["Mail", "mailtos://user:password@host?from=me@example.com&to=you@example.com"],
  ["Telegram", "tgram://TOKEN/CHAT"],
  ["Slack", "slack://A/B/C/#channel, or the address that Slack shows"],
  ["Discord", "discord://ID/TOKEN, or the address that Discord shows"],
  ["SMS by Twilio", "twilio://SID:TOKEN@FROM/TO"],
  ["Push by ntfy", "ntfys://topic or ntfys://host/topic"],
] as const;

const SERVICES: Record<string, string> = {
  webhook: "webhook",
  mail: "mail",
  tgram: "Telegram",
  slack: "Slack",
  discord: "Discord",
  twilio: "SMS",
  ntfys: "ntfy",
};

/** An account has no more channels than one page holds. */
const MOST_CHANNELS = 50;
const PAGE = 25;

const at = (id: string) => ({ path: { channel_id: id } });

export function nameService(service: string): string {
  return SERVICES[service] ?? service;
}

export async function loadChannels(): Promise<Channel[]> {
  return (await take(api.GET("/v1/alerts/channels", { params: { query: { limit: MOST_CHANNELS } } }))).data;
}

export async function addChannel(name: string, url: string): Promise<NewChannel> {
  return (await take(api.POST("/v1/alerts/channels", { body: { name, url } }))).data;
}

export async function changeChannel(id: string, change: Schemas["ChannelChange"]): Promise<void> {
  await take(api.PATCH("/v1/alerts/channels/{channel_id}", { params: at(id), body: change }));
}

export async function removeChannel(id: string): Promise<void> {
  await finish(api.DELETE("/v1/alerts/channels/{channel_id}", { params: at(id) }));
}

/** Send a test message now, and say what became of it. */
export async function tryChannel(id: string): Promise<Delivery> {
  return (await take(api.POST("/v1/alerts/channels/{channel_id}/test", { params: at(id) }))).data;
}

/** A page of deliveries, the newest first; empty words leave a filter out. */
export function loadDeliveries(state: State | "", channel: string, cursor: string): Promise<Schemas["DeliveryPage"]> {
  const query = {
    limit: PAGE,
    ...(state && { state }),
    ...(channel && { channel_id: channel }),
    ...(cursor && { cursor }),
  };
  return take(api.GET("/v1/alerts/deliveries", { params: { query } }));
}

/** Put a dead letter back. */
export async function sendAgain(id: string): Promise<void> {
  await take(api.POST("/v1/alerts/deliveries/{delivery_id}/requeue", { params: { path: { delivery_id: id } } }));
}

export function isUnderWay(delivery: Delivery): boolean {
  return delivery.state !== "delivered" && delivery.state !== "dead";
}
