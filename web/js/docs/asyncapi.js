import { h } from "../dom.js";
import { fieldTable, propertiesOf, typeOf } from "./schema.js";
import { prose, resolve, slug } from "./text.js";

// the document speaks from the service's side, its readers are clients
/** @type {Record<string, string>} */
const COMMANDS = { receive: "SEND", send: "SUBSCRIBE" };

/** What goes over STOMP. @param {ApiDocument} document */
export function stompSection(document) {
  const shown = Object.entries(document.operations ?? {}).map(([name, operation]) => {
    const channel = resolve(document, operation.channel);
    const command = COMMANDS[operation.action] ?? operation.action;
    return { id: slug("stomp", name), label: `${command} ${channel.address}`, command, channel, operation };
  });
  const element = h(
    "section",
    { id: "stomp", "aria-labelledby": "stomp-title" },
    h("h2", { id: "stomp-title" }, "STOMP"),
    h("p", {}, prose(document.info.description)),
    Object.values(document.servers ?? {}).map((server) => [
      h("p", {}, "At ", h("code", {}, server.pathname), ": ", prose(server.description)),
      headerTable("Headers of CONNECT", server["x-connect-headers"]),
      headerTable("Headers of every SUBSCRIBE", server["x-subscribe-headers"]),
    ]),
    Object.values(document.components?.messageTraits ?? {}).map(({ title, headers }) => headerTable(title, headers)),
    shown.map((one) => article(document, one)),
  );
  return { title: "STOMP", id: "stomp", element, entries: shown };
}

/**
 * @param {string} caption
 * @param {Schema | undefined} headers
 */
function headerTable(caption, headers) {
  return headers && fieldTable(caption, propertiesOf(headers));
}

/**
 * @param {ApiDocument} document
 * @param {any} entry
 */
function article(document, { id, command, channel, operation }) {
  const messages = Object.values(channel.messages ?? {}).map((message) => resolve(document, message));
  return h(
    "article",
    { id, "aria-labelledby": `${id}-title` },
    h("h3", { id: `${id}-title` }, prose(operation.summary ?? channel.summary ?? channel.address)),
    h("p.signature", {}, h("b", { "data-method": command }, command), h("code", {}, channel.address)),
    fieldTable(
      "In the destination",
      Object.entries(channel.parameters ?? {}).map(([name, { description }]) => ({
        name,
        schema: { type: "string" },
        required: true,
        description,
      })),
    ),
    headerTable("Headers of SUBSCRIBE", channel["x-subscribe-headers"]),
    messages.map((message) => [
      headerTable(command === "SEND" ? "Headers" : "Headers of MESSAGE", resolve(document, message.headers)),
      message.payload && h("p.body-type", {}, "Body: ", typeOf(message.payload)),
    ]),
  );
}
