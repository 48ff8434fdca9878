// One client of one library, driven by JSON lines: orders on stdin, events on stdout.
// Arguments: the library's module here, the service's address, the STOMP version, and `ws` or a SockJS transport.
import { createInterface } from 'node:readline';
import { openSocket } from './sockets.mjs';

const [library, url, version, transport] = process.argv.slice(2);
const { open } = await import(`./${library}.mjs`);
const tell = (on, more) => process.stdout.write(`${JSON.stringify({ on, ...more })}\n`);

const messages = [];
const client = open({
  version,
  transport,
  url,
  socket: () => openSocket(url, version, transport),
  connected: (headers) => tell('connected', { headers }),
  error: (headers, body) => tell('error', { headers, body }),
  receipt: (id) => tell('receipt', { id }),
  closed: (event) => tell('closed', { code: event?.code, reason: event?.reason }),
  message: (message) => {
    messages.push(message);
    tell('message', { headers: message.headers, body: message.body, destination: message.headers.destination });
  },
});

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const order = JSON.parse(line);
    if (order.do === 'ack') messages[order.message].ack(order.headers);
    else client[order.do](order);
  })
  .on('close', () => process.exit(0));
