import { describe, expect, test } from 'vitest';
import { bytesOf, mebi, type Peer } from './peer.ts';
import { begin, failureOf, film } from './uploads.ts';

const asked = (peer: Peer): number => peer.count('GET', /^\/v1\/leases\/events$/);

/** An upload that stays where it is. */
async function standing() {
  const all = await begin();
  all.peer.store.fault = () => 'hang';
  const upload = all.uploader.upload(new Blob([bytesOf(3 * mebi)]), film);
  return { ...all, upload };
}

describe('a lease that a client elsewhere takes', () => {
  test('is told at once', async () => {
    const { world, peer, uploaderOf, upload } = await standing();
    await world.when(() => peer.leaseStreams === 1);
    const began = world.now();
    await world.until(uploaderOf('tab-2').takeOver(peer.only.tag));
    expect(await world.until(failureOf(upload.done))).toMatchObject({ code: 'lease_lost', body: { holder: 'tab-2' } });
    expect(world.now() - began).toBeLessThan(1_000);
    await world.when(() => peer.leaseStreams === 0);
  });

  test('stops the work by that word alone: the server need not answer once more', async () => {
    const { world, peer, uploaderOf, upload } = await standing();
    await world.when(() => peer.leaseStreams === 1);
    const other = uploaderOf('tab-2');
    const { tag } = peer.only;
    const beats = peer.count('POST', /\/lease$/);
    await world.until(other.takeOver(tag));
    expect(await world.until(failureOf(upload.done))).toMatchObject({ code: 'lease_lost', body: { tag, holder: 'tab-2' } });
    // The one is the takeover itself.
    expect(peer.count('POST', /\/lease$/)).toBe(beats + 1);
  });

  test('is told at once after the line broke, too', async () => {
    const { world, peer, uploaderOf, upload } = await standing();
    for (let breaks = 1; breaks <= 3; breaks++) {
      await world.when(() => peer.leaseStreams === 1);
      peer.breakStreams();
      await world.when(() => asked(peer) === breaks + 1 && peer.leaseStreams === 1);
    }
    const began = world.now();
    await world.until(uploaderOf('tab-2').takeOver(peer.only.tag));
    expect(await world.until(failureOf(upload.done))).toMatchObject({ code: 'lease_lost' });
    expect(world.now() - began).toBeLessThan(1_000);
  });

  test('is told at once after the server was away for a while', async () => {
    const { world, peer, uploaderOf, upload } = await standing();
    await world.when(() => peer.leaseStreams === 1);
    peer.apiFault = (_method, path) => (path === '/v1/leases/events' ? { status: 502 } : null);
    peer.breakStreams();
    const until = world.now() + 60_000;
    await world.when(() => world.now() >= until);
    // The longer it is away, the more seldom it is asked.
    expect(asked(peer)).toBeLessThan(20);
    peer.apiFault = () => null;
    await world.when(() => peer.leaseStreams === 1);
    await world.until(uploaderOf('tab-2').takeOver(peer.only.tag));
    expect(await world.until(failureOf(upload.done))).toMatchObject({ code: 'lease_lost' });
  });

  test('is found by its next renewal where the server has no such stream, which is asked for once', async () => {
    const { world, peer, uploaderOf, uploader, upload } = await standing();
    peer.hasLeaseStream = false;
    await world.when(() => asked(peer) === 1 && peer.store.sent.length === 3);
    await world.until(uploaderOf('tab-2').takeOver(peer.only.tag));
    expect(await world.until(failureOf(upload.done))).toMatchObject({ code: 'lease_lost' });
    peer.store.fault = () => null;
    expect(await world.until(uploader.upload(new Blob([bytesOf(2 * mebi, 5)]), film).done)).toMatchObject({ status: 'verified' });
    expect(asked(peer)).toBe(1);
  });
});

describe('the stream of lost leases', () => {
  test('is one for all uploads, and open for as long as there is a lease to lose', async () => {
    const { world, peer, uploader, upload } = await standing();
    await world.when(() => peer.leaseStreams === 1);
    const other = uploader.upload(new Blob([bytesOf(2 * mebi, 5)]), film);
    await world.when(() => peer.store.sent.length === 5);
    upload.stop();
    await world.until(failureOf(upload.done));
    await world.quiet();
    expect(peer.leaseStreams).toBe(1);
    other.stop();
    await world.until(failureOf(other.done));
    await world.when(() => peer.leaseStreams === 0);
    expect(asked(peer)).toBe(1);
  });

  test('is asked for by uploads of one part only when they take long', async () => {
    const { world, peer, uploader } = await begin();
    await world.until(uploader.upload(new Blob([bytesOf(100)]), film).done);
    expect(asked(peer)).toBe(0);
    peer.store.fault = () => 'hang';
    const upload = uploader.upload(new Blob([bytesOf(100, 2)]), film);
    await world.when(() => peer.leaseStreams === 1);
    upload.stop();
    await world.until(failureOf(upload.done));
  });

  test.each([['hang'], ['break'], [{ status: 500 }], [{ status: 403, body: '{"code":"not_yours"}' }]] as const)('that fails by %o neither delays nor fails an upload', async (fault) => {
    const { world, peer, uploader } = await begin();
    peer.apiFault = (_method, path) => (path === '/v1/leases/events' ? fault : null);
    const began = world.now();
    expect(await world.until(uploader.upload(new Blob([bytesOf(5 * mebi)]), film).done)).toMatchObject({ status: 'verified' });
    expect(asked(peer)).toBeGreaterThan(0);
    expect(world.now() - began).toBeLessThan(10_000);
  });
});
