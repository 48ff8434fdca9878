// stompjs 2.3, of 2014 and still in many pages
import Stomp from 'stompjs';

export const open = ({ socket, connected, error, receipt, closed, message }) => {
  let client;
  return {
    connect: ({ token, beat }) => {
      const ws = socket();
      client = Stomp.over(ws);
      client.debug = null;
      client.heartbeat = { outgoing: beat, incoming: beat };
      client.onreceipt = (frame) => receipt(frame.headers['receipt-id']);
      client.connect(
        { Authorization: `Bearer ${token}` },
        (frame) => connected(frame.headers),
        (fault) => fault.command === 'ERROR' && error(fault.headers, fault.body),
      );
      const lost = ws.onclose; // it tells its caller nothing of the event
      ws.onclose = (event) => {
        lost(event);
        closed(event);
      };
    },
    subscribe: ({ destination, headers }) => client.subscribe(destination, message, headers),
    send: ({ destination, headers, body }) => client.send(destination, headers, body),
    disconnect: () => client.disconnect(),
  };
};
