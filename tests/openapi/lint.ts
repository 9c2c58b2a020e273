import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApiDocument } from '../../src/api/openapi/document.ts';

// Redocly CLI over the API's document: a warning is a failure (redocly.yaml).
const dir = mkdtempSync(join(tmpdir(), 'pingui-openapi-'));
const file = join(dir, 'openapi.json');
writeFileSync(file, JSON.stringify(createApiDocument('0.0.0')));
const { status } = spawnSync('npx', ['--no-install', 'redocly', 'lint', file, '--config', 'redocly.yaml'], {
  stdio: 'inherit',
  env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
});
rmSync(dir, { recursive: true });
process.exitCode = status ?? 1;
