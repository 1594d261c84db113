import { describe, expect, it } from 'vitest';
import { createRenderer, formatProgress, type Progress } from './progress.ts';

const at = (done: number): Progress => ({ step: 'download', done, total: 4e6, unit: 'bytes', detail: 'Downloading' });

it('formats bytes and items', () => {
  expect(formatProgress(at(1e6))).toBe('Downloading: 1.0 of 4.0 MB (25%)');
  expect(formatProgress({ step: 'root', done: 3, total: 9, unit: 'items', detail: 'Unpacking' })).toBe(
    'Unpacking: 3 of 9 (33%)',
  );
});

describe('createRenderer', () => {
  it('writes one line over in a terminal, not too often, and lasting lines between', () => {
    let now = 0;
    let written = '';
    const renderer = createRenderer({ write: (text) => (written += text), isTTY: true, columns: 80 }, () => now);
    renderer.progress(at(0));
    now = 50;
    renderer.progress(at(1e6));
    now = 150;
    renderer.progress(at(2e6));
    renderer.log('said');
    renderer.end();
    expect(written).toBe('Downloading: 0.0 of 4.0 MB (0%)\r\x1b[KDownloading: 2.0 of 4.0 MB (50%)\r\x1b[Ksaid\n');
  });

  it('writes the first and the last of a step elsewhere', () => {
    const lines: string[] = [];
    const renderer = createRenderer({ write: (text) => lines.push(text) });
    for (const done of [0, 1e6, 2e6, 4e6, 4e6]) renderer.progress(at(done));
    expect(lines).toEqual(['Downloading: 0.0 of 4.0 MB (0%)\n', 'Downloading: 4.0 of 4.0 MB (100%)\n']);
  });
});
