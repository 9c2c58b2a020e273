import { describe, expect, it } from 'vitest';
import {
  DEFAULT_SCOPE,
  hasScope,
  INTEGRATION_SCOPES,
  renewedScope,
  SETUP_SCOPE,
  unknownScopes,
} from '../../../src/domain/scopes.ts';

describe('scopes', () => {
  it('are all of them unless fewer are asked for', () => {
    expect(DEFAULT_SCOPE).toBe(
      'alert:send integration:read integration:revoke integration:rotate key:manage',
    );
    for (const scope of INTEGRATION_SCOPES) expect(hasScope(DEFAULT_SCOPE, scope)).toBe(true);
  });

  it('are compared as whole names', () => {
    expect(hasScope('alert:send', 'alert:send')).toBe(true);
    expect(hasScope('integration:read alert:send', 'alert:send')).toBe(true);
    for (const granted of [
      '',
      'alert:send2',
      'xalert:send',
      'alert',
      'ALERT:SEND',
      'alert:send,integration:read',
    ]) {
      expect(hasScope(granted, 'alert:send')).toBe(false);
    }
  });

  it('of a setup token are none that an integration can have, and the other way round', () => {
    expect(hasScope(DEFAULT_SCOPE, SETUP_SCOPE)).toBe(false);
    expect(unknownScopes(SETUP_SCOPE)).toEqual([SETUP_SCOPE]);
    for (const scope of INTEGRATION_SCOPES) expect(hasScope(SETUP_SCOPE, scope)).toBe(false);
  });

  it('of a new token are those of the old one, or the default of today after that of its day', () => {
    expect(renewedScope('alert:send integration:read integration:revoke integration:rotate')).toBe(
      DEFAULT_SCOPE,
    );
    for (const scope of ['alert:send', 'alert:send integration:rotate', DEFAULT_SCOPE])
      expect(renewedScope(scope)).toBe(scope);
  });

  it('that are unknown are named', () => {
    expect(unknownScopes(DEFAULT_SCOPE)).toEqual([]);
    expect(unknownScopes('alert:send admin integration:*')).toEqual(['admin', 'integration:*']);
  });
});
