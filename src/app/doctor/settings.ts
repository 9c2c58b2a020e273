import type { Config } from '../../config/config.ts';
import { type Finding, findingsOn } from './finding.ts';

/** The oldest major version of Node that still gets security fixes (Node 20 ended in April 2026). */
const OLDEST_NODE = 22;

/** What is valid but doubtful. Faults of the environment have kept the configuration from being made. */
export function checkSettings(config: Config): Finding[] {
  const { ok, warning } = findingsOn('settings');
  const warnings = [...config.warnings.map((text) => warning(text)), ...checkAddress(config)];
  const mode = config.mode.kind === 'sandbox' ? 'sandbox, without Telegram' : 'with a bot';
  return [ok(`The settings are valid (${mode}; roles ${[...config.roles].join(', ')})`), ...warnings];
}

function checkAddress({ mode, publicUrl }: Config): Finding[] {
  const { warning } = findingsOn('settings');
  if (mode.kind === 'sandbox') return [];
  if (publicUrl === undefined)
    return [
      warning(
        'PUBLIC_URL is not set: the examples that the bot gives guess the address',
        'Set PUBLIC_URL to the address that people use.',
      ),
    ];
  if (!publicUrl.startsWith('http:')) return [];
  return [
    warning(
      'PUBLIC_URL is plain http: tokens and alerts cross the network unencrypted',
      'Put a proxy with TLS in front (docs/production.md), and set PUBLIC_URL to https://…',
    ),
  ];
}

/** @param version as `process.versions.node` has it */
export function checkNode(version: string): Finding {
  const { ok, warning } = findingsOn('node');
  return Number(version.split('.')[0]) >= OLDEST_NODE
    ? ok(`Node ${version}`)
    : warning(`Node ${version} gets no security fixes any more`, 'Install Node 24.');
}
