/** The guest programs of the benchmark: what they measure, how they are built, and how their output is read. */
export { buildPrograms, type Arch, type BuiltProgram } from './build.ts';
export { bundleTar, makeBundle, SCRIPT, type Bundle, type Length } from './bundle.ts';
export { beginMark, rateMark, rateOf, readRates, WrongAnswer, type Rate } from './rates.ts';
export { softwareExec, softwareTests, type SoftwareTest } from './software.ts';
export { programGroups, programTests, type ProgramGroup, type ProgramTest } from './tests.ts';
