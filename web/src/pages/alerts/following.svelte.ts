/** When the lists of this page are loaded anew by themselves. */
import { onDestroy, untrack } from "svelte";
import { live } from "../../lib/live.svelte";
import type { Resource } from "../../lib/resource.svelte";

/** What fires at once is looked at together; its messages are on their way by then. */
const AFTER_NEWS_MS = 500;
const AGAIN_MS = 5_000;

/** Do something soon after alerts of one's own fired, or may have while the connection was lost. */
export function onNews(reload: () => void): void {
  let heard = live.alerts;
  let wasLost = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  $effect(() => {
    const isNews = live.alerts !== heard || (wasLost && live.state === "open");
    heard = live.alerts;
    if (live.state !== "connecting") wasLost = live.state === "lost";
    if (!isNews) return;
    timer ??= setTimeout(() => {
      timer = undefined;
      reload();
    }, AFTER_NEWS_MS);
  });
  onDestroy(() => clearTimeout(timer));
}

/** Load anew every few seconds as long as something of it is under way and somebody looks. */
export function reloadWhile<T>(list: Resource<T>, isUnderWay: (value: T) => boolean): void {
  $effect(() => {
    if (list.value === undefined || !isUnderWay(list.value)) return;
    const timer = setInterval(() => void (document.hidden || list.reload()), AGAIN_MS);
    return () => clearInterval(timer);
  });
}

/** Load anew when another part of it is asked for; at first it loads by itself. */
export function reloadOn<T>(list: Resource<T>, key: () => string): void {
  let shown = untrack(key);
  $effect(() => {
    const wanted = key();
    if (wanted === shown) return;
    shown = wanted;
    untrack(() => void list.reload());
  });
}
