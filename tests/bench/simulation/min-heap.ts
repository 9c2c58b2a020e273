export interface MinHeap<T> {
  readonly size: number;
  peek(): T | undefined;
  push(item: T): void;
  pop(): T | undefined;
  /** As `pop` and `push` in one step; also after the smallest item itself has changed. */
  replaceTop(item: T): void;
}

/** A binary heap. `isBefore` must be a strict order, so that equal runs give equal results. */
export function createMinHeap<T>(isBefore: (a: T, b: T) => boolean): MinHeap<T> {
  const items: T[] = [];

  /** The indices used here are always below the length. */
  const at = (index: number) => items[index] as T;

  function siftUp(item: T, from: number): void {
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(item, at(parent))) break;
      items[index] = at(parent);
      index = parent;
    }
    items[index] = item;
  }

  function siftDown(item: T): void {
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && isBefore(at(child + 1), at(child))) child += 1;
      if (!isBefore(at(child), item)) break;
      items[index] = at(child);
      index = child;
    }
    items[index] = item;
  }

  return {
    get size() {
      return items.length;
    },
    peek: () => items[0],
    push(item) {
      items.push(item);
      siftUp(item, items.length - 1);
    },
    pop() {
      const top = items[0];
      const last = items.pop();
      if (items.length > 0 && last !== undefined) siftDown(last);
      return top;
    },
    replaceTop: siftDown,
  };
}
