// @stomp/stompjs 7
import { Client, Versions } from '@stomp/stompjs';

export const open = ({ version, socket, connected, error, receipt, closed, message }, options = {}) => {
  let client;
  return {
    connect: ({ token, beat }) => {
      client = new Client({
        stompVersions: new Versions([version]),
        webSocketFactory: socket,
        connectHeaders: { Authorization: `Bearer ${token}` },
        heartbeatIncoming: beat,
        heartbeatOutgoing: beat,
        reconnectDelay: 0,
        splitLargeFrames: true,
        onConnect: (frame) => connected(frame.headers),
        onStompError: (frame) => error(frame.headers, frame.body),
        onWebSocketClose: closed,
        ...options,
      });
      client.activate();
    },
    subscribe: ({ destination, headers }) => {
      if (headers.receipt) client.watchForReceipt(headers.receipt, () => receipt(headers.receipt));
      client.subscribe(destination, message, headers);
    },
    send: ({ destination, headers, body }) => {
      if (headers.receipt) client.watchForReceipt(headers.receipt, () => receipt(headers.receipt));
      client.publish({ destination, headers, body });
    },
    disconnect: () => client.deactivate(),
  };
};
