// The query in the editor as a complete program, whatever characters it has.

/** Returns text as one word of a POSIX shell: nothing has a meaning between single quotes but the quote itself. */
export function shellQuoted(text) {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Returns text as a string literal of Python over several lines. */
export function pythonQuoted(text) {
  const escaped = text
    .replaceAll("\\", "\\\\")
    .replaceAll('"""', '\\"\\"\\"')
    .replace(/"$/, '\\"')
    .replaceAll("\r", "\\r")
    // eslint-disable-next-line no-control-regex
    .replace(/[\0-\x08\x0b\x0c\x0e-\x1f]/g, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`);
  return `"""\\\n${escaped}"""`;
}

/** Returns text as a raw string of R (4.0 and later), with as many dashes as keep its end from standing in the text. */
export function rQuoted(text) {
  let dashes = "";
  while (text.includes(`)${dashes}"`)) dashes += "-";
  return `r"${dashes}(${text})${dashes}"`;
}

/** What is asked for by each form of query: what is read most easily. */
const ACCEPT = { SELECT: "text/csv", ASK: "application/sparql-results+json", CONSTRUCT: "text/turtle", DESCRIBE: "text/turtle" };

/** Returns the programs by name; `form` is the query's, SELECT where it is not known yet. */
export function programs(query, form, endpoint) {
  const accept = ACCEPT[form] ?? ACCEPT.SELECT;
  const isTable = accept === ACCEPT.SELECT;
  const curl = `curl ${shellQuoted(endpoint)} \\
  --header ${shellQuoted(`Accept: ${accept}`)} \\
  --data-urlencode ${shellQuoted(`query=${query}`)}
`;
  const python = `import io

${isTable ? "import pandas\n" : ""}import requests

query = ${pythonQuoted(query)}

response = requests.post(
    ${JSON.stringify(endpoint)},
    data={"query": query},
    headers={"Accept": ${JSON.stringify(accept)}},
    timeout=60,
)
response.raise_for_status()
${isTable ? "table = pandas.read_csv(io.BytesIO(response.content))\nprint(table.to_string())" : accept.endsWith("json") ? 'print(response.json()["boolean"])' : 'print(response.content.decode("utf-8"))'}
`;
  const r = `library(httr2)
${isTable ? "library(readr)\n" : ""}
query <- ${rQuoted(query)}

response <- request(${JSON.stringify(endpoint)}) |>
  req_headers(Accept = ${JSON.stringify(accept)}) |>
  req_body_form(query = query) |>
  req_perform()

${isTable ? "table <- read_csv(I(resp_body_string(response, \"UTF-8\")))\nprint(table, n = Inf)" : accept.endsWith("json") ? "print(resp_body_json(response, check_type = FALSE)$boolean)" : 'cat(resp_body_string(response, "UTF-8"))'}
`;
  return { curl, python: isTable ? python : python.replace("import io\n\n", ""), r };
}
