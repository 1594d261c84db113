/** Why a guest cannot be started; for programs that must tell the cases apart. */
export type BootProblem =
  'not-a-kernel' | 'other-architecture' | 'compressed' | 'damaged' | 'does-not-fit' | 'nothing-to-boot';

/** A file that was given as kernel, initramfs or firmware cannot be started. The message says what to do. */
export class BootError extends Error {
  override readonly name = 'BootError';
  readonly problem: BootProblem;

  constructor(problem: BootProblem, message: string) {
    super(message);
    this.problem = problem;
  }
}
