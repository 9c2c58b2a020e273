import { defineConfig } from 'vitest/config';
import { LongestFirst } from './tests/support/longest-first.ts';

export default defineConfig({
  // Without Vitest's `development`: the libraries as the service runs them, not their slower builds with assertions (micromark).
  ssr: { resolve: { conditions: ['module', 'node'] } },
  test: {
    include: ['tests/**/*.test.ts'],
    globalSetup: ['tests/support/global-setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // On two cores: most of the time they wait.
    maxWorkers: 5,
    // A file's modules are loaded once per worker: half of the processor time. Nothing of ours keeps state in a module.
    isolate: false,
    sequence: { sequencer: LongestFirst },
  },
});
