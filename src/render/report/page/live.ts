/** Milliseconds from one refresh to the next, at least; a page that takes long to make is asked for less often. */
const PAUSE = 500;
const SHARE = 4;

const WORDS = {
  live: 'Live: changes are shown as they happen.',
  lost: 'Connection lost: what is shown may be out of date. Trying again.',
  ended: 'Connection lost: runbook serve has ended, or was started again. Open the address that it printed.',
} as const;

/** Refreshes the page whenever the server names another version than the page has, and says whether it is heard. */
export function followServer(refresh: (newer: Document) => Promise<void>): void {
  const bar = document.getElementById('live');
  const address = bar?.dataset['events'];
  if (!bar || address === undefined) return;
  let source: EventSource | undefined;
  let newest = bar.dataset['version'];
  const update = onlyOne(async () => {
    while (newest !== document.getElementById('live')?.dataset['version']) {
      const started = performance.now();
      const newer = await load();
      if (!newer) return;
      await refresh(newer);
      announce();
      await pause(Math.max(PAUSE, SHARE * (performance.now() - started)));
    }
  });
  const listen = (): void => {
    source = new EventSource(address);
    source.addEventListener('open', () => show('live'));
    source.addEventListener('error', () => show(source?.readyState === EventSource.CLOSED ? 'ended' : 'lost'));
    source.addEventListener('message', ({ data }) => {
      newest = String(data);
      update();
    });
  };
  // A browser has six connections to a server: pages in the background leave them to others.
  document.addEventListener('visibilitychange', () => {
    source?.close();
    if (document.visibilityState === 'visible') listen();
  });
  if (document.visibilityState === 'visible') listen();
}

/** Undefined where it is not there now: the next event asks again. */
async function load(): Promise<Document | undefined> {
  const response = await fetch(location.pathname).catch(() => undefined);
  if (response?.ok !== true) return undefined;
  return new DOMParser().parseFromString(await response.text(), 'text/html');
}

function show(state: keyof typeof WORDS): void {
  const place = document.getElementById('link');
  if (!place || place.dataset['is'] === state) return;
  place.dataset['is'] = state;
  place.textContent = WORDS[state];
}

/** Read aloud only where it is another text. */
function announce(): void {
  const place = document.getElementById('news');
  const text = document.getElementById('live')?.dataset['news'] ?? '';
  if (place && place.textContent !== text) place.textContent = text;
}

/** Calls while it works are left out: it looks for newer ones itself. */
function onlyOne(work: () => Promise<void>): () => void {
  let isAtWork = false;
  return () => {
    if (isAtWork) return;
    isAtWork = true;
    void work().finally(() => (isAtWork = false));
  };
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}
