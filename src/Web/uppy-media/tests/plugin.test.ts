import Uppy, { type Body, type Meta } from '@uppy/core';
import { expect, onTestFinished, test } from 'vitest';
import { UppyMedia } from '../src/index.ts';
import { bytesOf, mebi, Peer } from './peer.ts';
import { World } from './world.ts';

async function begin(clientId = 'tab-1') {
  const world = new World();
  const peer = await Peer.start(world);
  peer.partSize = mebi;
  const told: string[] = [];
  const uppyOf = (client: string) => {
    const silent = () => {};
    const uppy = new Uppy<Meta, Body>({ logger: { debug: silent, warn: silent, error: silent }, infoTimeout: 1 });
    uppy.use(UppyMedia, { server: peer.server, permission: () => 'sealed', platform: world.platform(client) });
    for (const event of ['media:uploading', 'media:verifying', 'media:verified', 'media:duplicate', 'media:mismatched', 'media:locked', 'upload-success', 'upload-error'] as const) {
      uppy.on(event, () => void (told.at(-1) !== event && told.push(event)));
    }
    onTestFinished(() => uppy.destroy());
    return uppy;
  };
  const uppy = uppyOf(clientId);
  return { world, peer, told, uppy, uppyOf, plugin: uppy.getPlugin('UppyMedia') as UppyMedia };
}

const add = (uppy: Uppy<Meta, Body>, bytes: Buffer<ArrayBuffer>, name = 'film.mp4') => uppy.addFile({ name, type: 'video/mp4', data: new Blob([bytes]) });

test('Uppy uploads by it, sees progress, and gets the file’s id', async () => {
  const { world, peer, told, uppy } = await begin();
  const bytes = bytesOf(6 * mebi);
  const id = add(uppy, bytes);
  const percentages: number[] = [];
  const hashed: number[] = [];
  uppy.on('upload-progress', (file) => percentages.push(uppy.getFile(file!.id).progress.percentage ?? 0));
  uppy.on('media:hashing', (_file, news) => hashed.push(news.hashed));
  const result = await world.until(uppy.upload());
  expect(result!.successful).toHaveLength(1);
  expect(told).toEqual(['media:uploading', 'media:verifying', 'media:verified', 'upload-success']);
  expect(uppy.getFile(id).response!.body).toMatchObject({ tag: peer.only.tag, fileId: peer.only.tag, status: 'verified' });
  expect(uppy.getFile(id).progress).toMatchObject({ percentage: 100, uploadComplete: true });
  expect(percentages.some((percentage) => percentage > 20 && percentage < 100)).toBe(true);
  expect(hashed.at(-1)).toBe(bytes.length);
});

test('a duplicate is told as one, and is a success', async () => {
  const { world, peer, told, uppy } = await begin();
  const bytes = bytesOf(100);
  await peer.know(bytes);
  add(uppy, bytes);
  expect((await world.until(uppy.upload()))!.successful).toHaveLength(1);
  expect(told).toEqual(['media:duplicate', 'upload-success']);
});

test('a failed file is tried again by Uppy’s button, and goes on where it was', async () => {
  const { world, peer, told, uppy } = await begin();
  let isBroken = true;
  peer.store.fault = (_tag, part) => (part === 2 && isBroken ? { status: 400, body: '<Error><Code>InvalidRequest</Code></Error>' } : null);
  const id = add(uppy, bytesOf(3 * mebi));
  expect((await world.until(uppy.upload()))!.failed).toHaveLength(1);
  expect(uppy.getFile(id).error).toContain('InvalidRequest');
  isBroken = false;
  expect((await world.until(uppy.retryUpload(id)))!.successful).toHaveLength(1);
  expect(told.slice(0, 2)).toEqual(['media:uploading', 'upload-error']);
  expect(peer.sessions.size).toBe(1);
});

test('Uppy’s pause and resume halt the parts and go on', async () => {
  const { world, peer, uppy } = await begin();
  peer.partSize = 1000;
  const id = add(uppy, bytesOf(30_000));
  const uploaded = uppy.upload();
  await world.when(() => peer.store.sent.length >= 8);
  expect(uppy.pauseResume(id)).toBe(true);
  await world.quiet();
  const before = peer.store.sent.length;
  const later = world.now() + 600_000;
  await world.when(() => world.now() >= later);
  expect(peer.store.sent).toHaveLength(before);
  uppy.pauseResume(id);
  expect((await world.until(uploaded))!.successful).toHaveLength(1);
});

test('removing one file aborts it on the server and leaves the others', async () => {
  const { world, peer, uppy } = await begin();
  peer.store.fault = (tag) => (peer.sessions.get(tag)!.wish.fileName === 'gone' ? 'hang' : null);
  const gone = add(uppy, bytesOf(2 * mebi), 'gone');
  add(uppy, bytesOf(2 * mebi, 2), 'stays');
  const uploaded = uppy.upload();
  await world.when(() => peer.store.sent.some(({ status }) => status === 0) && [...peer.sessions.values()].some(({ state }) => state === 'Verified'));
  uppy.removeFile(gone);
  await world.until(uploaded);
  await world.when(() => [...peer.sessions.values()].some(({ wish, state }) => wish.fileName === 'gone' && state === 'Aborted'));
  expect(uppy.getFiles().map(({ name, progress }) => [name, progress.uploadComplete])).toEqual([['stays', true]]);
});

test('a mismatch is told, and is an error', async () => {
  const { world, peer, told, uppy } = await begin();
  peer.verifies = false;
  add(uppy, bytesOf(2 * mebi));
  const uploaded = uppy.upload();
  await world.when(() => peer.sessions.size === 1 && peer.only.state === 'Stored');
  peer.only.parts.set(1, bytesOf(mebi, 77));
  await peer.verify(peer.only);
  expect((await world.until(uploaded))!.failed).toHaveLength(1);
  expect(told).toEqual(['media:uploading', 'media:verifying', 'media:mismatched', 'upload-error']);
});

test('a second tab is told who holds the upload and takes it over; the first stops', async () => {
  const { world, peer, uppy, uppyOf } = await begin();
  peer.store.fault = (_tag, part) => (part === 2 ? 'hang' : null);
  const bytes = bytesOf(3 * mebi);
  const first = add(uppy, bytes);
  const lost: boolean[] = [];
  uppy.on('media:locked', (_file, news) => lost.push(news.lost));
  const uploaded = uppy.upload();
  await world.when(() => peer.store.sent.length >= 3);

  const other = uppyOf('tab-2');
  const holders: (string | null)[] = [];
  other.on('media:locked', (_file, news) => holders.push(news.holder));
  const second = add(other, bytes);
  expect((await world.until(other.upload()))!.failed).toHaveLength(1);
  expect(holders).toEqual(['tab-1']);
  peer.store.fault = () => null;
  await world.until((other.getPlugin('UppyMedia') as UppyMedia).takeOver(second));
  expect(other.getFile(second).progress.uploadComplete).toBe(true);
  expect(peer.sessions.size).toBe(1);
  await world.until(uploaded);
  // It finds the upload finished, or that it is another's; either way it has sent nothing more.
  expect(lost.length === 1 || uppy.getFile(first).progress.uploadComplete).toBe(true);
});

test('taking the plugin off stops what is on its way, and the server keeps it', async () => {
  const { world, peer, uppy, plugin } = await begin();
  peer.store.fault = () => 'hang';
  add(uppy, bytesOf(2 * mebi));
  const uploaded = uppy.upload();
  await world.when(() => peer.store.sent.length === 2);
  uppy.removePlugin(plugin);
  await world.until(uploaded);
  expect(peer.only.state).toBe('Uploading');
  expect(uppy.getState().capabilities.resumableUploads).toBe(false);
});
