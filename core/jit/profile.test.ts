/** Regions that are compiled by what an earlier run has found hot. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assembleText } from '../isa/assemble-text.ts';
import { Exit } from '../shared/hart-state.ts';
import { isProfile, ProfileRecorder, recall, type RegionProfile } from './profile.ts';
import { HotHart, RAM, type HotOptions } from './testing/hot-hart.ts';

/** Loops with branches that go both ways, calls, and jumps by a table. */
const { bytes } = assembleText(`
        li    s0, 300
        mv    a0, zero
outer:  li    s1, 40
inner:  add   a0, a0, s1
        mul   a2, a0, s1
        xor   a1, a1, a2
        andi  t0, a1, 1
        beqz  t0, even
        addi  a3, a3, 1
even:   addi  s1, s1, -1
        bnez  s1, inner
        jal   ra, twice
        andi  t0, s0, 3
        slli  t0, t0, 3
        la    t1, cases
        add   t1, t1, t0
        jr    t1
cases:  addi  a4, a4, 1
        j     next
        addi  a4, a4, 3
        j     next
        addi  a4, a4, 5
        j     next
        addi  a4, a4, 7
next:   addi  s0, s0, -1
        bnez  s0, outer
        wfi
twice:  slli  a3, a3, 1
        ret
`);

function ran(options: HotOptions): HotHart {
  const made = new HotHart(options);
  made.ram.write(RAM, bytes);
  expect(made.runOn(1000)).toBe(Exit.WFI);
  return made;
}

const registers = ({ view }: HotHart): bigint[] => [...view.x.slice(0, 32), view.pc, view.instret];
const interpreted = ran({});
const learned = ran({ hotLimit: 3 }).regions.map(({ profile }) => profile);
const known = (profiles: readonly RegionProfile[]) => (page: number) => (page === 0 ? profiles : []);

test('what was hot in one run is compiled in the next before it is hot, and does the same', () => {
  expect(learned.length).toBeGreaterThan(0);
  expect(learned.every(isProfile)).toBe(true);
  const again = ran({ known: known(learned) });
  expect(registers(again)).toEqual(registers(interpreted));
  expect(again.view.statCompiled).toBeGreaterThan(again.view.instret / 2n);
  expect(again.regions.map(({ profile }) => profile)).toEqual(learned);
});

test('what is kept of a profile is all of it', () => {
  const kept = JSON.parse(JSON.stringify(learned)) as unknown[];
  expect(kept).toEqual(learned);
  expect(kept.every(isProfile)).toBe(true);
});

test('a recorder notes what was answered, and nothing else', () => {
  const recorder = new ProfileRecorder({
    wasExecuted: (at) => at === 8,
    jumpTargets: (at) => (at === 4 ? [12, -4] : []),
  });
  for (const at of [4, 8]) {
    recorder.wasExecuted(at);
    recorder.jumpTargets(at);
  }
  const profile = recorder.profile(0);
  expect(profile).toEqual({ offset: 0, executed: [8], jumps: [[4, [12]]] });
  const { wasExecuted, jumpTargets } = recall(profile);
  expect([wasExecuted(8), wasExecuted(4), jumpTargets(4), jumpTargets(8)]).toEqual([true, false, [12], []]);
});

test('a wrong profile makes no wrong code', () => {
  const offset = fc.integer({ min: 0, max: bytes.length / 2 + 8 }).map((parcel) => parcel * 2);
  const offsets = fc.array(offset, { maxLength: 60 });
  const profile = fc.record({
    offset,
    executed: offsets,
    jumps: fc.array(fc.tuple(offset, offsets), { maxLength: 8 }),
  });
  fc.assert(
    fc.property(fc.array(profile, { maxLength: 4 }), (profiles) => {
      expect(registers(ran({ known: known(profiles) }))).toEqual(registers(interpreted));
    }),
    { numRuns: 60 },
  );
});
