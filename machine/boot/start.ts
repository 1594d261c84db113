/** Puts harts at a guest's entry. */
import { HartStatus, type HartView } from '../../core/shared/hart-state.ts';
import { enterSupervisor, grantSupervisor } from '../sbi/handoff.ts';
import type { Entry } from './load.ts';

const MACHINE = 3;
const [A0, A1, A2] = [10, 11, 12];

/** Gives harts that were just reset the registers that {@link Entry} says, and says which of them run. */
export function startHarts(harts: readonly HartView[], entry: Entry): void {
  harts.forEach((hart, id) => {
    if (entry.mode === 'S') {
      grantSupervisor(hart);
      enterSupervisor(hart, id, entry.pc, BigInt(entry.deviceTree));
    } else {
      hart.privilege = MACHINE;
      hart.x[A0] = BigInt(id);
      hart.x[A1] = BigInt(entry.deviceTree);
      hart.x[A2] = BigInt(entry.dynamicInfo);
      hart.pc = entry.pc;
    }
    hart.hsmStatus.store(entry.allHarts || id === 0 ? HartStatus.STARTED : HartStatus.STOPPED);
  });
}
