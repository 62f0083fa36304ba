import { age, element } from './dom.js';

const interval = 1500;
const kinds = {
  Ready: 'good', Done: 'good', Waiting: 'busy', Starting: 'busy', BackingOff: 'busy', Stopping: 'busy',
  Unhealthy: 'bad', Failed: 'bad', Stopped: 'bad',
};
const labels = { BackingOff: 'Ended, starts again' };
const status = document.getElementById('status');
const table = document.getElementById('resources');
const logs = document.getElementById('logs');

function makeRow(resource) {
  const row = element('tr', { id: `resource-${resource.name}` });
  row.append(element('th', { scope: 'row', textContent: resource.name }));
  for (const part of ['state', 'endpoint', 'process', 'age', 'restarts', 'action']) row.append(element('td', { className: part === 'state' ? '' : part }));
  if (!['bucket'].includes(resource.name)) {
    const button = element('button', { type: 'button', textContent: 'Restart' });
    button.setAttribute('aria-label', `Restart ${resource.name}`);
    button.addEventListener('click', () => fetch(`api/resources/${resource.name}/restart`, { method: 'POST' }));
    row.cells[6].append(button);
  }
  return row;
}

function showRow(row, resource) {
  const [, state, endpoint, process, up, restarts] = row.cells;
  const detail = resource.detail ? [element('div', { className: 'detail', textContent: resource.detail })] : [];
  const text = `${resource.state} ${resource.detail ?? ''}`;
  if (state.dataset.shown !== text) {
    state.dataset.shown = text;
    state.replaceChildren(element('span', { className: `state ${kinds[resource.state]}`, textContent: labels[resource.state] ?? resource.state }), ...detail);
  }
  if (resource.endpoint && !endpoint.hasChildNodes()) {
    endpoint.append(resource.endpoint.startsWith('http') ? element('a', { href: resource.endpoint, textContent: resource.endpoint }) : resource.endpoint);
  }
  process.textContent = resource.processId ?? '–';
  up.textContent = resource.processId ? age(resource.startedAt) : '–';
  restarts.textContent = resource.restarts;
}

function showLog(resource) {
  let log = document.getElementById(`log-${resource.name}`);
  if (!log) {
    const lines = element('pre', { tabIndex: 0 });
    lines.setAttribute('aria-label', `Last lines of ${resource.name}`);
    log = element('details', { id: `log-${resource.name}` }, element('summary', { textContent: resource.name }), lines);
    logs.append(log);
  }
  const lines = log.querySelector('pre');
  const text = resource.lines.join('\n');
  if (lines.textContent === text) return;
  const atEnd = lines.scrollHeight - lines.scrollTop - lines.clientHeight < 8;
  lines.textContent = text;
  if (atEnd) lines.scrollTop = lines.scrollHeight;
}

let said = '';
// The status is read out by screen readers, so it only changes when there is news.
function say(text) {
  if (said !== text) status.textContent = said = text;
}

async function refresh() {
  try {
    const answer = await fetch('api/resources', { cache: 'no-store' });
    if (!answer.ok) throw new Error(`${answer.status}`);
    const resources = await answer.json();
    for (const resource of resources) {
      let row = document.getElementById(`resource-${resource.name}`);
      if (!row) table.append(row = makeRow(resource));
      showRow(row, resource);
      showLog(resource);
    }
    const amiss = resources.filter(({ state }) => kinds[state] !== 'good').map(({ name }) => name);
    say(amiss.length === 0 ? 'Everything is ready.' : `Not ready: ${amiss.join(', ')}.`);
  } catch {
    say('The host does not answer. It has probably been stopped.');
  }
  setTimeout(refresh, interval);
}

refresh();
