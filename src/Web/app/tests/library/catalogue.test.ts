import { describe, expect, test, vi } from 'vitest';
import { createAsk } from '../../src/api.ts';
import { createCatalogue } from '../../src/library/catalogue.ts';

function catalogueThatAnswers(answer: unknown, status = 200) {
  const fetch = vi.fn(async (_path: string | URL | Request, _init?: RequestInit) => new Response(status === 204 ? null : JSON.stringify(answer), { status }));
  return { fetch, catalogue: createCatalogue(createAsk(fetch, () => 0)) };
}

describe('the catalogue', () => {
  test('asks for what is looked for, and for nothing that is not', async () => {
    const { fetch, catalogue } = catalogueThatAnswers({ files: [], next: null });
    await catalogue.list('p', { user: 'ada', name: 'Über & mehr', type: 'image/*', limit: 50, after: 'c=1' });
    const asked = new URL(String(fetch.mock.calls[0]?.[0]), 'http://x');
    expect(asked.pathname).toBe('/v1/files');
    expect(Object.fromEntries(asked.searchParams)).toEqual({ user: 'ada', name: 'Über & mehr', type: 'image/*', limit: '50', after: 'c=1' });
    await catalogue.list('p', { user: 'ada', name: '', type: '', limit: 50 });
    expect(String(fetch.mock.calls[1]?.[0])).toBe('/v1/files?user=ada&limit=50');
    expect(fetch.mock.calls[1]?.[1]?.headers).toEqual({ authorization: 'Bearer p' });
  });

  test('a reading that is given up is not a server that is away', async () => {
    const given = new AbortController();
    const fetch = vi.fn(async (_path: unknown, init?: RequestInit): Promise<Response> => {
      given.abort();
      throw init?.signal?.reason;
    });
    const catalogue = createCatalogue(createAsk(fetch, () => 0));
    await expect(catalogue.list('p', { user: 'ada', name: '', type: '', limit: 1 }, given.signal)).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('deletes by id', async () => {
    const { fetch, catalogue } = catalogueThatAnswers(null, 204);
    await catalogue.remove('p', 'a/b');
    expect(fetch.mock.calls[0]).toMatchObject(['/v1/files/a%2Fb', { method: 'DELETE' }]);
  });

  test('signs a link to a file, or to a thumbnail of it', async () => {
    const { fetch, catalogue } = catalogueThatAnswers({ url: 'u', query: 'q', expiresAt: 'e' });
    expect(await catalogue.signLink('p', 'f', 60)).toEqual({ url: 'u', query: 'q', expiresAt: 'e' });
    await catalogue.signLink('p', 'f', 60, 512);
    expect(fetch.mock.calls.map(([, init]) => JSON.parse(String(init?.body)))).toEqual([
      { fileId: 'f', seconds: 60 },
      { fileId: 'f', seconds: 60, thumbnail: 512 },
    ]);
  });
});
