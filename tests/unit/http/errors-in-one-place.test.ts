import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PROBLEMS } from '../../../src/http/problems.ts';

const ROOT = new URL('../../../src/', import.meta.url).pathname;
const EDGES = ['api', 'admin', 'http'];

/** Where a status of 400 or more is no problem document, and why. */
const OTHER_FORMS: Readonly<Record<string, string>> = {
  'http/problems.ts': 'the one place',
  'api/openapi/refusals.ts': 'documents them',
  'admin/monitoring/health-routes.ts': 'a readiness of 503 has its report as body',
  'admin/sign-in/operator-routes.ts': 'the sign-in form is shown again, as a page',
  'admin/alerts/alert-routes.ts': 'the search is shown again, as a page',
  'admin/board/board.ts': "Bull Board's page needs its own form",
};

function sources(): { file: string; text: string }[] {
  return readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && EDGES.includes(file.split(sep)[0] ?? ''))
    .map((file) => ({ file, text: readFileSync(join(ROOT, file), 'utf8') }));
}

describe('errors', () => {
  it('are answered in one place', () => {
    const around = sources()
      .filter(({ file }) => !(file in OTHER_FORMS))
      .filter(({ text }) =>
        /status(?:Code)?\s*(?:\(|=(?!=)|:)\s*[^)\n]*[45]\d\d|sendStatus|problem\+json|\.status\([^\d]/.test(
          text,
        ),
      );
    expect(around.map(({ file }) => file)).toEqual([]);
  });

  it('carry no message of an error that is not ours', () => {
    const leaks = sources().filter(({ text }) => /(?:json|send|end)\([^)]*\.(?:message|stack)\b/.test(text));
    expect(leaks.map(({ file }) => file)).toEqual([]);
  });

  it('have a status of 4xx or 5xx each', () => {
    for (const { status } of Object.values(PROBLEMS)) expect(status).toBeGreaterThanOrEqual(400);
  });
});
