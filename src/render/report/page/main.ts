import { startView } from './view.ts';

void startView();
