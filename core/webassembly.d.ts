// WebAssembly's JavaScript API, https://webassembly.github.io/spec/js-api/ (version 2.0), as far as core/ uses it.
//
// TypeScript declares it in the "dom" and "webworker" libs alone, and core/ compiles with neither.

declare namespace WebAssembly {
  type ValueType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128' | 'anyfunc' | 'externref';
  type TableKind = 'anyfunc' | 'externref';
  type ImportExportKind = 'function' | 'global' | 'memory' | 'table' | 'tag';

  interface MemoryDescriptor {
    /** In pages of 64 KiB. */
    initial: number;
    maximum?: number;
    shared?: boolean;
  }
  interface TableDescriptor {
    element: TableKind;
    initial: number;
    maximum?: number;
  }
  interface GlobalDescriptor {
    value: ValueType;
    mutable?: boolean;
  }
  interface ModuleImportDescriptor {
    module: string;
    name: string;
    kind: ImportExportKind;
  }
  interface ModuleExportDescriptor {
    name: string;
    kind: ImportExportKind;
  }

  interface Memory {
    /** A SharedArrayBuffer when the memory is shared; TypeScript's own libs say ArrayBuffer, so this does too. */
    readonly buffer: ArrayBuffer;
    grow(delta: number): number;
  }
  const Memory: { prototype: Memory; new (descriptor: MemoryDescriptor): Memory };

  interface Table {
    readonly length: number;
    get(index: number): unknown;
    grow(delta: number, value?: unknown): number;
    set(index: number, value?: unknown): void;
  }
  const Table: { prototype: Table; new (descriptor: TableDescriptor, value?: unknown): Table };

  interface Global {
    value: unknown;
  }
  const Global: { prototype: Global; new (descriptor: GlobalDescriptor, value?: unknown): Global };

  type ExportValue = ((...args: never[]) => unknown) | Global | Memory | Table;
  type ImportValue = ExportValue | number;
  type Exports = Record<string, ExportValue>;
  type ModuleImports = Record<string, ImportValue>;
  type Imports = Record<string, ModuleImports>;
  type Bytes = ArrayBuffer | ArrayBufferView<ArrayBuffer>;

  // eslint-disable-next-line @typescript-eslint/no-empty-object-type -- opaque, as in TypeScript's own libs
  interface Module {}
  const Module: {
    prototype: Module;
    new (bytes: Bytes): Module;
    customSections(moduleObject: Module, sectionName: string): ArrayBuffer[];
    exports(moduleObject: Module): ModuleExportDescriptor[];
    imports(moduleObject: Module): ModuleImportDescriptor[];
  };

  interface Instance {
    readonly exports: Exports;
  }
  const Instance: { prototype: Instance; new (module: Module, imports?: Imports): Instance };

  type CompileError = Error;
  const CompileError: { prototype: CompileError; new (message?: string): CompileError };

  type LinkError = Error;
  const LinkError: { prototype: LinkError; new (message?: string): LinkError };

  type RuntimeError = Error;
  const RuntimeError: { prototype: RuntimeError; new (message?: string): RuntimeError };

  interface WebAssemblyInstantiatedSource {
    instance: Instance;
    module: Module;
  }
  function compile(bytes: Bytes): Promise<Module>;
  function instantiate(bytes: Bytes, imports?: Imports): Promise<WebAssemblyInstantiatedSource>;
  function instantiate(module: Module, imports?: Imports): Promise<Instance>;
  function validate(bytes: Bytes): boolean;
}
