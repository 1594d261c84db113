import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { patiently } from './patience.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const unknown = (): DOMException => new DOMException('Internal error opening backing store.', 'UnknownError');

test('what another process holds is asked for again, until it is there', async () => {
  const ask = vi.fn<() => Promise<string>>().mockRejectedValueOnce(unknown()).mockRejectedValueOnce(unknown());
  ask.mockResolvedValue('opened');
  const asked = patiently(ask);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await asked).toBe('opened');
  expect(ask).toHaveBeenCalledTimes(3);
});

test('it is given up after 20 seconds, with the last error', async () => {
  const errors: DOMException[] = [];
  const asked = patiently(() => Promise.reject(errors[errors.push(unknown()) - 1]));
  const said = expect(asked).rejects.toSatisfy((error) => error === errors.at(-1));
  await vi.advanceTimersByTimeAsync(15_000);
  const before = errors.length;
  await vi.advanceTimersByTimeAsync(10_000);
  await said;
  expect(errors.length).toBeGreaterThan(before);
  expect(errors.length).toBeLessThan(40);
});

test('other errors are said at once', async () => {
  const ask = vi.fn(() => Promise.reject(new DOMException('newer', 'VersionError')));
  await expect(patiently(ask)).rejects.toThrow('newer');
  expect(ask).toHaveBeenCalledTimes(1);
});
