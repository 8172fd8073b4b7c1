import { followServer } from './live.ts';
import { updatePage } from './update.ts';
import { startView } from './view.ts';

/** The page of a run or of all runs, as `runbook serve` shows it. */
async function start(): Promise<void> {
  const view = document.getElementById('report') ? await startView() : undefined;
  followServer(async (newer) => {
    if (view && newer.getElementById('report')) await view.refresh(newer);
    else updatePage(newer);
  });
}

void start();
