import { h } from "../dom.js";
import { fieldTable, propertiesOf, typeOf } from "./schema.js";
import { prose, slug } from "./text.js";

/** The JSON objects that both sides speak of, and the values with a name. @param {Record<string, Schema>} schemas */
export function typesSection(schemas) {
  const shown = Object.entries(schemas)
    .filter(([, schema]) => schema.properties || schema.enum)
    .map(([name, schema]) => ({ id: slug("type", name), label: name, schema }));
  const element = h(
    "section",
    { id: "types", "aria-labelledby": "types-title" },
    h("h2", { id: "types-title" }, "Types"),
    shown.map(({ id, label, schema }) =>
      h(
        "article",
        { id, "aria-labelledby": `${id}-title` },
        h("h3", { id: `${id}-title` }, label),
        schema.description && h("p", {}, prose(schema.description)),
        schema.enum && h("p", {}, typeOf(schema)),
        fieldTable("Fields", propertiesOf(schema)),
        h(
          "details",
          {},
          h("summary", {}, "An example"),
          h("pre", { tabindex: "0" }, JSON.stringify(example(schemas, schema), null, 2)),
        ),
      ),
    ),
  );
  return { title: "Types", id: "types", element, entries: shown };
}

/**
 * Made of the examples of the fields.
 * @param {Record<string, Schema>} schemas
 * @param {Schema} schema
 * @param {number} [depth]
 * @returns {unknown}
 */
function example(schemas, schema, depth = 0) {
  if (schema.examples?.length) return schema.examples[0];
  if ("const" in schema) return schema.const;
  if (schema.$ref) return depth > 4 ? null : example(schemas, schemas[schema.$ref.split("/").at(-1)] ?? {}, depth + 1);
  if (schema.anyOf) return example(schemas, schema.anyOf[0], depth + 1);
  if (schema.enum) return schema.enum[0];
  if (schema.properties) {
    return Object.fromEntries(
      Object.entries(schema.properties).map(([name, field]) => [name, example(schemas, field, depth + 1)]),
    );
  }
  if (schema.type === "array") return [example(schemas, schema.items ?? {}, depth + 1)];
  /** @type {Record<string, unknown>} */
  const values = { string: "…", integer: 1, number: 1, boolean: true };
  return values[schema.type] ?? null;
}
