import { hash } from '@media/fuji';
import { describe, expect, test } from 'vitest';
import { MediaUploader, type UploadNews } from '../src/index.ts';
import { bytesOf, mebi, Peer } from './peer.ts';
import { begin, failureOf, film } from './uploads.ts';
import { World } from './world.ts';

describe('a file', () => {
  test('goes in parts, in parallel, and is verified to be what was sent', async () => {
    const { world, peer, uploader } = await begin();
    peer.store.holdsFirst = true;
    const bytes = bytesOf(9 * mebi + 5);
    const news: UploadNews[] = [];
    const outcome = await world.until(uploader.upload(new Blob([bytes]), film, (one) => news.push(one)).done);

    const { tipHash, pieceHash } = await hash(new Blob([bytes]));
    expect(outcome).toMatchObject({ status: 'verified', resumed: false, tipHash, pieceHash });
    expect(peer.bytesOf(peer.only).equals(bytes)).toBe(true);
    expect(peer.only.wish).toMatchObject({ fileName: 'film.mp4', contentType: 'video/mp4', size: bytes.length, tipHash });
    expect(peer.store.mostAtOnce).toBeGreaterThan(1);
    expect(peer.store.sent).toHaveLength(10);
    const complete = peer.asked.find(({ path }) => path.endsWith('/complete'))!;
    expect(complete.body['pieceHash']).toBe(pieceHash);
    expect(complete.body['parts']).toHaveLength(10);
    expect([...new Set(news.map(({ kind }) => kind))].sort()).toEqual(['hashing', 'progress', 'uploading', 'verifying']);
    expect(news.filter((one) => one.kind === 'progress').at(-1)).toMatchObject({ sent: bytes.length, size: bytes.length });
  });

  test('that is empty goes by a single PUT without hashes', async () => {
    const { world, peer, uploader } = await begin();
    const outcome = await world.until(uploader.upload(new Blob([]), film).done);
    expect(outcome).toMatchObject({ status: 'verified', tipHash: null, pieceHash: null });
    expect(peer.only.wish).toMatchObject({ tipHash: null, pieceHash: null, size: 0 });
    expect(peer.asked.find(({ path }) => path.endsWith('/complete'))!.body).not.toHaveProperty('parts');
  });

  test('is completed without ETags where the store does not show them', async () => {
    const { world, peer, uploader } = await begin();
    peer.store.showsEtags = false;
    await world.until(uploader.upload(new Blob([bytesOf(3 * mebi)]), film).done);
    expect(peer.asked.find(({ path }) => path.endsWith('/complete'))!.body).not.toHaveProperty('parts');
  });

  test('is over when it is stored, where verification is not waited for', async () => {
    const { world, peer, uploader } = await begin({ waitForVerification: false });
    peer.verifies = false;
    expect(await world.until(uploader.upload(new Blob([bytesOf(100)]), film).done)).toMatchObject({ status: 'stored' });
  });

  test('whose stored bytes are others ends as mismatched', async () => {
    const { world, peer, uploader } = await begin();
    peer.verifies = false;
    const upload = uploader.upload(new Blob([bytesOf(2 * mebi)]), film);
    const failure = failureOf(upload.done);
    await world.when(() => peer.sessions.size === 1 && peer.only.state === 'Stored');
    peer.only.parts.set(1, bytesOf(mebi, 77));
    await peer.verify(peer.only);
    expect(await world.until(failure)).toMatchObject({ code: 'mismatched', message: 'The bytes differ.' });
  });
});

describe('faults of the store', () => {
  test('503 to every fifth part: every one is sent again, and fewer at once', async () => {
    const { world, peer, uploader } = await begin();
    peer.store.fault = (_tag, _part, count) => (count % 5 === 0 ? { status: 503, body: '<Error><Code>SlowDown</Code></Error>' } : null);
    const bytes = bytesOf(20 * mebi);
    expect(await world.until(uploader.upload(new Blob([bytes]), film).done)).toMatchObject({ status: 'verified' });
    expect(peer.bytesOf(peer.only).equals(bytes)).toBe(true);
    expect(peer.store.sent.filter(({ status }) => status === 503)).toHaveLength(Math.floor(peer.store.sent.length / 5));
    expect(peer.store.sent.filter(({ status }) => status === 200)).toHaveLength(20);
  });

  test('Retry-After is waited for', async () => {
    const { world, peer, uploader } = await begin();
    peer.store.fault = (_tag, _part, count) => (count === 1 ? { status: 503, headers: { 'retry-after': '7' } } : null);
    await world.until(uploader.upload(new Blob([bytesOf(10)]), film).done);
    expect(world.slept.some((pause) => pause >= 7_000 && pause <= 7_250)).toBe(true);
  });

  test('a part on which nothing moves is begun again', async () => {
    const { world, peer, uploader } = await begin();
    peer.store.fault = (_tag, part, count) => (part === 2 && count <= 4 ? 'hang' : null);
    const bytes = bytesOf(4 * mebi);
    const began = world.now();
    expect(await world.until(uploader.upload(new Blob([bytes]), film).done)).toMatchObject({ status: 'verified' });
    expect(peer.store.sent.filter(({ part }) => part === 2).map(({ status }) => status)).toEqual([0, 200]);
    expect(world.now() - began).toBeGreaterThanOrEqual(120_000);
    expect(peer.bytesOf(peer.only).equals(bytes)).toBe(true);
  });

  test('a line that breaks in the middle is made again', async () => {
    const { world, peer, uploader } = await begin();
    peer.store.fault = (_tag, _part, count) => (count % 2 === 1 ? 'break' : null);
    expect(await world.until(uploader.upload(new Blob([bytesOf(5 * mebi)]), film).done)).toMatchObject({ status: 'verified' });
  });

  test('a lost multipart upload ends in a new session, not in an error', async () => {
    const { world, peer, uploader } = await begin();
    peer.store.fault = (tag, part) => {
      if (tag.endsWith('1') && part === 3) peer.sessions.get(tag)!.isGone = true;
      return null;
    };
    const bytes = bytesOf(5 * mebi);
    expect(await world.until(uploader.upload(new Blob([bytes]), film).done)).toMatchObject({ status: 'verified' });
    expect(peer.sessions.size).toBe(2);
    const [first, second] = [...peer.sessions.values()];
    expect(first!.state).toBe('Aborted');
    expect(peer.bytesOf(second!).equals(bytes)).toBe(true);
  });

  test('a refusal that fresh URLs do not cure is told, without the store’s words', async () => {
    const { world, peer, uploader } = await begin({ retry: { outage: 60_000 } });
    peer.store.fault = () => ({ status: 403, body: '<Error><Code>AccessDenied</Code><Message>secret</Message></Error>' });
    const failure = await world.until(failureOf(uploader.upload(new Blob([bytesOf(10)]), film).done));
    expect(failure).toMatchObject({ code: 'store_refused', message: 'The store answered 403 AccessDenied to part 1.' });
    expect(peer.only.lease).toBeNull();
  });
});

describe('URLs', () => {
  test('are signed in batches ahead of need', async () => {
    const { world, peer, uploader } = await begin({ urlBatch: 20 });
    peer.partSize = 1000;
    const bytes = bytesOf(100_000);
    await world.until(uploader.upload(new Blob([bytes]), film).done);
    // 32 came with the creation; 68 are left for batches of 20.
    expect(peer.count('POST', /\/urls$/)).toBeLessThanOrEqual(5);
    expect(peer.store.sent).toHaveLength(100);
  });

  test('are signed afresh when they expired, as after a sleep', async () => {
    const { world, peer, uploader } = await begin();
    peer.partSize = 1000;
    const bytes = bytesOf(50_000);
    const upload = uploader.upload(new Blob([bytes]), film);
    await world.when(() => peer.store.sent.length > 5);
    upload.pause();
    await world.quiet();
    world.oversleep(2 * 3600_000);
    upload.resume();
    expect(await world.until(upload.done)).toMatchObject({ status: 'verified' });
    expect(peer.store.sent.every(({ status }) => status !== 403)).toBe(true);
    expect(peer.bytesOf(peer.only).equals(bytes)).toBe(true);
  });

  test.each([
    [true, 32],
    [false, 32],
    // All who send wait for the answer.
    [true, 0],
    [false, 0],
  ])('that were signed before a sleep and heard of after it are not used. The server’s time is known: %s; %i came first', async (showsTime, firstUrls) => {
    const { world, peer, uploader } = await begin();
    let sleeps = 1;
    Object.assign(peer, { showsTime, firstUrls, partSize: 1000 });
    peer.answering = (_method, path) => {
      if (path.endsWith('/urls') && sleeps-- > 0) world.oversleep(2 * 3600_000);
    };
    expect(await world.until(uploader.upload(new Blob([bytesOf(100_000)]), film).done)).toMatchObject({ status: 'verified' });
    expect(sleeps).toBeLessThan(0);
    // Some of those whose URLs came with the creation were on their way.
    expect(peer.store.sent.filter(({ part, status }) => part > peer.firstUrls && status !== 200)).toEqual([]);
  });

  test.each([
    [5, true],
    [5, false],
    [-5, true],
    [-5, false],
  ])('are good by a clock that is %i hours ahead, the server’s time known: %s', async (hours, showsTime) => {
    const { world, peer, uploader } = await begin();
    Object.assign(peer, { showsTime, ahead: hours * 3600_000, partSize: 1000 });
    expect(await world.until(uploader.upload(new Blob([bytesOf(50_000)]), film).done)).toMatchObject({ status: 'verified' });
    expect(peer.store.sent.every(({ status }) => status === 200)).toBe(true);
    expect(peer.count('POST', /\/urls$/)).toBeLessThan(4);
  });

  test('are signed afresh when the store refuses them', async () => {
    const { world, peer, uploader } = await begin({ checksums: false });
    // The first part's first URL alone, in whatever order the three parts come.
    let refusals = 0;
    peer.store.fault = (_tag, part) => (part === 1 && refusals++ === 0 ? { status: 403, body: '<Error><Code>AccessDenied</Code></Error>' } : null);
    expect(await world.until(uploader.upload(new Blob([bytesOf(3 * mebi)]), film).done)).toMatchObject({ status: 'verified' });
    expect(peer.asked.filter(({ path }) => path.endsWith('/urls')).map(({ body }) => body['parts'])).toEqual([[1]]);
  });
});

describe('faults of the server', () => {
  test('a server that is restarted in the middle is asked again', async () => {
    const { world, peer, uploader } = await begin();
    let left = 6;
    peer.apiFault = (_method, path) => (path.endsWith('/complete') && left-- > 0 ? (left % 2 === 0 ? 'break' : { status: 502 }) : null);
    expect(await world.until(uploader.upload(new Blob([bytesOf(2 * mebi)]), film).done)).toMatchObject({ status: 'verified' });
    expect(peer.count('POST', /complete$/)).toBe(7);
  });

  test('a permission that has expired is renewed once', async () => {
    const { world, peer } = await begin();
    peer.token = 'fresh';
    const refused: (string | undefined)[] = [];
    let token = 'stale';
    const permission = (was?: string) => {
      refused.push(was);
      if (was !== undefined) token = 'fresh';
      return token;
    };
    const uploader = new MediaUploader({ server: peer.server, permission, platform: world.platform() });
    expect(await world.until(uploader.upload(new Blob([bytesOf(10)]), film).done)).toMatchObject({ status: 'verified' });
    expect(refused.filter((was) => was !== undefined)).toEqual(['stale']);
  });

  test('a server that lacks a part at the end is sent it', async () => {
    const { world, peer, uploader } = await begin();
    let isFirst = true;
    peer.apiFault = (_method, path) => {
      if (path.endsWith('/complete') && isFirst) {
        isFirst = false;
        peer.only.parts.delete(2);
      }
      return null;
    };
    expect(await world.until(uploader.upload(new Blob([bytesOf(3 * mebi)]), film).done)).toMatchObject({ status: 'verified' });
    expect(peer.store.sent.map(({ part }) => part).sort()).toEqual([1, 2, 2, 3]);
  });

  test('a refusal is told as it is', async () => {
    const { world, uploader } = await begin();
    expect(await world.until(failureOf(uploader.upload(new Blob([bytesOf(10)]), { name: 'bad.exe', type: '' }).done))).toMatchObject({ code: 'content_type_not_allowed' });
  });
});

describe('resuming', () => {
  test('sends only what is missing; a part of the wrong size is missing', async () => {
    const { world, peer, uploaderOf } = await begin();
    const bytes = bytesOf(6 * mebi);
    const first = uploaderOf().upload(new Blob([bytes]), film);
    peer.store.fault = (_tag, part) => (part > 3 ? 'hang' : null);
    await world.when(() => peer.store.sent.length === 6);
    first.stop();
    await failureOf(first.done);
    peer.store.fault = () => null;
    peer.only.parts.set(2, bytesOf(10));
    const before = peer.store.sent.length;

    const outcome = await world.until(uploaderOf().upload(new Blob([bytes]), film).done);
    expect(outcome).toMatchObject({ status: 'verified', resumed: true });
    expect(peer.sessions.size).toBe(1);
    expect(peer.store.sent.slice(before).map(({ part }) => part).sort()).toEqual([2, 4, 5, 6]);
  });

  test('a file that differs in its middle alone gets a session of its own', async () => {
    const { world, peer, uploaderOf } = await begin();
    peer.partSize = mebi;
    const bytes = bytesOf(6 * mebi);
    const other = Buffer.from(bytes);
    other.fill(0, mebi + 100, mebi + 5000);
    const first = uploaderOf().upload(new Blob([bytes]), film);
    peer.store.fault = (_tag, part) => (part > 5 ? 'hang' : null);
    await world.when(() => peer.store.sent.length === 6);
    first.stop();
    await failureOf(first.done);
    peer.store.fault = () => null;
    peer.only.pieceHash = (await hash(new Blob([bytes]))).pieceHash;

    expect(await world.until(uploaderOf().upload(new Blob([other]), film).done)).toMatchObject({ status: 'verified' });
    expect(peer.sessions.size).toBe(2);
    expect(peer.bytesOf([...peer.sessions.values()][1]!).equals(other)).toBe(true);
  });
});

describe('what is stored already', () => {
  test('is not sent: a small file answers the challenge to its first request', async () => {
    const { world, peer, uploader } = await begin();
    const bytes = bytesOf(mebi);
    await peer.know(bytes);
    expect(await world.until(uploader.upload(new Blob([bytes]), film).done)).toMatchObject({ status: 'duplicate' });
    expect(peer.store.sent).toEqual([]);
    expect(peer.count('POST', /^\/v1\/uploads$/)).toBe(1);
  });

  test('is not sent: a large file that may be known is hashed first', async () => {
    const { world, peer, uploader } = await begin();
    const bytes = bytesOf(6 * mebi);
    await peer.know(bytes);
    expect(await world.until(uploader.upload(new Blob([bytes]), film).done)).toMatchObject({ status: 'duplicate', resumed: false });
    expect(peer.store.sent).toEqual([]);
    expect(peer.asked.filter(({ path }) => path === '/v1/uploads').map(({ body }) => body['pieceHash'] !== null)).toEqual([false, true]);
  });

  test('is told apart from a file with the same tip', async () => {
    const { world, peer, uploader } = await begin();
    const bytes = bytesOf(6 * mebi);
    const other = Buffer.from(bytes);
    other.fill(0, mebi + 100, mebi + 5000);
    await peer.know(other);
    expect(await world.until(uploader.upload(new Blob([bytes]), film).done)).toMatchObject({ status: 'verified' });
    expect(peer.bytesOf(peer.only).equals(bytes)).toBe(true);
  });

  test('is sent all the same when the challenge is not passed', async () => {
    const { world, peer, uploader } = await begin();
    const bytes = bytesOf(mebi);
    await peer.know(bytes);
    peer.contents.set([...peer.contents.keys()][0]!, { ...[...peer.contents.values()][0]!, bytes: bytesOf(mebi, 9) });
    expect(await world.until(uploader.upload(new Blob([bytes]), film).done)).toMatchObject({ status: 'verified' });
    expect(peer.store.sent).toHaveLength(1);
  });

  test('the second of two equal files waits for the first, and need not be sent', async () => {
    const { world, peer, uploader } = await begin();
    const bytes = bytesOf(2 * mebi);
    const outcomes = await world.until(Promise.all([1, 2].map((n) => uploader.upload(new Blob([bytes]), { name: `${n}`, type: '' }).done)));
    // Which of the two comes first is the machine's affair.
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['duplicate', 'verified']);
    expect(peer.store.sent).toHaveLength(2);
  });
});

describe('buttons', () => {
  test('a pause halts the parts; going on sends the rest', async () => {
    const { world, peer, uploader } = await begin();
    const bytes = bytesOf(30 * 1000);
    peer.partSize = 1000;
    const upload = uploader.upload(new Blob([bytes]), film);
    await world.when(() => peer.store.sent.length >= 8);
    upload.pause();
    // A quarter of an hour: the lease is kept all the while.
    const until = world.now() + 900_000;
    await world.when(() => world.now() >= until);
    const before = peer.store.sent.length;
    expect(before).toBeLessThan(20);
    expect(Date.parse(peer.only.lease!.until)).toBeGreaterThan(world.now());
    const later = world.now() + 900_000;
    await world.when(() => world.now() >= later);
    expect(peer.store.sent).toHaveLength(before);
    upload.resume();
    expect(await world.until(upload.done)).toMatchObject({ status: 'verified' });
    expect(peer.bytesOf(peer.only).equals(bytes)).toBe(true);
  });

  test('cancelling aborts the upload on the server', async () => {
    const { world, peer, uploader } = await begin();
    peer.store.fault = () => 'hang';
    const upload = uploader.upload(new Blob([bytesOf(3 * mebi)]), film);
    await world.when(() => peer.store.sent.length > 0);
    await world.until(upload.cancel());
    expect(peer.only.state).toBe('Aborted');
    expect((await failureOf(upload.done)).name).toBe('AbortError');
  });

  test('stopping leaves it there and gives the lease back', async () => {
    const { world, peer, uploader } = await begin();
    peer.store.fault = () => 'hang';
    const upload = uploader.upload(new Blob([bytesOf(3 * mebi)]), film);
    await world.when(() => peer.store.sent.length > 0);
    upload.stop();
    await world.until(failureOf(upload.done));
    expect(peer.only).toMatchObject({ state: 'Uploading', lease: null });
  });
});

describe('without a network', () => {
  test('nothing is tried, however long it takes, and it goes on when the network is back', async () => {
    const { world, peer, uploader } = await begin();
    const bytes = bytesOf(30_000);
    peer.partSize = 1000;
    const upload = uploader.upload(new Blob([bytes]), film);
    await world.when(() => peer.store.sent.length >= 8);
    world.isOnline = false;
    const until = world.now() + 3_000_000;
    await world.when(() => world.now() >= until);
    expect(peer.store.sent.length).toBeLessThan(20);
    world.comeBack();
    expect(await world.until(upload.done)).toMatchObject({ status: 'verified' });
    expect(peer.bytesOf(peer.only).equals(bytes)).toBe(true);
  });

  test('a part that hung when the network went is begun again at once when it is back', async () => {
    const { world, peer, uploader } = await begin();
    peer.store.fault = (_tag, _part, count) => (count === 1 ? 'hang' : null);
    const upload = uploader.upload(new Blob([bytesOf(10)]), film);
    await world.when(() => peer.store.sent.length === 1);
    const began = world.now();
    world.comeBack();
    await world.until(upload.done);
    expect(world.now() - began).toBeLessThan(10_000);
  });
});

describe('two clients', () => {
  test('the second is told who holds the upload; when it takes over, the first stops cleanly', async () => {
    const { world, peer, uploaderOf } = await begin();
    peer.store.fault = (_tag, part) => (part === 3 ? 'hang' : null);
    const bytes = bytesOf(4 * mebi);
    const first = uploaderOf('tab-1').upload(new Blob([bytes]), film);
    await world.when(() => peer.store.sent.length >= 4);
    const second = uploaderOf('tab-2');
    const locked = await world.until(failureOf(second.upload(new Blob([bytes]), film).done));
    expect(locked).toMatchObject({ code: 'upload_locked', body: { holder: 'tab-1', tag: peer.only.tag } });

    await world.until(second.takeOver(peer.only.tag));
    const lost = await world.until(failureOf(first.done));
    expect(lost).toMatchObject({ code: 'lease_lost' });
    peer.store.fault = () => null;
    expect(await world.until(second.upload(new Blob([bytes]), film).done)).toMatchObject({ status: 'verified', resumed: true });
    expect(peer.sessions.size).toBe(1);
    expect(peer.bytesOf(peer.only).equals(bytes)).toBe(true);
  });

  test('a tab of the same browser is told at once', async () => {
    const world = new World();
    const peer = await Peer.start(world);
    peer.store.fault = () => 'hang';
    const listeners: ((event: { readonly data: unknown }) => void)[] = [];
    const channel = { postMessage: (data: unknown) => listeners.forEach((listener) => listener({ data })), addEventListener: (_type: string, listener: (typeof listeners)[number]) => void listeners.push(listener), close: () => {} };
    const uploaderOf = (client: string) => new MediaUploader({ server: peer.server, permission: () => 'sealed', platform: { ...world.platform(client), channel } });
    const first = uploaderOf('tab-1').upload(new Blob([bytesOf(10)]), film);
    await world.when(() => peer.store.sent.length === 1);
    const began = world.now();
    await world.until(uploaderOf('tab-2').takeOver(peer.only.tag));
    expect(await world.until(failureOf(first.done))).toMatchObject({ code: 'lease_lost' });
    expect(world.now() - began).toBeLessThan(1_000);
  });
});

describe('many small files', () => {
  test('500 files are created and signed by few requests', async () => {
    const { world, peer, uploader } = await begin();
    const uploads = Array.from({ length: 500 }, (_, n) => uploader.upload(new Blob([bytesOf(200, n + 1)]), { name: `${n}.txt`, type: 'text/plain' }).done);
    const outcomes = await world.until(Promise.all(uploads));
    expect(outcomes.every(({ status }) => status === 'verified')).toBe(true);
    expect(peer.store.sent).toHaveLength(500);
    expect(peer.count('POST', /\/urls$/)).toBe(0);
    expect(peer.count('POST', /^\/v1\/uploads(:batch)?$/)).toBeLessThan(25);
    // One completion each, and few others.
    expect(peer.count('POST', /complete$/)).toBe(500);
    expect(peer.count('GET', /./)).toBeLessThan(100);
  });

  test('one bad row does not fail the others', async () => {
    const { world, uploader } = await begin();
    const uploads = ['a', 'bad', 'c'].map((name, n) => uploader.upload(new Blob([bytesOf(200, n + 1)]), { name, type: '' }).done);
    const settled = await world.until(Promise.allSettled(uploads));
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });
});

describe('while parts take all lanes', () => {
  test('other files are created, completed and aborted', async () => {
    const { world, peer, uploaderOf } = await begin();
    const there = bytesOf(2 * mebi, 7);
    const earlier = uploaderOf().upload(new Blob([there]), film);
    peer.apiFault = (_method, path) => (path.endsWith('/complete') ? 'hang' : null);
    await world.when(() => peer.store.sent.length === 2);
    earlier.stop();
    await world.until(failureOf(earlier.done));
    peer.apiFault = () => null;

    const uploader = uploaderOf();
    peer.store.fault = () => 'hang';
    const large = uploader.upload(new Blob([bytesOf(9 * mebi)]), film);
    await world.when(() => peer.store.sent.length === 8);
    const began = world.now();
    expect(await world.until(uploader.upload(new Blob([there]), film).done)).toMatchObject({ status: 'verified', resumed: true });
    const waiting = uploader.upload(new Blob([bytesOf(10)]), film);
    await world.when(() => peer.sessions.size === 3 && waiting.tag !== null);
    await world.until(waiting.cancel());
    expect(peer.sessions.get(waiting.tag!)!.state).toBe('Aborted');
    expect(world.now() - began).toBeLessThan(10_000);
    large.stop();
    await world.until(failureOf(large.done));
  });
});

describe('verification', () => {
  test('is followed by events, over a line that breaks', async () => {
    const { world, peer, uploader } = await begin();
    peer.verifies = false;
    const bytes = bytesOf(2 * mebi);
    const told: number[] = [];
    const upload = uploader.upload(new Blob([bytes]), film, (news) => news.kind === 'verifying' && told.push(news.verified));
    await world.when(() => peer.streams === 1);
    peer.tellProgress(peer.only, mebi);
    await world.when(() => told.includes(mebi));
    peer.breakStreams();
    await world.when(() => peer.count('GET', /uploads\/.*\/events$/) === 2 && peer.streams === 1);
    expect(peer.asked.filter(({ path }) => path.endsWith('/events')).at(-1)!.headers['last-event-id']).toBe('2');
    await peer.verify(peer.only);
    expect(await world.until(upload.done)).toMatchObject({ status: 'verified' });
  });

  test('is asked about where events do not get through', async () => {
    const { world, peer, uploader } = await begin();
    peer.verifies = false;
    peer.apiFault = (_method, path) => (path.endsWith('/events') ? { status: 404 } : null);
    const upload = uploader.upload(new Blob([bytesOf(2 * mebi)]), film);
    await world.when(() => peer.count('GET', /\/tag\d+$/) > 3);
    await peer.verify(peer.only);
    expect(await world.until(upload.done)).toMatchObject({ status: 'verified' });
    expect(peer.count('GET', /uploads\/.*\/events$/)).toBe(1);
  });
});
