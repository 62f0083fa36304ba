import { expect } from 'vitest';
import { MediaUploader, type MediaProblem, type UploaderOptions } from '../src/index.ts';
import { mebi, Peer } from './peer.ts';
import { World } from './world.ts';

/** A world with a peer in it that cuts files into parts of 1 MiB, and an uploader. */
export async function begin(options: Partial<UploaderOptions> = {}, clientId?: string) {
  const world = new World();
  const peer = await Peer.start(world);
  peer.partSize = mebi;
  const uploaderOf = (client?: string, more: Partial<UploaderOptions> = {}) =>
    new MediaUploader({ server: peer.server, permission: () => 'sealed', platform: world.platform(client), ...options, ...more });
  return { world, peer, uploaderOf, uploader: uploaderOf(clientId) };
}

export const film = { name: 'film.mp4', type: 'video/mp4' };

export const failureOf = (promise: Promise<unknown>): Promise<MediaProblem> =>
  promise.then(() => expect.unreachable('it should have failed'), (error: MediaProblem) => error);
