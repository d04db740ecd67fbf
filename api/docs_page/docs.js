// Draws /openapi.json as a page. No library, and nothing is asked of any other host.

const METHODS = ["get", "post", "put", "patch", "delete"];

/** An element with attributes and children; text children are text, never markup. */
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** The type of a schema in a few words. */
function typeName(schema) {
  if (!schema) return "";
  if (schema.$ref) return schema.$ref.split("/").pop();
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return choices.map(typeName).join(" | ");
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if ("const" in schema) return JSON.stringify(schema.const);
  if (schema.type === "array") return `[${typeName(schema.items) || "…"}]`;
  return schema.type ?? "";
}

/** A table of names, types and descriptions. */
function table(rows) {
  const head = make("tr", {}, ...["Name", "Type", "Meaning"].map((word) => make("th", { scope: "col" }, word)));
  const body = rows.map(([name, type, meaning]) =>
    make("tr", {}, make("td", {}, make("code", {}, name)), make("td", {}, type), make("td", {}, meaning)),
  );
  return make("table", {}, make("thead", {}, head), make("tbody", {}, ...body));
}

function parameters(operation) {
  const rows = (operation.parameters ?? []).map((part) => [
    part.name,
    `${part.in}: ${typeName(part.schema)}${part.required ? " *" : ""}`,
    part.description ?? part.schema?.description ?? "",
  ]);
  return rows.length ? [make("h4", {}, "Parameters"), table(rows)] : [];
}

function requestBody(operation) {
  const content = operation.requestBody?.content ?? {};
  return Object.entries(content).flatMap(([type, body]) => [
    make("h4", {}, "Body"),
    make("p", {}, make("code", {}, type), ` ${typeName(body.schema)}`),
  ]);
}

function responses(operation) {
  const rows = Object.entries(operation.responses ?? {}).map(([status, answer]) => {
    const kinds = Object.entries(answer.content ?? {}).map(([type, body]) => `${type} ${typeName(body.schema)}`);
    return [status, kinds.join(", "), answer.description ?? ""];
  });
  return [make("h4", {}, "Answers"), table(rows)];
}

function article(path, method, operation) {
  return make(
    "article",
    { id: `${method}-${path}` },
    make("h3", {}, make("span", { class: "method" }, method.toUpperCase()), make("code", {}, path)),
    make("p", {}, make("strong", {}, operation.summary ?? "")),
    make("p", {}, operation.description ?? ""),
    ...parameters(operation),
    ...requestBody(operation),
    ...responses(operation),
  );
}

function schemas(document_) {
  return Object.entries(document_.components?.schemas ?? {}).map(([name, schema]) =>
    make(
      "details",
      { id: `schema-${name}` },
      make("summary", {}, make("code", {}, name), ` ${schema.description ?? ""}`),
      table(
        Object.entries(schema.properties ?? {}).map(([key, part]) => [
          `${key}${schema.required?.includes(key) ? " *" : ""}`,
          typeName(part),
          part.description ?? part.title ?? "",
        ]),
      ),
    ),
  );
}

function draw(document_) {
  document.title = document_.info.title;
  document.getElementById("about").textContent = document_.info.description ?? "";
  const groups = new Map();
  for (const [path, item] of Object.entries(document_.paths))
    for (const method of METHODS.filter((name) => item[name])) {
      const tag = item[method].tags?.[0] ?? "Other";
      groups.set(tag, [...(groups.get(tag) ?? []), [path, method, item[method]]]);
    }
  const contents = [];
  const articles = [];
  for (const [tag, entries] of groups) {
    const list = entries.map(([path, method]) =>
      make("li", {}, make("a", { href: `#${method}-${path}` }, `${method.toUpperCase()} ${path}`)),
    );
    contents.push(make("h2", {}, tag), make("ul", {}, ...list));
    articles.push(make("h2", {}, tag), ...entries.map((entry) => article(...entry)));
  }
  document.getElementById("contents").replaceChildren(...contents);
  document.getElementById("operations").replaceChildren(...articles, make("h2", {}, "Schemas"), ...schemas(document_));
}

try {
  const answer = await fetch("/openapi.json");
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  draw(await answer.json());
} catch (error) {
  const sentence = `อ่าน /openapi.json ไม่ได้ · /openapi.json cannot be read (${error.message})`;
  document.getElementById("operations").replaceChildren(make("p", { role: "alert" }, sentence));
}
