import { expect, test } from 'vitest';
import { guestStatus, outcomeOf, signalOutcome, timeoutOutcome } from './outcome.ts';

test('the status of a guest that ends', () => {
  expect(outcomeOf({ reason: 'power-off', code: 0 }).status).toBe(0);
  expect(outcomeOf({ reason: 'failed', code: 42 }).status).toBe(42);
  expect(outcomeOf({ reason: 'reset', code: 0 }).status).toBe(0);
  expect(outcomeOf({ reason: 'crashed', by: 'trap', code: 1, message: 'm' })).toMatchObject({
    status: 3,
    message: 'm',
  });
  expect(outcomeOf({ reason: 'crashed', by: 'panic', code: 0 })).toMatchObject({ reason: 'panic', status: 3 });
  expect(outcomeOf({ reason: 'crashed', by: 'emulator', code: 0 }).status).toBe(1);
});

test('a code that is a failure stays one', () => {
  expect([0, 1, 255, 256, 65535].map(guestStatus)).toEqual([1, 1, 255, 255, 255]);
});

test('the status of a run that is ended', () => {
  expect(signalOutcome('SIGINT').status).toBe(130);
  expect(signalOutcome('SIGTERM').status).toBe(143);
  expect(signalOutcome('SIGPIPE')).toEqual({ reason: 'output-closed', status: 141 });
  expect(timeoutOutcome(2.5)).toMatchObject({ status: 124, message: 'the machine was ended after 2.5 s (--timeout)' });
});
