import { serviceUrl, socketUrl } from "./base-url.js";

const SUBPROTOCOLS = ["v12.stomp", "v11.stomp", "v10.stomp"];

/** Opens what STOMP frames travel on; `log` is told of every one of them. @type {Record<string, Transport>} */
export const transports = {
  websocket: {
    name: "WebSocket",
    prepare: async () => {},
    open: (log) => tapped(new WebSocket(socketUrl("ws"), SUBPROTOCOLS), log, "WebSocket"),
  },
  sockjs: {
    name: "SockJS",
    prepare: loadSockJs,
    open: (log) => tapped(new globalThis.SockJS(serviceUrl("ws").href), log, "SockJS"),
  },
};

/** Whether the service is there and speaks SockJS. */
export async function sockJsAnswers() {
  const answer = await fetch(serviceUrl("ws/info"), { signal: AbortSignal.timeout(5_000) }).catch(() => null);
  return !!answer?.ok;
}

/**
 * @param {SocketLike} socket
 * @param {EventLog} log
 * @param {string} name
 */
function tapped(socket, log, name) {
  const send = socket.send.bind(socket);
  socket.send = (data) => {
    log.frame("out", asText(data));
    send(data);
  };
  socket.addEventListener("open", () => log.socket("open", socket.transport ? `${name}, ${socket.transport}` : name));
  socket.addEventListener("message", ({ data }) => log.frame("in", asText(data)));
  socket.addEventListener("close", ({ code, reason }) => log.socket("close", [code, reason].filter(Boolean).join(" ")));
  return socket;
}

/** @param {any} data as WebSockets give and take it */
function asText(data) {
  return typeof data === "string" ? data : new TextDecoder().decode(data);
}

/** @type {Promise<unknown> | undefined} */
let loading;

/** The library is no module and comes only when it is needed: a page whose WebSockets get through does without. */
function loadSockJs() {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = serviceUrl("web/vendor/sockjs/sockjs.min.js").href;
    script.onload = resolve;
    script.onerror = () => reject(new Error("sockjs-client is not installed"));
    document.head.append(script);
  }).catch((error) => {
    loading = undefined;
    throw error;
  });
  return loading;
}
