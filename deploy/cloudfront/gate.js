// The delivery gate for CloudFront Functions, runtime cloudfront-js-2.0. docs/delivery.md has the rules and how to deploy it.
// Relies on require('crypto').createHmac, request.rawQueryString(), decodeURIComponent, Buffer.from and console.log.
// Put in their places before it is published, with spaces between several: SECRETS (32 bytes in hexadecimal each) and ORIGINS.
const crypto = require('crypto');

const SECRETS = '@SECRETS@'.split(' ').filter(secret => /^[0-9a-fA-F]{64}$/.test(secret));
const ORIGINS = '@ORIGINS@'.split(' ');
const LONGEST_MS = 7 * 24 * 60 * 60 * 1000;
const NAMES = ['path=', 'tick=', 'seed=', 'hash='];
const NAMED = /^(\/hash\/[A-Z2-7]{51}[AQ]|\/upload\/[0-9A-Za-z]{21})\/[^/]+$/;

// Visible ASCII, percent-decoded once; null where it is neither that nor UTF-8.
function decode(text) {
  if (!/^[\x21-\x7e]*$/.test(text)) return null;
  try {
    return decodeURIComponent(text);
  } catch (error) {
    return null;
  }
}

function isPlain(uri) {
  if (uri[uri.length - 1] === '/') return false;
  if (uri.indexOf('\\') >= 0 || uri.indexOf('\0') >= 0 || uri.indexOf('//') >= 0) return false;
  return uri.split('/').every(segment => segment !== '.' && segment !== '..');
}

function isAllowed(origin) {
  return origin !== '' && ORIGINS.indexOf(origin) >= 0;
}

// Null where the header was not sent, empty where it was sent more than once.
function headerOf(request, name) {
  const header = request.headers[name];
  if (!header) return null;
  return header.multiValue && header.multiValue.length > 1 ? '' : header.value;
}

function originOf(address) {
  const match = /^([^/?#]*:\/\/[^/?#]*)/.exec(address);
  return match ? match[1] : '';
}

// In a time that does not tell how much of it fits.
function isEqual(left, right) {
  const a = Buffer.from(left);
  const b = Buffer.from(right);
  let difference = a.length ^ b.length;
  for (let i = 0; i < b.length; i++) difference |= a[i % Math.max(a.length, 1)] ^ b[i];
  return difference === 0;
}

function isSigned(message, hash) {
  let signed = false;
  SECRETS.forEach(secret => {
    const expected = crypto.createHmac('sha256', Buffer.from(secret, 'hex')).update(message).digest('base64');
    if (isEqual(hash, expected)) signed = true;
  });
  return signed;
}

// The name of the first check that fails, or an empty string.
function check(request, now) {
  if (request.method !== 'GET') return 'method';

  const uri = decode(request.uri);
  if (uri === null || request.uri[0] !== '/' || !isPlain(uri)) return 'uri';

  const origin = headerOf(request, 'origin');
  if (origin !== null && !isAllowed(origin)) return 'origin';
  const referer = headerOf(request, 'referer');
  if (referer === null || !isAllowed(originOf(referer))) return 'referer';

  const query = request.rawQueryString() || '';
  const parts = query.split('&');
  if (parts.length !== NAMES.length || !parts.every((part, i) => part.startsWith(NAMES[i]))) return 'path';
  const values = parts.map(part => part.slice(5));

  const folder = decode(values[0]);
  if (folder === null || folder[0] !== '/' || folder[folder.length - 1] !== '/' || !uri.startsWith(folder)) return 'path';

  const tick = Number(values[1]);
  if (!/^[0-9]{1,16}$/.test(values[1]) || String(tick) !== values[1] || tick < now || tick > now + LONGEST_MS) return 'tick';
  if (!/^[0-9A-Za-z]{21}$/.test(values[2])) return 'seed';

  const hash = decode(values[3]);
  return hash !== null && isSigned(query.slice(0, query.lastIndexOf('&')), hash) ? '' : 'hash';
}

// Only what cannot run anything is shown; all else is saved.
function isShown(type) {
  return /^((image|video|audio)\/|text\/plain\s*(;|$))/i.test(type) && !/svg|xml/i.test(type);
}

function protect(response) {
  const type = response.headers['content-type'] ? response.headers['content-type'].value : '';
  response.headers['x-content-type-options'] = { value: 'nosniff' };
  response.headers['content-security-policy'] = { value: 'sandbox' };
  response.headers['content-disposition'] = { value: isShown(type) ? 'inline' : 'attachment' };
  return response;
}

function handler(event) {
  if (event.context.eventType === 'viewer-response') return protect(event.response);

  const request = event.request;
  const failed = check(request, Date.now());
  if (failed !== '') {
    console.log('refused: ' + failed);
    return {
      statusCode: 403,
      statusDescription: 'Forbidden',
      headers: { 'cache-control': { value: 'no-cache' }, 'content-type': { value: 'text/plain' } },
      body: { encoding: 'text', data: 'Forbidden\n' },
    };
  }

  // A content is under its hash, and an empty file under its upload's tag, by whatever name the link gives it. What is in quarantine is nobody's.
  const decoded = decode(request.uri);
  const named = NAMED.exec(decoded);
  if (named) request.uri = named[1];
  if (decoded.startsWith('/quarantine/')) request.uri = '/quarantine';
  request.querystring = {};
  return request;
}
