import { h } from "../dom.js";
import { nameOf, prose, slug } from "./text.js";

/** @type {[string, (value: any) => string | null][]} */
const LIMITS = [
  ["minimum", (least) => `≥ ${least}`],
  ["maximum", (most) => (most >= Number.MAX_SAFE_INTEGER ? null : `≤ ${most}`)],
  ["minLength", (least) => `at least ${least} characters`],
  ["maxLength", (most) => `at most ${most} characters`],
  ["pattern", (pattern) => pattern],
  ["const", (value) => `always ${JSON.stringify(value)}`],
  ["default", (value) => (value === null ? null : `default ${JSON.stringify(value)}`)],
];

/**
 * What a value is, in a few words; types link to where they are shown.
 * @param {Schema | undefined} schema
 * @returns {(string | Node)[]}
 */
export function typeOf(schema) {
  if (!schema) return ["nothing"];
  if (schema.$ref) return [h("a", { href: `#${slug("type", nameOf(schema))}` }, nameOf(schema))];
  /** @type {Schema[] | undefined} */
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return choices.flatMap((choice, index) => [index ? " or " : "", ...typeOf(choice)]);
  if (schema.type === "array") return ["array of ", ...typeOf(schema.items)];
  if (schema.enum) return [schema.enum.map((/** @type {unknown} */ value) => JSON.stringify(value)).join(" or ")];
  const type = [schema.type ?? "any"].flat().join(" or ");
  return [schema.format ? `${type} (${schema.format})` : type];
}

/** @param {Schema | undefined} schema */
export function limitsOf(schema) {
  const whole = { ...schema, ...schema?.anyOf?.find((/** @type {Schema} */ choice) => choice.type !== "null") };
  return LIMITS.map(([name, tell]) => name in whole && tell(whole[name]))
    .filter(Boolean)
    .join(", ");
}

/** @param {Schema | undefined} schema */
export function exampleOf(schema) {
  const example = schema?.examples?.[0] ?? schema?.example;
  return example === undefined ? "" : JSON.stringify(example);
}

/**
 * Rows of `{ name, schema, required, description, where }`.
 * @param {string} caption
 * @param {Field[]} fields
 */
export function fieldTable(caption, fields) {
  if (!fields.length) return "";
  return h(
    "div.table",
    { tabindex: "0", role: "group", "aria-label": caption },
    h(
      "table",
      {},
      h("caption", {}, caption),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          ["Name", "Type", "What it is"].map((name) => h("th", { scope: "col" }, name)),
        ),
      ),
      h("tbody", {}, fields.map(row)),
    ),
  );
}

/**
 * @param {Schema} schema
 * @returns {Field[]}
 */
export function propertiesOf({ properties = {}, required = [] }) {
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    schema,
    required: required.includes(name),
    description: schema.description,
  }));
}

/** @param {Field} field */
function row({ name, schema, required, description, where }) {
  const [limits, example] = [limitsOf(schema), exampleOf(schema)];
  return h(
    "tr",
    {},
    h(
      "th",
      { scope: "row" },
      h("code", {}, name),
      !required && h("span.optional", {}, " optional"),
      where && h("span.optional", {}, ` in the ${where}`),
    ),
    h("td", {}, typeOf(schema)),
    h(
      "td",
      {},
      prose(description),
      limits && h("div.limits", {}, limits),
      example && h("div.limits", {}, "e.g. ", h("code", {}, example)),
    ),
  );
}
