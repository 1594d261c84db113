import type { DiskEntry } from '../../machine/api-disks.ts';

export type DiskAction = 'export' | 'rename' | 'clone' | 'over' | 'resize' | 'move' | 'reset' | 'commit' | 'delete';

export const labels: Record<DiskAction, string> = {
  export: 'Export…',
  clone: 'Duplicate…',
  over: 'New disk over it…',
  rename: 'Rename…',
  resize: 'Make larger…',
  move: 'Move…',
  reset: 'Reset…',
  commit: 'Commit…',
  delete: 'Delete…',
};

type Offer = readonly [action: DiskAction, possible: boolean];

export interface Actions {
  readonly canStart: boolean;
  readonly main: readonly Offer[];
  readonly more: readonly Offer[];
}

/**
 * What can be done with a disk, as far as the page knows; whoever does it looks again. `isOurs`: the machine of this page
 * has it open.
 */
export function actionsOf({ use, overlays, over, baseFile }: DiskEntry, isOurs: boolean): Actions {
  const isSteady = use !== 'writing';
  const isFree = use === undefined && overlays.length === 0;
  return {
    canStart: overlays.length === 0 && baseFile === undefined,
    main: [
      ['export', isSteady],
      ['clone', isSteady],
      ['over', isSteady],
    ],
    more: [
      ['rename', true],
      ['resize', isFree || isOurs],
      ['move', use === undefined],
      ['reset', isFree],
      ...(over === undefined ? [] : [['commit', isFree] as const]),
      ['delete', isFree],
    ],
  };
}
