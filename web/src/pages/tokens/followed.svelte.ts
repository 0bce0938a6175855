import { untrack } from "svelte";
import { Resource } from "../../lib/resource.svelte";

/**
 * A resource of a component that is loaded anew when `key` changes and ends with the component.
 * What answered another key is not kept when the new one has no answer: it would be an untruth.
 */
export function followed<T>(key: () => string, load: () => Promise<T>): Resource<T> {
  let answered: string | undefined;
  const resource: Resource<T> = new Resource(async () => {
    const asked = untrack(key);
    try {
      const value = await load();
      answered = asked;
      return value;
    } catch (error) {
      if (answered !== asked && untrack(key) === asked) resource.value = undefined;
      throw error;
    }
  });
  let before = untrack(key);
  $effect(() => {
    const now = key();
    if (now !== before) untrack(() => void resource.reload());
    before = now;
  });
  $effect(() => () => resource.close());
  return resource;
}
