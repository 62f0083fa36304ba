// What the browser's packages do, measured in Chromium. ./bench browser [--json] [--full] [--slower=N]
import { hashing } from './hashing/hashing.mjs';
import { Report } from './measuring/report.mjs';
import { large, small } from './uploads/uploads.mjs';

/** Each part measures one thing: `run(report, settings)`. */
const parts = [hashing, large, small];

// slower: how many times slower the line of 'large' and 'small' is than told there, in delay and rate alike. On a machine with more work than processors it is
// the line again, then, that what is compared waits for.
const settings = { json: false, full: false, slower: 1 };
const names = [];
for (const argument of process.argv.slice(2)) {
  if (argument === '--json') settings.json = true;
  else if (argument === '--full') settings.full = true;
  else if (/^--slower=[1-9]\d*$/.test(argument)) settings.slower = Number(argument.slice('--slower='.length));
  else names.push(argument);
}

const unknown = names.find((name) => !parts.some((part) => part.name === name));
if (unknown !== undefined) {
  console.error(`There is no part '${unknown}' of the browser's benchmark. There are: ${parts.map(({ name }) => name).join(' ')}`);
  process.exit(2);
}

const report = new Report('browser', settings.json);
report.begin();
try {
  for (const part of parts) if (names.length === 0 || names.includes(part.name)) await part.run(report, settings);
} catch (error) {
  console.error(`The benchmark did not get through: ${error.stack ?? error}`);
  process.exit(1);
}
report.end();
