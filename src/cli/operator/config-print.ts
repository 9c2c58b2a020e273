import { ConfigError, loadConfig } from '../../config/config.ts';
import { showSettings } from '../../config/shown-settings.ts';
import type { Run } from '../command.ts';
import { table } from '../table.ts';

/** The settings in force, and where each comes from; secrets are hidden. Faults and warnings stand below. */
export const printConfig: Run = async (_call, deps) => {
  const { env, readFile } = deps.readEnvironment();
  const settings = showSettings(env, readFile);
  const { faults, warnings } = check();
  return {
    lines: [
      ...table(
        ['NAME', 'FROM', 'VALUE'],
        settings.map(({ name, value, source }) => [
          name,
          source === 'none' ? '' : source,
          source === 'none' ? `(${value})` : value,
        ]),
      ),
      ...(faults.length + warnings.length === 0 ? [] : ['']),
      ...faults.map((fault) => `fault: ${fault}`),
      ...warnings.map((warning) => `warning: ${warning}`),
    ],
    json: {
      settings: Object.fromEntries(
        settings.map(({ name, value, source }) => [
          name,
          { value: source === 'none' ? null : value, source },
        ]),
      ),
      faults,
      warnings,
    },
    isFault: faults.length > 0,
  };

  function check(): { faults: string[]; warnings: readonly string[] } {
    try {
      return { faults: [], warnings: loadConfig(env, readFile).warnings };
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return { faults: error.faults.map(({ name, message }) => `${name} ${message}`), warnings: [] };
    }
  }
};
