// A client in Node, driven by lines: orders on stdin, events on stdout.
// Arguments: the library's module here, the service's address, the STOMP version, and `ws` or a SockJS transport.
import { createInterface } from 'node:readline';
import { drive } from './driven.mjs';

const order = await drive(...process.argv.slice(2), (event) => process.stdout.write(`${event}\n`));
createInterface({ input: process.stdin })
  .on('line', order)
  .on('close', () => process.exit(0));
