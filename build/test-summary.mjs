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

function casesOf(xml) {
  return [...xml.matchAll(/<testcase\b((?:"[^"]*"|[^">])*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g)].map(([, list, body = '']) => ({
    name: / name="([^"]*)"/.exec(` ${list}`)?.[1],
    body,
    kind: /<(failure|error)\b/.test(body) ? 'failed' : /<skipped\b/.test(body) ? 'skipped' : 'passed',
  }));
}

// The cases are counted, since writers disagree on what the sums in the suites' attributes include.
function fromJunit(xml) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const { kind } of casesOf(xml)) counts[kind]++;
  return counts;
}

function count(file) {
  if (!file || !existsSync(file)) return { passed: 0, failed: 0, skipped: 0 };
  const xml = readFileSync(file, 'utf8');
  return file.endsWith('.trx') ? fromTrx(xml) : fromJunit(xml);
}

const entities = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&apos;': "'", '&#xD;': '', '&#xA;': '\n', '&amp;': '&' };
const plain = (xml) => xml.replace(/&(?:lt|gt|quot|apos|amp|#xD|#xA);/g, (entity) => entities[entity]);

// What failed, and the beginning of what it said: the log that has all of it is long, and may be cut.
function failures(file) {
  if (!file || !existsSync(file)) return [];
  const xml = readFileSync(file, 'utf8');
  const found = file.endsWith('.trx')
    ? [...xml.matchAll(/<UnitTestResult\b([^>]*outcome="Failed"[^>]*)>([\s\S]*?)<\/UnitTestResult>/g)].map(([, list, body]) => ({
      name: /testName="([^"]*)"/.exec(list)?.[1],
      said: [/<Message>([\s\S]*?)<\/Message>/, /<StackTrace>([\s\S]*?)<\/StackTrace>/].map((part) => part.exec(body)?.[1] ?? '').join('\n'),
    }))
    : casesOf(xml).filter(({ kind }) => kind === 'failed').map(({ name, body }) => ({ name, said: body.replace(/<[^>]*>/g, '') }));
  return found.map(({ name, said }) => ({ name: plain(name ?? ''), said: plain(said).split('\n').filter((line) => line.trim() !== '').slice(0, 16) }));
}

const runs = existsSync(join(folder, 'runs.tsv'))
  ? readFileSync(join(folder, 'runs.tsv'), 'utf8').split('\n').filter(Boolean).map((line) => {
    const [name, code, file] = line.split('\t');
    const counts = count(file);
    // A runner that failed without a failed test (it crashed, or hung and was killed) is a failure of its own.
    if (code !== '0' && counts.failed === 0) counts.failed = 1;
    return { name, file, ...counts };
  })
  : [];

for (const run of runs) {
  for (const { name, said } of failures(run.file)) console.log(`\n── failed: ${run.name}: ${name}\n${said.map((line) => `   ${line.slice(0, 400)}`).join('\n')}`);
}

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
