import { main } from './aws.ts';

main(process.argv.slice(2));
