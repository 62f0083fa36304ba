// Adds up what the test runners counted: node build/test-summary.mjs FOLDER
// FOLDER/runs.tsv has a line for each run: name, exit code, results file (TRX or JUnit). Prints a table and, last, the sums;
// exits with 1 when anything failed, or nothing was run.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.argv[2];

const number = (text) => Number(text ?? 0);

function attributes(xml, element) {
  return [...xml.matchAll(new RegExp(`<${element}\\s([^>]*)>`, 'g'))].map(([, list]) =>
    Object.fromEntries([...list.matchAll(/([\w:-]+)="([^"]*)"/g)].map(([, name, value]) => [name, value])));
}

function fromTrx(xml) {
  const [counters] = attributes(xml, 'Counters');
  const total = number(counters?.total);
  const passed = number(counters?.passed);
  const executed = number(counters?.executed);
  return { passed, failed: executed - passed, skipped: total - executed };
}

// The cases are counted, since writers disagree on what the sums in the suites' attributes include.
function fromJunit(xml) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const [, , body] of xml.matchAll(/<testcase\b((?:"[^"]*"|[^">])*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g)) {
    const kind = /<(failure|error)\b/.test(body ?? '') ? 'failed' : /<skipped\b/.test(body ?? '') ? 'skipped' : 'passed';
    counts[kind]++;
  }
  return counts;
}

function count(file) {
  if (!file || !existsSync(file)) return { passed: 0, failed: 0, skipped: 0 };
  const xml = readFileSync(file, 'utf8');
  return file.endsWith('.trx') ? fromTrx(xml) : fromJunit(xml);
}

const runs = existsSync(join(folder, 'runs.tsv'))
  ? readFileSync(join(folder, 'runs.tsv'), 'utf8').split('\n').filter(Boolean).map((line) => {
    const [name, code, file] = line.split('\t');
    const counts = count(file);
    // A runner that failed without a failed test (it crashed, or hung and was killed) is a failure of its own.
    if (code !== '0' && counts.failed === 0) counts.failed = 1;
    return { name, ...counts };
  })
  : [];

const sum = { passed: 0, failed: 0, skipped: 0 };
const width = Math.max(0, ...runs.map(({ name }) => name.length));
console.log();
for (const run of runs) {
  for (const kind of Object.keys(sum)) sum[kind] += run[kind];
  console.log(`  ${run.name.padEnd(width)}  ${String(run.passed).padStart(5)} passed  ${String(run.failed).padStart(3)} failed  ${String(run.skipped).padStart(3)} skipped`);
}

const line = `${sum.passed} passed, ${sum.failed} failed${sum.skipped > 0 ? `, ${sum.skipped} skipped` : ''}`;
writeFileSync(join(folder, 'summary.txt'), `${line}\n`);
console.log(`\n${line}`);
process.exitCode = sum.failed > 0 || sum.passed === 0 ? 1 : 0;
