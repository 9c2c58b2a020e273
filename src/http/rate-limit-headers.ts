import type { Response } from 'express';

/** One policy of draft-ietf-httpapi-ratelimit-headers-08. Times in seconds. */
interface PolicyState {
  readonly name: string;
  readonly quota: number;
  readonly window: number;
  readonly remaining: number;
  readonly reset: number;
}

/** Adds the policy to `RateLimit` and `RateLimit-Policy`, in place of what they said of it; others stay. */
export function setPolicy(res: Response, state: PolicyState): void {
  const { name } = state;
  put(res, 'RateLimit', name, `r=${state.remaining}; t=${state.reset}`);
  put(res, 'RateLimit-Policy', name, `q=${state.quota}; w=${state.window}`);
}

function put(res: Response, header: string, name: string, value: string): void {
  const others = [res.getHeader(header) ?? []].flat().map(String);
  const kept = others.filter((entry) => !entry.startsWith(`"${name}";`));
  res.setHeader(header, [...kept, `"${name}"; ${value}`]);
}
