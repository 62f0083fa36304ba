import { describe, expect, test } from 'vitest';
import { ApiProblem, createApi, ServerUnreachable } from '../src/api.ts';

const now = Date.parse('2026-01-01T12:00:00Z');

/** An API whose server gives one answer, and what it was asked. */
function answering(response: Response | Error) {
  const asked: { path: string; init: RequestInit }[] = [];
  const api = createApi(
    (path, init) => {
      asked.push({ path: String(path), init: init ?? {} });
      return response instanceof Error ? Promise.reject(response) : Promise.resolve(response);
    },
    () => now,
  );
  return { api, asked };
}

const json = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } });

const permission = {
  permission: 'sealed',
  expiresAt: '2026-01-01T13:00:00Z',
  user: 'local',
  limits: { contentTypes: ['*/*'], maxSize: 10, maxFiles: 2, maxBytes: 20 },
};

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(() => expect.unreachable('it should have failed'), (error: unknown) => error);
}

describe('signIn', () => {
  test('sends the keys as JSON and gives the permission', async () => {
    const { api, asked } = answering(json(200, permission));
    const grant = await api.signIn(['a2V5']);
    expect(asked).toHaveLength(1);
    expect(asked[0]?.path).toBe('/v1/permissions');
    expect(asked[0]?.init.method).toBe('POST');
    expect(JSON.parse(String(asked[0]?.init.body))).toEqual({ passwordKeys: ['a2V5'] });
    expect(grant.permission).toEqual(permission);
    expect(grant.endsAt).toBe(Date.parse(permission.expiresAt));
  });

  test('measures the lifetime on the server’s clock where the two disagree', async () => {
    // The server thinks that it is three hours earlier: the permission has four hours to live.
    const { api } = answering(json(200, permission, { date: 'Thu, 01 Jan 2026 09:00:00 GMT' }));
    expect((await api.signIn(['a2V5'])).endsAt).toBe(now + 4 * 3600_000);
  });

  test('a wrong password is a problem with the server’s code, and not about the permission', async () => {
    const { api } = answering(json(401, { code: 'bad_credentials', title: 'Wrong', detail: 'No.' }));
    const error = await failure(api.signIn(['a2V5']));
    expect(error).toBeInstanceOf(ApiProblem);
    expect(error).toMatchObject({ status: 401, code: 'bad_credentials', detail: 'No.', isAboutPermission: false });
  });

  test.each([
    ['90', 90],
    ['Thu, 01 Jan 2026 12:02:00 GMT', 120],
    ['Thu, 01 Jan 2026 11:00:00 GMT', 0],
    ['soon', null],
  ])('Retry-After %s is %s seconds', async (header, seconds) => {
    const { api } = answering(json(429, { code: 'too_many_attempts' }, { 'retry-after': header }));
    expect(await failure(api.signIn(['a2V5']))).toMatchObject({ code: 'too_many_attempts', retryAfter: seconds });
  });

  test('no network, a gateway alone and a page that is not JSON are an unreachable server', async () => {
    const gateway = new Response('<h1>Bad gateway</h1>', { status: 502 });
    const portal = new Response('<h1>Wi-Fi</h1>', { status: 200 });
    for (const answer of [new TypeError('Failed to fetch'), gateway, portal]) {
      expect(await failure(answering(answer).api.signIn(['a2V5']))).toBeInstanceOf(ServerUnreachable);
    }
  });

  test('a 503 problem of our own server keeps its code', async () => {
    const { api } = answering(json(503, { code: 'storage_unavailable' }, { 'retry-after': '5' }));
    expect(await failure(api.signIn(['a2V5']))).toMatchObject({ code: 'storage_unavailable', retryAfter: 5 });
  });
});

describe('listUploads', () => {
  test('asks with the bearer permission, the state, the limit and the cursor', async () => {
    const { api, asked } = answering(json(200, { uploads: [], next: null }));
    expect(await api.listUploads('sealed', { state: 'done', limit: 50, after: 'a&b' })).toEqual({ uploads: [], next: null });
    expect(asked[0]?.path).toBe('/v1/uploads?state=done&limit=50&after=a%26b');
    expect(new Headers(asked[0]?.init.headers).get('authorization')).toBe('Bearer sealed');
  });

  test('leaves the cursor out on the first page', async () => {
    const { api, asked } = answering(json(200, { uploads: [], next: null }));
    await api.listUploads('sealed', { state: 'active', limit: 1 });
    expect(asked[0]?.path).toBe('/v1/uploads?state=active&limit=1');
  });

  test('an expired permission is a problem about the permission', async () => {
    const { api } = answering(json(401, { code: 'permission_expired' }));
    expect(await failure(api.listUploads('sealed', { state: 'done', limit: 1 }))).toMatchObject({ isAboutPermission: true });
  });
});

test('abortUpload deletes the upload by its tag', async () => {
  const { api, asked } = answering(new Response(null, { status: 204 }));
  await api.abortUpload('sealed', 'a/b');
  expect(asked[0]).toMatchObject({ path: '/v1/uploads/a%2Fb', init: { method: 'DELETE' } });
});

test('askContent asks by size and both hashes', async () => {
  const { api, asked } = answering(json(200, { status: 'stored' }));
  expect(await api.askContent('sealed', { size: 7, tipHash: 'T', pieceHash: 'P' })).toBe('stored');
  expect(asked[0]?.path).toBe('/v1/contents?size=7&tipHash=T&pieceHash=P');
});

test('listDerivations asks without a permission', async () => {
  const derivation = { scheme: 'pbkdf2-sha256', iterations: 1, salt: 'c2FsdA==' };
  const { api, asked } = answering(json(200, { derivations: [derivation] }));
  expect(await api.listDerivations()).toEqual([derivation]);
  expect(asked[0]).toMatchObject({ path: '/v1/permissions/derivations' });
  expect(asked[0]?.init.headers).toBeUndefined();
});

test('renew exchanges the permission, measured on the server’s clock', async () => {
  const renewed = { ...permission, permission: 'later', renewableUntil: '2026-01-08T12:00:00Z' };
  const { api, asked } = answering(json(200, renewed, { date: 'Thu, 01 Jan 2026 12:10:00 GMT' }));
  const grant = await api.renew('sealed');
  expect(asked[0]).toMatchObject({ path: '/v1/permissions/renew', init: { method: 'POST', headers: { authorization: 'Bearer sealed' } } });
  expect(asked[0]?.init.body).toBeUndefined();
  expect(grant.permission.permission).toBe('later');
  expect(grant).toMatchObject({ beganAt: now, endsAt: now + 50 * 60_000, renewableUntil: now + 7 * 24 * 3_600_000 - 10 * 60_000 });
});
