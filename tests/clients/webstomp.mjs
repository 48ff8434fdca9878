// webstomp-client 1.2
import webstomp from 'webstomp-client';
import { subprotocol } from './sockets.mjs';

export const open = ({ version, socket, connected, error, receipt, closed, message }) => {
  let client;
  return {
    connect: ({ token, beat }) => {
      client = webstomp.over(socket(), {
        debug: false,
        heartbeat: { outgoing: beat, incoming: beat },
        protocols: [subprotocol(version)],
      });
      client.onreceipt = (frame) => receipt(frame.headers['receipt-id']);
      client.connect(
        { Authorization: `Bearer ${token}` },
        (frame) => connected(frame.headers),
        (fault) => (fault.command === 'ERROR' ? error(fault.headers, fault.body) : closed(fault)),
      );
    },
    subscribe: ({ destination, headers }) => client.subscribe(destination, message, headers),
    send: ({ destination, headers, body }) => client.send(destination, body, headers),
    disconnect: () => client.disconnect(),
  };
};
