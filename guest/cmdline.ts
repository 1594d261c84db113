/** One word of the kernel's command line, and why it is there. */
interface Word {
  readonly word: string;
  readonly why: string;
}

/**
 * Initcalls of Debian's kernel that a virtual machine has no use for, and that cost a large part of its boot. `param_sysfs_*` must
 * never be among them: the boot hangs without.
 */
const skippedInitcalls: readonly Word[] = [
  {
    word: 'jent_mod_init',
    why: 'the jitter entropy source tests itself for 175 million instructions; virtio-rng gives entropy',
  },
  { word: 'trace_eval_init', why: 'resolves the enum names in the formats of all trace events' },
  {
    word: 'load_system_certificate_list',
    why: "parses the certificates that check modules' signatures, which are cut off",
  },
  { word: 'blake2s_mod_init', why: 'tests BLAKE2s on itself' },
  {
    word: 'check_unaligned_access_all_cpus',
    why: 'measures misaligned loads in a loop that lasts a fixed time, 30 million instructions; programs then see "unknown"',
  },
  { word: 'slab_sysfs_init', why: 'makes hundreds of files in /sys/kernel/slab' },
  { word: 'bpf_tcp_ca_kfunc_init', why: "walks the kernel's type information (BTF) for TCP in BPF" },
  { word: 'bpf_dummy_struct_ops_init', why: "walks the kernel's type information (BTF) for a test of BPF" },
];

/** The default machine's command line, word by word. What it saves is in guest/README.md. */
export const cmdlineWords: readonly Word[] = [
  {
    word: 'console=hvc0',
    why: 'the virtio console, which is built into the kernel on PCI; it has a size, a UART has none',
  },
  {
    word: 'root=/dev/vda',
    why: 'the first virtio disk, unpartitioned; read by our /init, and by the kernel if there is none',
  },
  { word: 'rw', why: 'the root is written to' },
  {
    word: 'panic=-1',
    why: 'a panic resets the machine at once instead of hanging, so that the page and the runner can say so',
  },
  { word: 'quiet', why: 'each line on the console costs the guest time; dmesg has them all' },
  { word: 'cryptomgr.notests=1', why: 'the self-tests of all ciphers take hundreds of millions of instructions' },
  {
    word: 'lsm=',
    why: 'no security module: the machine has one user and no policy for AppArmor and the others, which hook every call',
  },
  {
    word: 'init_on_alloc=0',
    why: 'new pages need not be zeroed twice; hardening against bugs of the kernel, at 3% of all its work',
  },
  {
    word: `initcall_blacklist=${skippedInitcalls.map(({ word }) => word).join(',')}`,
    why: 'skips what stands above',
  },
];

/** The kernel takes at most so many bytes on riscv64 (COMMAND_LINE_SIZE), the final zero included, and cuts what is longer. */
export const CMDLINE_SIZE = 1024;

/** The default machine's command line. */
export const cmdline: string = cmdlineWords.map(({ word }) => word).join(' ');
