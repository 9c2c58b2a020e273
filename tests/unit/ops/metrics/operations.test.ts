import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createEventBus } from '../../../../src/domain/events.ts';
import { createMetrics } from '../../../../src/ops/metrics/metrics.ts';
import { NOW, SOURCES } from './metrics-sources.ts';

const DOCS = fileURLToPath(new URL('../../../../docs/', import.meta.url));
const read = (path: string) => readFileSync(join(DOCS, path), 'utf8');
const RULES = read('operations/alerts.yml');

interface Panel {
  readonly title: string;
  readonly targets: readonly { readonly expr: string }[];
}
const { panels } = JSON.parse(read('operations/grafana-dashboard.json')) as { panels: Panel[] };
const expressions = panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ title, expr })));

/** undefined: it is not installed. */
function promtool(...args: string[]): { status: number | null; output: string } | undefined {
  const { status, stdout, stderr, error } = spawnSync('promtool', args, { encoding: 'utf8' });
  return error === undefined ? { status, output: `${stdout}${stderr}` } : undefined;
}
const MISSING = 'promtool is not installed (it comes with prometheus)';

/** The names of all series that a process with all roles has. */
async function knownNames(): Promise<Set<string>> {
  const metrics = createMetrics({
    ...SOURCES,
    events: createEventBus(),
    senderState: () => 'ok',
    jobHistory: async () => ({ lastSuccess: { backup: NOW }, backupBytes: 1 }),
  });
  const { body } = await metrics.render();
  const types = [...body.matchAll(/^# TYPE (\S+) (\S+)$/gm)];
  return new Set(
    types.flatMap(([, name = '', type]) =>
      type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    ),
  );
}

describe('what docs/operations gives to Prometheus and Grafana', () => {
  it('asks for metrics that there are', async () => {
    const known = await knownNames();
    const asked = `${RULES}\n${expressions.map(({ expr }) => expr).join('\n')}`;
    const names = new Set(asked.match(/\b(?:pingui|process|nodejs)_\w+/g));
    expect(names.size).toBeGreaterThan(20);
    expect([...names].filter((name) => !known.has(name))).toEqual([]);
  });

  it('has rules that pass their tests', ({ skip }) => {
    const checked = promtool('check', 'rules', join(DOCS, 'operations/alerts.yml'));
    if (checked === undefined) return skip(MISSING);
    expect(checked).toMatchObject({ status: 0, output: expect.stringContaining('rules found') });
    const tested = promtool('test', 'rules', join(DOCS, 'operations/alerts.test.yml'));
    expect(tested?.output).not.toContain('FAILED');
    expect(tested?.status).toBe(0);
  });

  it('tests each rule: that it fires, and that it does not', () => {
    const names = [...RULES.matchAll(/- alert: (\w+)/g)].map(([, name = '']) => name);
    expect(names.length).toBeGreaterThan(10);
    const tests = read('operations/alerts.test.yml');
    const untested = names.filter(
      (name) =>
        !new RegExp(`alertname: ${name}\\n\\s+exp_alerts:`).test(tests) ||
        !tests.includes(`{ eval_time: 50m, alertname: ${name} }`),
    );
    expect(untested).toEqual([]);
  });

  it('leads to the manual of whoever has run the line that the manual gives', () => {
    const [, command = ''] = /^(sed -i .*) alerts\.yml$/m.exec(read('operations.md')) ?? [];
    const dir = mkdtempSync(join(tmpdir(), 'pingui-rules-'));
    const file = join(dir, 'alerts.yml');
    writeFileSync(file, RULES);
    const { status } = spawnSync('sh', ['-c', `${command} ${file}`]);
    const changed = readFileSync(file, 'utf8');
    rmSync(dir, { recursive: true });
    const count = (form: RegExp, text: string) => text.match(form)?.length;
    expect(status).toBe(0);
    expect(count(/git\.example\.com/g, changed)).toBeUndefined();
    expect(
      count(/runbook_url: https:\/\/wiki\.example\.org\/pingui-alert\/docs\/operations\.md#/g, changed),
    ).toBe(count(/- alert:/g, RULES));
  });

  it('has a configuration of Prometheus and of Alertmanager that they take', ({ skip }) => {
    const dir = mkdtempSync(join(tmpdir(), 'pingui-alertmanager-'));
    const yaml = (path: string, key: RegExp) =>
      [...read(path).matchAll(/```yaml\n(.*?)```/gs)]
        .map(([, text = '']) => text)
        .find((text) => key.test(text)) ?? '';
    writeFileSync(join(dir, 'alerts.yml'), RULES);
    writeFileSync(join(dir, 'key'), 'key');
    const inDir = (text: string) => text.replaceAll(/\/etc\/\w+\/\w+/g, join(dir, 'key'));
    writeFileSync(join(dir, 'prometheus.yml'), inDir(yaml('monitoring.md', /scrape_configs/)));
    writeFileSync(join(dir, 'alertmanager.yml'), inDir(yaml('operations.md', /webhook_configs/)));
    const prometheus = promtool('check', 'config', join(dir, 'prometheus.yml'));
    const alertmanager = spawnSync('amtool', ['check-config', join(dir, 'alertmanager.yml')], {
      encoding: 'utf8',
    });
    rmSync(dir, { recursive: true });
    if (prometheus === undefined || alertmanager.error !== undefined) return skip(MISSING);
    expect(prometheus).toMatchObject({ status: 0, output: expect.stringContaining('rules found') });
    expect([alertmanager.status, alertmanager.stdout]).toEqual([0, expect.stringContaining('1 receivers')]);
  });

  it('has a place in the manual for each alarm', () => {
    const headings = [...read('operations.md').matchAll(/^#{2,4} (.+)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\w -]/g, '')
        .replaceAll(' ', '-'),
    );
    const anchors = [...RULES.matchAll(/runbook_url: \S+\/docs\/operations\.md#(\S+)/g)].map(
      ([, anchor = '']) => anchor,
    );
    expect(anchors).toHaveLength([...RULES.matchAll(/- alert:/g)].length);
    expect(anchors.filter((anchor) => !headings.includes(anchor))).toEqual([]);
  });

  it('has a dashboard whose every expression can be read', ({ skip }) => {
    const dir = mkdtempSync(join(tmpdir(), 'pingui-dashboard-'));
    const file = join(dir, 'panels.yml');
    const rules = expressions.map(({ expr }, index) => ({
      record: `panel:${index}`,
      // What Grafana puts in.
      expr: expr.replaceAll('$__rate_interval', '1m').replaceAll('$job', '.*'),
    }));
    // JSON is YAML.
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'panels', rules }] }));
    const checked = promtool('check', 'rules', file);
    rmSync(dir, { recursive: true });
    if (checked === undefined) return skip(MISSING);
    expect(checked).toMatchObject({
      status: 0,
      output: expect.stringContaining(`${rules.length} rules found`),
    });
  });
});
