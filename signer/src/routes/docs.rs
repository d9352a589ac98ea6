//! `GET /docs`: the description of the calls as a page, without a script or anything from elsewhere.

use std::fmt::Write as _;
use std::sync::LazyLock;

use axum::response::{Html, IntoResponse, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::header;
use nearput_api::path;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::openapi::DOCUMENT;

const STYLE: &str = include_str!("docs.css");

static PAGE: LazyLock<String> = LazyLock::new(|| {
    let document = serde_json::to_value(&*DOCUMENT).expect("the description is JSON");
    write(&document)
});

static SECURITY_POLICY: LazyLock<String> = LazyLock::new(|| {
    let style = BASE64_STANDARD.encode(Sha256::digest(STYLE));
    format!("default-src 'none'; style-src 'sha256-{style}'; frame-ancestors 'none'")
});

pub(super) async fn page() -> Response {
    let headers = [(header::CONTENT_SECURITY_POLICY, SECURITY_POLICY.as_str())];
    (headers, Html(PAGE.as_str())).into_response()
}

fn write(document: &Value) -> String {
    let info = &document["info"];
    let calls: String = entries(&document["paths"]).flat_map(|(path, item)| calls(path, item)).collect();
    let words: String = entries(&document["components"]["schemas"]).map(|(name, schema)| word(name, schema)).collect();
    format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>\
         <title>{title}</title><style>{STYLE}</style><main><h1>{title} {version}</h1><p>{about}</p>\
         <p>For programs: <a href='{openapi}'>{openapi}</a></p><h2>Calls</h2>{calls}<h2>Words</h2>{words}</main></html>",
        title = text(&info["title"]),
        version = text(&info["version"]),
        about = text(&info["description"]),
        openapi = path::OPENAPI,
    )
}

fn calls<'a>(path: &'a str, item: &'a Value) -> impl Iterator<Item = String> + 'a {
    entries(item).map(move |(method, call)| {
        let mut rows = String::new();
        let asked = &call["requestBody"]["content"]["application/json"]["schema"];
        if !asked.is_null() {
            let _ = write!(rows, "<tr><th>asks<td>{}", kind(asked));
        }
        for (status, reply) in entries(&call["responses"]) {
            let body = entries(&reply["content"]).map(|(_, content)| kind(&content["schema"])).collect::<String>();
            let status = if status == "default" { "else" } else { status };
            let _ = write!(rows, "<tr><th>{}<td>{body} <small>{}</small>", escape(status), text(&reply["description"]));
        }
        format!(
            "<section><h3><b>{}</b> {}</h3><p>{} {}</p><table>{rows}</table></section>",
            method.to_uppercase(),
            escape(path),
            text(&call["summary"]),
            text(&call["description"]),
        )
    })
}

fn word(name: &str, schema: &Value) -> String {
    let name = escape(name);
    format!("<section id='{name}'><h3>{name}</h3><p>{}</p>{}</section>", text(&schema["description"]), body(schema))
}

/// What a word is made of.
fn body(schema: &Value) -> String {
    if let Some(choices) = schema["oneOf"].as_array() {
        let choice = |choice: &Value| match choice["$ref"].as_str() {
            Some(_) => format!("<li>{}", kind(choice)),
            None => format!("<li>{}{}", text(&choice["description"]), body(choice)),
        };
        return format!("<p>One of:</p><ul>{}</ul>", choices.iter().map(choice).collect::<String>());
    }
    if schema["enum"].is_array() {
        return format!("<p>{}</p>", kind(schema));
    }
    let required = schema["required"].as_array().map_or(&[][..], Vec::as_slice);
    let rows = entries(&schema["properties"]).map(|(name, field)| {
        let optional = if required.iter().any(|required| required == name) { "" } else { " <small>optional</small>" };
        let about =
            text(&field["description"]) + &field["oneOf"][0]["description"].as_str().map(prose).unwrap_or_default();
        format!("<tr><th>{}{optional}<td>{}<td>{about}", escape(name), kind(field))
    });
    format!("<table>{}</table>", rows.collect::<String>())
}

/// A schema in a few words.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|place| place.rsplit('/').next()) {
        let name = escape(name);
        return format!("<a href='#{name}'>{name}</a>");
    }
    if let Some(values) = schema["enum"].as_array() {
        let values = values.iter().map(|value| format!("<code>{}</code>", escape(&value.to_string())));
        return values.collect::<Vec<_>>().join(" ");
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        return choices.iter().filter(|choice| choice["type"] != "null").map(kind).collect::<Vec<_>>().join(" or ");
    }
    let of = |schema: &Value| schema.as_str().map(str::to_owned);
    let types = schema["type"].as_array().map_or_else(|| of(&schema["type"]), |types| types.iter().find_map(of));
    match types.as_deref() {
        Some("array") => format!("list of {}", kind(&schema["items"])),
        Some("object") if schema["additionalProperties"].is_object() => {
            format!("map of {}", kind(&schema["additionalProperties"]))
        }
        Some(name) => escape(name),
        None => String::new(),
    }
}

fn entries(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter).map(|(name, value)| (name.as_str(), value))
}

fn text(value: &Value) -> String {
    value.as_str().map(prose).unwrap_or_default()
}

/// Between backticks is code.
fn prose(text: &str) -> String {
    let pieces = text.split('`').enumerate();
    pieces
        .map(|(index, piece)| if index % 2 == 1 { format!("<code>{}</code>", escape(piece)) } else { escape(piece) })
        .collect()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\'', "&#39;").replace('"', "&quot;")
}
