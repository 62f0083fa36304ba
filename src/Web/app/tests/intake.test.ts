import { describe, expect, test } from 'vitest';
import { refusalOf } from '../src/intake/picked.ts';
import { strangerness } from '../src/unfinished/recognise.ts';
import { tipHash } from '@media/fuji';

const limits = { contentTypes: ['image/*', 'video/mp4'], maxSize: 10, maxFiles: 1, maxBytes: 10 };
const file = (bytes: string, type: string, name = 'a.bin') => new File([bytes], name, { type });

describe('what is taken', () => {
  test.each(['image/png', 'video/mp4', 'VIDEO/MP4; codecs=avc1'])('%s is', (type) => expect(refusalOf(file('x', type), limits)).toBeNull());
  test.each(['video/webm', 'imagery/png', ''])('"%s" is not, and it is said what is', (type) => {
    expect(refusalOf(file('x', type), limits)).toContain('Accepted: image/*, video/mp4');
  });
  test('anything is where anything is allowed', () => expect(refusalOf(file('x', ''), { ...limits, contentTypes: ['*/*'] })).toBeNull());
  test('a file that is too large is not, and its size is said', () => {
    expect(refusalOf(file('01234567890', 'image/png', 'big.png'), limits)).toBe('big.png is too large: it has 11 bytes, and 10 bytes are accepted.');
  });
});

describe('a file that is chosen again', () => {
  const upload = async (bytes: string) => ({ fileName: 'begun.bin', size: bytes.length, tipHash: await tipHash(file(bytes, '')) });

  test('is recognised by its content, whatever its name', async () => {
    expect(await strangerness(file('same bytes', '', 'renamed.bin'), await upload('same bytes'))).toBeNull();
  });
  test('of another size is not', async () => {
    expect(await strangerness(file('longer bytes', '', 'other.bin'), await upload('same bytes'))).toContain('other.bin has 12 bytes, begun.bin has 10 bytes');
  });
  test('of the same size and other content is not', async () => {
    expect(await strangerness(file('SAME bytes', '', 'other.bin'), await upload('same bytes'))).toContain('its contents differ');
  });
});
