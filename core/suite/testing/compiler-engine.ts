/** Compiled blocks as an engine of the suite. */
import { CompiledHart, type CompilerOptions } from '../../jit/testing/compiled-hart.ts';
import { InterpreterEngine } from './interpreter-engine.ts';

export class CompilerEngine extends InterpreterEngine {
  override readonly name = 'compiler';
  readonly compiled: CompiledHart;

  constructor(ramBytes?: number, options: CompilerOptions = {}) {
    super(ramBytes);
    this.compiled = new CompiledHart(this.bare, options);
  }

  protected override runHart(budget: number): number {
    return this.compiled.run(budget);
  }
}
