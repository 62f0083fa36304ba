import { age, element } from './dom.js';

const interval = 3000;
const mostCounted = 10_000;
const status = document.getElementById('events-status');
const destinations = { region: document.getElementById('destinations-region'), rows: document.getElementById('destinations') };
const letters = { region: document.getElementById('dead-letters-region'), rows: document.getElementById('dead-letters') };

let said = '';
// The status is read out by screen readers, so it only changes when there is news.
function say(text) {
  if (said !== text) status.textContent = said = text;
}

const count = (number) => (number >= mostCounted ? `${mostCounted} or more` : `${number}`);
const ago = (time) => (time ? `${age(time)} ago` : '–');

function setText(cell, text) {
  if (cell.textContent !== text) cell.textContent = text;
}

/** Makes the rows those of the items, in their order, and keeps rows that stay: a button that has the focus keeps it. */
function show({ region, rows }, items, keyOf, make, update) {
  const kept = new Map([...rows.rows].map((row) => [row.dataset.key, row]));
  items.forEach((item, place) => {
    const key = `${keyOf(item)}`;
    let row = kept.get(key);
    kept.delete(key);
    if (!row) {
      row = make(item);
      row.dataset.key = key;
    }
    update(row, item);
    if (rows.rows[place] !== row) rows.insertBefore(row, rows.rows[place] ?? null);
  });
  for (const row of kept.values()) row.remove();
  region.hidden = items.length === 0;
}

function makeDestination(destination) {
  const detail = () => element('td', { className: 'detail' });
  return element('tr', {}, element('th', { scope: 'row', textContent: destination.name }), element('td'), element('td'), element('td'), detail());
}

function updateDestination(row, destination) {
  const [name, waiting, oldest, dead, error] = row.cells;
  setText(name, destination.isConfigured ? destination.name : `${destination.name} (no longer in the settings)`);
  setText(waiting, count(destination.waiting));
  setText(oldest, ago(destination.oldestWaiting));
  setText(dead, count(destination.dead));
  dead.className = destination.dead > 0 ? 'bad' : '';
  setText(error, destination.lastError ?? '–');
}

function makeLetter(letter) {
  const row = element('tr', {}, element('th', { scope: 'row', textContent: letter.type }));
  for (const text of [letter.subject, letter.destination, `${letter.attempts}`]) row.append(element('td', { textContent: text }));
  row.append(element('td', { className: 'detail', textContent: letter.lastError ?? '–' }), element('td'), element('td', { className: 'actions' }));
  row.lastChild.append(makeButton('Retry', letter, 'retry'), makeButton('Dismiss', letter, 'dismiss'));
  return row;
}

function makeButton(text, letter, action) {
  const button = element('button', { type: 'button', textContent: text });
  button.setAttribute('aria-label', `${text} ${letter.type} of ${letter.subject} for ${letter.destination}`);
  button.addEventListener('click', async () => {
    if (action === 'dismiss' && !confirm(`${letter.destination} will never be told of ${letter.type} of ${letter.subject}. Dismiss it?`)) return;
    button.disabled = true;
    try {
      const answer = await fetch(`api/events/dead-letters/${letter.id}/${action}`, { method: 'POST' });
      if (!answer.ok) alert((await answer.json()).detail ?? `The host answers ${answer.status}.`);
    } finally {
      button.disabled = false;
    }
    await refresh();
  });
  return button;
}

function summary({ destinations: all, deadLetters, more }) {
  if (all.length === 0) return 'Nobody is told of events. docs/events.md says how to name receivers.';
  const dead = deadLetters.length === 0 ? 'There are no dead letters.' : more ? `The latest ${deadLetters.length} dead letters are shown.` : `Dead letters: ${deadLetters.length}.`;
  const late = all.filter(({ waiting, lastError }) => waiting > 0 && lastError).map(({ name }) => name);
  return late.length === 0 ? dead : `${dead} Waiting to be tried again: ${late.join(', ')}.`;
}

async function refresh() {
  try {
    const answer = await fetch('api/events', { cache: 'no-store' });
    if (!answer.ok) throw new Error(`The host answers ${answer.status}.`);
    const events = await answer.json();
    if (events.unavailable) throw new Error(events.unavailable);
    show(destinations, events.destinations, ({ name }) => name, makeDestination, updateDestination);
    show(letters, events.deadLetters, ({ id, attempts }) => `${id}/${attempts}`, makeLetter, (row, letter) => setText(row.cells[5], ago(letter.deadSince)));
    say(summary(events));
  } catch (failure) {
    destinations.region.hidden = letters.region.hidden = true;
    say(`Nothing is known of events: ${failure.message}`);
  }
}

async function watch() {
  await refresh();
  setTimeout(watch, interval);
}

watch();
