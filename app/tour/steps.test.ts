import { expect, test } from 'vitest';
import { advance, steps, type Tour, type View } from './steps.ts';

const MiB = 2 ** 20;
const idle: View = { state: 'running', atPrompt: true, printed: '', allocated: 10 * MiB, before: 10 * MiB };

test('the whole way, as the machine shows it', () => {
  let tour: Tour = { step: 0, mark: 0, before: 0 };
  const see = (view: Partial<View>): number => {
    tour = advance(tour, { ...idle, before: tour.before, ...view }, 1);
    return tour.step;
  };
  expect(see({ state: 'loading', atPrompt: false })).toBe(0);
  expect(see({})).toBe(1);
  expect(see({ allocated: 40 * MiB, atPrompt: false })).toBe(1);
  expect(see({ allocated: 75 * MiB, atPrompt: false })).toBe(1);
  expect(see({ allocated: 75 * MiB })).toBe(2);
  expect(see({ allocated: 75 * MiB })).toBe(2);
  expect(see({ allocated: 75 * MiB, printed: 'rm /var/tmp/fill; sync\nroot# ' })).toBe(3);
  expect(see({ allocated: 74 * MiB })).toBe(3);
  expect(see({ allocated: 11 * MiB })).toBe(steps.length);
  expect(see({ allocated: 11 * MiB })).toBe(steps.length);
});

test('a step that is not done stays the same object, so that nothing is drawn anew', () => {
  const tour: Tour = { step: 1, mark: 0, before: idle.before };
  expect(advance(tour, idle, 5)).toBe(tour);
});
