// @stomp/stompjs 7 as in React Native, whose WebSocket cuts text at NUL
import { open as openStomp } from './stompjs.mjs';

const cut = (text) => text.split('\0', 1)[0];

class CuttingSocket {
  constructor(socket) {
    this.socket = socket;
    socket.binaryType = 'arraybuffer';
    for (const name of ['onopen', 'onclose', 'onerror']) socket[name] = (event) => this[name]?.(event);
    socket.onmessage = ({ data }) => this.onmessage({ data: typeof data === 'string' ? cut(data) : data });
  }

  get readyState() {
    return this.socket.readyState;
  }

  get url() {
    return this.socket.url;
  }

  send(data) {
    this.socket.send(typeof data === 'string' ? cut(data) : data);
  }

  close(...reason) {
    this.socket.close(...reason);
  }
}

export const open = (client) =>
  openStomp(
    { ...client, socket: () => new CuttingSocket(client.socket()) },
    { forceBinaryWSFrames: true, appendMissingNULLonIncoming: true, splitLargeFrames: false },
  );
