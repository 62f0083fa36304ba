import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';

const run = promisify(execFile);
const folder = fileURLToPath(new URL('..', import.meta.url));

test('what is built runs in Node.js as it is', async () => {
  const built = await mkdtemp(join(tmpdir(), 'fuji-built-'));
  onTestFinished(() => rm(built, { recursive: true, force: true }));
  await run(process.execPath, [join(folder, '../node_modules/typescript/bin/tsc'), '-p', join(folder, 'tsconfig.build.json'), '--outDir', join(built, 'dist')]);
  await writeFile(join(built, 'package.json'), '{"type":"module"}');
  const script = `import { hash } from ${JSON.stringify(pathToFileURL(join(built, 'dist/index.js')).href)};
    console.log(JSON.stringify(await hash(new Blob(['hello']))));`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script]);
  expect(JSON.parse(stdout)).toEqual({
    size: 5,
    tipHash: 'BSOEFHWYKUFE2ZEYFGKAE2X4IZXTXXCDJZQ2YRGKLMAETUJDTIHQ',
    pieceHash: 'AD4G5U6L4LJC4DYUIUSFRIYHH5KMRVHCLOQQAKAPNNPFCRAUIV3Q',
  });
});
