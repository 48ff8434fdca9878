import { h } from "../dom.js";
import { fieldTable, typeOf } from "./schema.js";
import { prose, resolve, slug } from "./text.js";

const METHODS = ["get", "post", "put", "patch", "delete"];

/** The calls over HTTP. @param {ApiDocument} document */
export function restSection(document) {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    METHODS.filter((method) => methods[method]).map((method) => ({ path, method, ...methods[method] })),
  );
  operations.sort((a, b) => Number(!a.security) - Number(!b.security)); // what has to be authorized is what it is about
  const shown = operations.map((operation) => ({
    id: slug(operation.method, operation.path),
    label: operation.summary ?? operation.path,
    operation,
  }));
  const element = h(
    "section",
    { id: "rest", "aria-labelledby": "rest-title" },
    h("h2", { id: "rest-title" }, "REST"),
    h(
      "p",
      {},
      "JSON in UTF-8. What is refused is answered with a problem document, whose ",
      h("code", {}, "code"),
      " is stable.",
    ),
    shown.map(({ id, operation }) => article(document, id, operation)),
  );
  return { title: "REST", id: "rest", element, entries: shown };
}

/**
 * @param {ApiDocument} document
 * @param {string} id
 * @param {any} operation
 */
function article(document, id, operation) {
  const { method, path, summary, description, security, parameters = [], requestBody, responses } = operation;
  const body = Object.values(requestBody?.content ?? {})[0]?.schema;
  return h(
    "article",
    { id, "aria-labelledby": `${id}-title` },
    h("h3", { id: `${id}-title` }, summary ?? path),
    h(
      "p.signature",
      {},
      h("b", { "data-method": method }, method.toUpperCase()),
      h("code", {}, path),
      security?.length && h("span.tag", {}, "needs a token"),
    ),
    h("p", {}, prose(description)),
    fieldTable(
      "Parameters",
      parameters
        .map((/** @type {any} */ one) => resolve(document, one))
        .map((/** @type {any} */ { name, schema, required, description: what, in: where }) => ({
          name,
          schema,
          required,
          description: what,
          where,
        })),
    ),
    body && h("p.body-type", {}, "Body: ", typeOf(body)),
    answers(responses),
  );
}

/** @param {Record<string, any>} responses */
function answers(responses) {
  const rows = Object.entries(responses).map(([status, { description, content }]) => {
    const schema = Object.values(content ?? {})[0]?.schema;
    return h(
      "tr",
      { "data-status": status[0] },
      h("th", { scope: "row" }, status),
      h("td", {}, prose(description)),
      h("td", {}, schema && typeOf(schema)),
    );
  });
  return h(
    "div.table.answers",
    { tabindex: "0", role: "group", "aria-label": "Answers" },
    h(
      "table",
      {},
      h("caption", {}, "Answers"),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          ["Status", "When", "Body"].map((name) => h("th", { scope: "col" }, name)),
        ),
      ),
      h("tbody", {}, rows),
    ),
  );
}
