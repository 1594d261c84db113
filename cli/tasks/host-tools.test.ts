import { afterEach, describe, expect, test, vi } from 'vitest';
import { adviceFor, ensureHostTools, findHostTool, MissingHostTool } from './host-tools.ts';

afterEach(() => vi.unstubAllEnvs());

describe('what a person is told', () => {
  test('on Debian without rights: one command for everything', () => {
    expect(adviceFor(['chromium', 'gpgv'], 'not-permitted')).toBe(
      'Run this once: sudo apt-get install -y chromium gpgv',
    );
  });

  test('elsewhere: the one variable or command that is missing', () => {
    expect(adviceFor(['chromium', 'gpgv'], 'not-debian')).toContain('set TABHYVE_CHROMIUM to its path');
    expect(adviceFor(['gpgv'], 'not-debian')).toContain('The command gpgv is missing: install it.');
  });
});

describe('a variable that names a tool', () => {
  test('goes before PATH', () => {
    vi.stubEnv('TABHYVE_CHROMIUM', process.execPath);
    expect(findHostTool('chromium')).toBe(process.execPath);
  });

  test('is not silently replaced when it is wrong', () => {
    vi.stubEnv('TABHYVE_CHROMIUM', '/no/such/browser');
    expect(() => ensureHostTools(['chromium'], () => undefined)).toThrow(MissingHostTool);
    expect(() => ensureHostTools(['chromium'], () => undefined)).toThrow('TABHYVE_CHROMIUM names /no/such/browser');
  });
});
