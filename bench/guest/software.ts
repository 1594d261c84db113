/** Debian's own software at work, each program once, as it comes from the disk for the first time. */
import type { ProgramTest } from './tests.ts';

export type SoftwareTest = Omit<ProgramTest, 'group' | 'program' | 'args' | 'quick'> & {
  readonly group: 'software';
  /** For bash, in the folder of bench/guest/software/, a C program and the text. */
  readonly command: string;
};

const KEY = '00112233445566778899aabbccddeeff';

type Row = readonly [test: string, command: string, check: string];

const rows: readonly Row[] = [
  ['python', 'python3 work.py', '060bb17f18fbd95a'],
  [
    'gcc',
    "gcc -O2 -o /tmp/sha256 sha256.c && BENCH_MS=1 BENCH_WARM_MS=1 /tmp/sha256 | awk '/^rate/ { print $4 }'",
    'cf452def8d17c831',
  ],
  ['gzip', 'gzip -c text | gzip -dc | sha256sum', '652cc7711127876a'],
  ['openssl', `openssl enc -aes-128-cbc -K ${KEY} -iv ${KEY} -in text | sha256sum`, '489f370254f98bfb'],
  ['sqlite', 'sqlite3 /tmp/database <work.sql', '6d07b8f387da5c01'],
  ['perl', 'perl work.pl', '2015de8d99a70816'],
  [
    'dpkg',
    'mkdir -p /tmp/p/DEBIAN && cp control /tmp/p/DEBIAN && head -c 256K text >/tmp/p/text && ' +
      'dpkg-deb --build /tmp/p /tmp/p.deb >/dev/null && dpkg-deb --extract /tmp/p.deb /tmp/q && sha256sum </tmp/q/text',
    'ac76788e6e554589',
  ],
];

export const softwareTests: readonly SoftwareTest[] = rows.map(([test, command, check]) => {
  return { test, group: 'software', unit: 's', better: 'lower', command, check };
});

/**
 * A script for bash, whose arguments are names of tests. It prints of each what bench/guest/programs/bench.h does, with
 * seconds for a rate; the check is of what the command printed.
 */
export const softwareScript = `export LC_ALL=C.UTF-8 HOME=/tmp
t() {
  echo "begin $1 0"
  from=$EPOCHREALTIME
  said=$(eval "$2" 2>&1)
  to=$EPOCHREALTIME
  seconds=$(printf '%07d' $((\${to/./} - \${from/./})))
  seconds=\${seconds%??????}.\${seconds: -6}
  check=$(sha256sum <<<"$said")
  echo "said $1 \${said:0:200}"
  echo "rate $1 $seconds \${check:0:16} $seconds"
}
cd "\${0%/*}"
for name; do
  case $name in
${softwareTests.map(({ test, command }) => `    ${test}) t ${test} '${command.replaceAll("'", `'\\''`)}' ;;`).join('\n')}
  esac
done
`;

/** For a guest's shell: runs tests from a disk, which is only read. What they write is in memory. */
export function softwareExec(tests: readonly SoftwareTest[], disk: string): string {
  return [
    `mount -t ext4 -o ro,noload ${disk} /mnt`,
    'mount -t proc proc /mnt/proc',
    'mount -t devtmpfs dev /mnt/dev',
    'mount -t tmpfs tmp /mnt/tmp',
    `chroot /mnt bash /bench/run ${tests.map(({ test }) => test).join(' ')}`,
  ].join(';');
}

/** Text of made-up words in lines, some of them often and most of them seldom, as in a language. */
export function makeText(bytes: number): string {
  let state = 1;
  const random = (limit: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return Math.floor((state / 0x80000000) * limit);
  };
  const letters = 'etaoinshrdlucmfwypvbgkqjxz';
  const words = Array.from({ length: 5000 }, () =>
    Array.from({ length: 2 + random(8) }, () => letters[Math.min(random(26), random(26))]).join(''),
  );
  const lines: string[] = [];
  for (let length = 0; length < bytes;) {
    const line = Array.from({ length: 8 + random(8) }, () => words[Math.min(random(5000), random(5000), random(5000))]);
    lines.push(`${line.join(' ')}.\n`);
    length += lines[lines.length - 1].length;
  }
  return lines.join('').slice(0, bytes);
}
