import { createRequire } from 'node:module';
import type { Liquid } from 'liquidjs';

const require = createRequire(import.meta.url);

/** Characters of a template. */
export const MAX_TEMPLATE = 8_000;
/** Milliseconds that one rendering may take; it holds up everything else meanwhile. */
const RENDER_MS = 50;
/** Parts of a template that one rendering may go through, loops counted each time. */
const MOST_PARTS = 2_000;
/** What the filters of one rendering may make, in Liquid's units: about characters and items of lists. */
const MEMORY = 1_000_000;
/** Characters that `{{ }}` may write, in all: Liquid counts what its filters make, but not how often it is written. */
const MOST_WRITTEN = 300_000;

/** Tags that read other templates, or write past the count. */
const NO_TAGS = ['include', 'render', 'layout', 'block', 'echo', 'liquid', 'tablerow'];
/** Filters that evaluate an expression for each item of a list, in one step that no limit looks into. */
const NO_FILTERS = /_exp$/;

/**
 * Renders a template of a key's owner over a delivery. It reads nothing but the delivery, and its loops, memory and time
 * are bounded.
 * @throws Error when it is no template, or goes beyond the bounds
 */
export function renderTemplate(template: string, values: object): string {
  const written: unknown = createEngine().parseAndRenderSync(template, values, {
    renderLimit: RENDER_MS,
    templateLimit: MOST_PARTS,
    memoryLimit: MEMORY,
  });
  return String(written);
}

/** Why it is no template; undefined for one that is. */
export function faultOfTemplate(template: string): string | undefined {
  if (template.length > MAX_TEMPLATE) return `Send at most ${MAX_TEMPLATE} characters.`;
  try {
    createEngine().parse(template);
    return undefined;
  } catch (error) {
    // Its first line says what is wrong, and where; below comes a picture of the template.
    return error instanceof Error ? (error.message.split('\n')[0] ?? '') : 'This is no template.';
  }
}

/** One for each rendering: it counts what is written. */
function createEngine(): Liquid {
  // Loaded with the first template: most services have none. The package has no types for require.
  const { Liquid: Engine } = require('liquidjs') as typeof import('liquidjs');
  let written = 0;
  const engine = new Engine({
    // Nothing is on the disk.
    templates: {},
    relativeReference: false,
    dynamicPartials: false,
    ownPropertyOnly: true,
    strictFilters: true,
    parseLimit: MAX_TEMPLATE,
    timezoneOffset: 'UTC',
    locale: 'en-US',
    outputEscape: (value: unknown) => {
      const text = textOf(value);
      written += text.length;
      if (written > MOST_WRITTEN) throw new RangeError('the template writes too much');
      return text;
    },
  });
  for (const tag of NO_TAGS) delete engine.tags[tag];
  for (const filter of Object.keys(engine.filters))
    if (NO_FILTERS.test(filter)) delete engine.filters[filter];
  // Liquid's own would go past the count.
  engine.registerFilter('raw', (value: unknown) => value);
  return engine;
}

/** What a person makes of a value: no "[object Object]". */
function textOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
