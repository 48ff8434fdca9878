// One client of one library, as JSON: orders go in, events come out. The same in Node and on a page.
import { openSocket } from './sockets.mjs';

export const drive = async (library, url, version, transport, hear) => {
  const { open } = await import(`./${library}.mjs`);
  const tell = (on, more) => hear(JSON.stringify({ on, ...more }));

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

  return (json) => {
    const order = JSON.parse(json);
    if (order.do === 'ack') messages[order.message].ack(order.headers);
    else client[order.do](order);
  };
};
