import AwsS3 from '@uppy/aws-s3';
import Uppy from '@uppy/core';
import { UppyMedia } from '@media/uppy-media';

const MiB = 1024 * 1024;

/** Seconds from pressing "upload" until Uppy says that all the files that were chosen are uploaded. */
async function upload(plugin, options) {
  const uppy = new Uppy();
  uppy.use(plugin, options);
  for (const data of document.querySelector('#files').files) uppy.addFile({ name: data.name, type: data.type, data });
  const start = performance.now();
  const { successful, failed } = await uppy.upload();
  const seconds = (performance.now() - start) / 1_000;
  if (failed.length > 0) throw new Error(`${failed.length} of ${successful.length + failed.length} files failed: ${failed[0].error}`);
  uppy.destroy();
  return seconds;
}

window.measure = {
  /** By this package. */
  ours: (permission, options) => upload(UppyMedia, { permission: () => permission, ...options }),

  /** By Uppy's own, with part sizes as the server makes them for ours. */
  theirs: (permission, options) =>
    upload(AwsS3, {
      companionEndpoint: `${location.origin}/companion/${encodeURIComponent(permission)}`,
      shouldUseMultipart: true,
      getChunkSize: ({ size }) => Math.max(8, Math.ceil(size / MiB / 10_000 / 4) * 4) * MiB,
      ...options,
    }),
};
