// What carries STOMP: a plain WebSocket, or SockJS kept to one of its transports.
import SockJS from 'sockjs-client';
import WebSocket from 'ws';

// SockJS gives up a transport after a multiple of the time that /info took. A busy machine may take longer.
const TIMEOUT = 20_000;

export const subprotocol = (version) => `v${version.replace('.', '')}.stomp`;

export const openSocket = (url, version, transport) =>
  transport === 'ws'
    ? new WebSocket(url.replace(/^http/, 'ws'), [subprotocol(version)])
    : new SockJS(url, null, { transports: transport, timeout: TIMEOUT });
