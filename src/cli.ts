#!/usr/bin/env node
import { keepCompiled } from './compile-cache.ts';
import { keepYoungSmall } from './heap.ts';

keepYoungSmall();
keepCompiled();
// What is loaded from here on is kept.
void import('./main.ts').then(({ main }) => main(process.argv.slice(2)));
