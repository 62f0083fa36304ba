// Runs deploy/cloudfront/gate.js as its runtime would: a plain script, whose globals are those that cloudfront-js-2.0 documents, and whose require knows
// crypto alone. Reads requests from standard input, one JSON a line, and writes what becomes of each: {"refused": check} or {"uri": the origin's}.
//   node edge.mjs GATE.JS SECRETS ORIGINS
import { createHmac, createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import vm from 'node:vm'

const [file, secrets, origins] = process.argv.slice(2)
const source = readFileSync(file, 'utf8')
for (const [i, line] of source.split('\n').entries()) {
  if (/\S.*\s\/\//.test(line) && !/^\s*\/\//.test(line)) throw new Error(`Line ${i + 1} has a comment after code.`)
}

let now = 0
let logged = []
const bare = { now: () => now, log: (text) => logged.push(text), Buffer, crypto: { createHmac, createHash } }
const context = vm.createContext(bare, { codeGeneration: { strings: false, wasm: false } })
vm.runInContext(`
  Date.now = now
  globalThis.console = { log }
  globalThis.require = (modules => name => {
    if (name !== 'crypto') throw new Error('There is no module ' + name)
    return modules
  })(crypto)
  for (const name of ['now', 'log', 'crypto', 'WebAssembly', 'SharedArrayBuffer', 'Atomics', 'Proxy', 'Reflect', 'Intl']) delete globalThis[name]
`, context)
vm.runInContext(source.replace('@SECRETS@', secrets).replace('@ORIGINS@', origins), context, { filename: 'gate.js' })

for await (const line of createInterface({ input: process.stdin })) {
  if (!line) continue
  const sent = JSON.parse(line)
  now = sent.now
  logged = []
  const headers = {}
  for (const [name, values] of Object.entries({ origin: sent.origin, referer: sent.referer })) {
    if (values == null) continue
    const all = [values].flat()
    headers[name] = all.length > 1 ? { value: all[0], multiValue: all.map((value) => ({ value })) } : { value: all[0] }
  }
  const event = sent.response
    ? { version: '1.0', context: { eventType: 'viewer-response' }, request: {}, response: sent.response }
    : { version: '1.0', context: { eventType: 'viewer-request' }, request: { method: sent.method, uri: sent.uri, querystring: {}, headers, cookies: {}, rawQueryString: () => sent.query } }
  const answer = context.handler(event)
  const result = sent.response ? { headers: answer.headers }
    : answer.statusCode ? { refused: logged.join().replace('refused: ', ''), status: answer.statusCode, cache: answer.headers['cache-control'].value, body: answer.body.data }
    : { uri: answer.uri, queryLeft: Object.keys(answer.querystring).length }
  process.stdout.write(JSON.stringify(result) + '\n')
}
