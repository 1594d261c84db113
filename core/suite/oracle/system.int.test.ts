/**
 * QEMU's full system against every engine: one privileged instruction, or one access through page tables and PMP, in a
 * random state of the machine, many times. TABHYVE_ORACLE_SEED says where to begin, TABHYVE_ORACLE_SYSTEM how many
 * batches of each to run, TABHYVE_ORACLE_RECORDS how many such states there are in one.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { randomOf, setting } from '../testing/check.ts';
import { engineOf, engines } from '../testing/engines.ts';
import { logDifferences } from './testing/compare-logs.ts';
import { accessRecord, instructionRecord, randomTables, tablesRange, wordRecord } from './testing/privileged-cases.ts';
import { privilegedProgram, type PrivilegedRecord } from './testing/privileged-program.ts';
import { QemuSystem } from './testing/qemu-system.ts';

const seed = setting('TABHYVE_ORACLE_SEED', 1);
const batches = setting('TABHYVE_ORACLE_SYSTEM', 2);
const COUNT = setting('TABHYVE_ORACLE_RECORDS', 300);
const RAM_BYTES = 8 << 20;

describe('a privileged instruction does what it does in QEMU', () => {
  let qemu: QemuSystem;
  beforeAll(() => {
    qemu = new QemuSystem();
    console.log(`QEMU ${qemu.version}, with ${qemu.properties.join(' ')}`);
  });
  afterAll(() => qemu?.dispose());
  const seeds = Array.from({ length: batches }, (_, i) => seed + i);

  test.each(
    seeds.flatMap((batch) => [
      { what: 'CSRs, returns, fences, delegation', make: instructionRecord, batch },
      { what: 'words near the encodings', make: wordRecord, batch },
    ]),
  )('$what, seed $batch', async ({ make, batch }) => {
    const random = randomOf(batch);
    let records: readonly PrivilegedRecord[] = [];
    const program = privilegedProgram((slot, landing) => {
      records = Array.from({ length: COUNT }, () => make(random, slot, landing));
      return records;
    });
    const theirs = await qemu.run(program.blocks, program.log.address, program.log.length);
    for (const name of Object.keys(engines)) {
      const engine = engineOf(name, RAM_BYTES);
      engine.load({}, program.blocks);
      expect(engine.run(COUNT * 300), name).toBe('wfi');
      const ours = engine.memory(program.log.address, program.log.length);
      expect(logDifferences(records, ours, theirs).slice(0, 5), `${name}, seed ${batch}`).toEqual([]);
    }
  });

  test.each(seeds)('page tables and PMP, seed %d', async (batch) => {
    const random = randomOf(batch);
    let records: readonly PrivilegedRecord[] = [];
    const program = privilegedProgram((slot, landing) => {
      records = Array.from({ length: COUNT }, () => accessRecord(random, slot, landing));
      return records;
    }, randomTables(random));
    const { address } = program.log;
    const length = tablesRange.address + tablesRange.length - address;
    const theirs = await qemu.run(program.blocks, address, length);
    for (const name of Object.keys(engines)) {
      const engine = engineOf(name, RAM_BYTES);
      engine.load({}, program.blocks);
      expect(engine.run(COUNT * 300), name).toBe('wfi');
      const [ours, log] = [engine.memory(address, length), theirs].map((memory) => memory.slice(0, program.log.length));
      expect(logDifferences(records, ours, log).slice(0, 5), `${name}, seed ${batch}`).toEqual([]);
      const tables = [engine.memory(address, length), theirs].map((memory) =>
        Buffer.from(memory.slice(tablesRange.address - address)),
      );
      expect(tables[0].equals(tables[1]), `the tables of ${name}`).toBe(true);
    }
  });
});
