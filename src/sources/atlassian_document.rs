//! What people write in Jira and Confluence → plain text: the Atlassian Document Format (ADF, JSON) and wiki markup.
//!
//! Made for searching: code, link targets and table cells stay, decoration goes. What is no markup stays byte for byte.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::lenient::{List, Maybe, Str};
use crate::event::Text;

/// Documents nest lists in tables in panels; deeper than this is no document that a person wrote, and only its texts are collected.
const DEPTH_MAX: usize = 40;

/// The text of a field as the APIs give it: a string (wiki markup, plain text or ADF) or an ADF document; `None` if it says nothing.
pub fn field_text(raw: &RawValue) -> Text<'_> {
    let json = raw.get();
    if json.starts_with('{') {
        return Some(document_text(json)).filter(|text| !text.is_empty()).map(Cow::Owned);
    }
    if !json.starts_with('"') {
        return None;
    }
    let Str(text) = serde_json::from_str(json).ok()?;
    text.filter(|text| !text.trim().is_empty()).map(string_text)
}

/// The text of a string that is wiki markup, plain text or a whole ADF document.
pub fn string_text(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.starts_with('{') && text.contains("\"doc\"") {
        let document = document_text(&text);
        if !document.is_empty() {
            return Cow::Owned(document);
        }
    }
    wiki_text(text)
}

/// Whether a JSON value is an ADF document.
pub fn is_document(json: &str) -> bool {
    json.starts_with('{') && serde_json::from_str::<Node<'_>>(json).is_ok_and(|node| node.kind.get() == Some("doc"))
}

/// The text of an ADF document, one line a block, without surrounding space.
pub fn document_text(json: &str) -> String {
    let mut text = String::with_capacity(json.len() / 4);
    write_node(json, 0, &mut text);
    text.truncate(text.trim_end().len());
    text
}

#[derive(Deserialize)]
struct Node<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Str<'a>,
    #[serde(borrow, default)]
    text: Str<'a>,
    #[serde(borrow, default)]
    attrs: Maybe<Attributes<'a>>,
    #[serde(borrow, default)]
    marks: List<'a>,
    #[serde(borrow, default)]
    content: List<'a>,
}

#[derive(Deserialize, Default)]
struct Attributes<'a> {
    #[serde(borrow, default)]
    text: Str<'a>,
    #[serde(borrow, default)]
    title: Str<'a>,
    #[serde(borrow, default)]
    url: Str<'a>,
    #[serde(borrow, default)]
    href: Str<'a>,
    #[serde(borrow, default)]
    alt: Str<'a>,
    #[serde(borrow, default, rename = "shortName")]
    short_name: Str<'a>,
    #[serde(borrow, default)]
    id: Str<'a>,
}

#[derive(Deserialize)]
struct Mark<'a> {
    #[serde(borrow, default)]
    attrs: Maybe<Attributes<'a>>,
}

fn write_node(json: &str, depth: usize, out: &mut String) {
    if depth > DEPTH_MAX {
        write_loose_texts(json, out);
        return;
    }
    let Ok(node) = serde_json::from_str::<Node<'_>>(json) else { return };
    let attrs = node.attrs.0.unwrap_or_default();
    match node.kind.get().unwrap_or_default() {
        "text" => {
            let text = node.text.get().unwrap_or_default();
            out.push_str(text);
            for mark in node.marks.items::<Mark<'_>>() {
                write_target(text, mark.attrs.0.unwrap_or_default().href.get(), out);
            }
        }
        "hardBreak" => out.push('\n'),
        "rule" => end_line(out),
        "mention" | "status" | "placeholder" => out.push_str(attrs.text.get().or(attrs.id.get()).unwrap_or_default()),
        "emoji" => out.push_str(attrs.text.get().or(attrs.short_name.get()).unwrap_or_default()),
        "inlineCard" => out.push_str(attrs.url.get().unwrap_or_default()),
        "blockCard" | "embedCard" => write_line(attrs.url.get(), out),
        "media" | "mediaInline" => write_line(attrs.alt.get(), out),
        "expand" | "nestedExpand" => {
            write_line(attrs.title.get(), out);
            write_children(node.content, depth, out);
        }
        "extension" | "inlineExtension" => {
            out.push_str(attrs.text.get().unwrap_or_default());
            write_children(node.content, depth, out);
        }
        "tableCell" | "tableHeader" => {
            write_children(node.content, depth, out);
            out.truncate(out.trim_end_matches('\n').len());
            out.push('\t');
        }
        "tableRow" => {
            write_children(node.content, depth, out);
            out.truncate(out.trim_end_matches('\t').len());
            end_line(out);
        }
        "paragraph" | "heading" | "codeBlock" | "taskItem" | "decisionItem" | "caption" | "listItem" => {
            write_children(node.content, depth, out);
            end_line(out);
        }
        _ => write_children(node.content, depth, out),
    }
}

fn write_children(content: List<'_>, depth: usize, out: &mut String) {
    for child in content.items::<&RawValue>() {
        write_node(child.get(), depth + 1, out);
    }
}

fn write_line(text: Option<&str>, out: &mut String) {
    if let Some(text) = text {
        out.push_str(text);
        end_line(out);
    }
}

fn end_line(out: &mut String) {
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
}

/// A link's target where the label does not show it: credentials lie in both.
fn write_target(label: &str, target: Option<&str>, out: &mut String) {
    if let Some(target) = target.filter(|target| *target != label) {
        out.push_str(" <");
        out.push_str(target);
        out.push('>');
    }
}

/// Every `"text": "…"` in document order, whatever it lies in.
fn write_loose_texts(json: &str, out: &mut String) {
    for (at, key) in json.match_indices("\"text\"") {
        let Some((_, rest)) = json.split_at_checked(at + key.len()) else {
            continue;
        };
        let Some(value) = rest.trim_start().strip_prefix(':') else {
            continue;
        };
        let value = value.trim_start();
        if !value.starts_with('"') {
            continue;
        }
        if let Some(Ok(Str(Some(text)))) = serde_json::Deserializer::from_str(value).into_iter::<Str<'_>>().next() {
            out.push_str(&text);
            end_line(out);
        }
    }
}

/// Macros whose tags are decoration: `{color:red}text{color}`.
const DECORATION: &[&str] = &["quote", "panel", "color", "anchor", "section", "column", "expand", "info", "note", "tip", "warning", "toc"];

/// Macros whose content is kept as it stands.
const VERBATIM: &[&str] = &["code", "noformat"];

/// A macro's tag is never longer, whatever parameters it has.
const TAG_BYTES_MAX: usize = 300;

/// Wiki markup without its macro tags, link syntax and escapes. Text without any is returned as it is.
pub fn wiki_text(text: Cow<'_, str>) -> Cow<'_, str> {
    if !text.contains(['{', '[', '\\']) {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest: &str = &text;
    while let Some(at) = rest.find(['{', '[', '\\']) {
        let (before, found) = rest.split_at(at);
        out.push_str(before);
        rest = match found.as_bytes().first() {
            Some(b'{') => read_brace(found, &mut out),
            Some(b'[') => read_link(found, &mut out),
            _ => read_escape(found, &mut out),
        };
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// `{{monospaced}}`, `{code:java}…{code}` and decoration; anything else keeps its brace.
fn read_brace<'t>(found: &'t str, out: &mut String) -> &'t str {
    if let Some(inner) = found.strip_prefix("{{")
        && let Some((code, rest)) = inner.split_once("}}")
        && !code.contains('\n')
    {
        out.push_str(code);
        return rest;
    }
    if let Some((tag, rest)) = found.get(1..).and_then(|inner| inner.split_once('}'))
        && tag.len() <= TAG_BYTES_MAX
    {
        let name = tag.split([':', '|']).next().unwrap_or(tag);
        if VERBATIM.contains(&name) {
            let end = format!("{{{name}}}");
            let (code, after) = rest.split_once(&end).unwrap_or((rest, ""));
            out.push_str(code);
            return after;
        }
        if DECORATION.contains(&name) {
            return rest;
        }
    }
    out.push('{');
    found.get(1..).unwrap_or_default()
}

/// `[label|https://…]` → `label <https://…>`, `[https://…]` → the address, `[~user]` → `@user`, `[^file.txt]` → `file.txt`.
fn read_link<'t>(found: &'t str, out: &mut String) -> &'t str {
    let inner = found.get(1..).unwrap_or_default();
    if let Some((link, rest)) = inner.split_once(']')
        && !link.contains(['\n', '['])
    {
        let mut parts = link.split('|');
        let label = parts.next().unwrap_or_default();
        let target = parts.next();
        let is_address = |text: &str| text.contains("://") || text.starts_with("mailto:");
        if let Some(target) = target.filter(|target| is_address(target)) {
            out.push_str(label);
            write_target(label, Some(target), out);
            return rest;
        }
        if target.is_none() {
            if let Some(user) = label.strip_prefix('~') {
                out.push('@');
                out.push_str(user.strip_prefix("accountid:").unwrap_or(user));
                return rest;
            }
            if let Some(file) = label.strip_prefix('^') {
                out.push_str(file);
                return rest;
            }
            if is_address(label) {
                out.push_str(label);
                return rest;
            }
        }
    }
    out.push('[');
    inner
}

/// `\*` is a star that the editor kept from being markup; `\\` and `C:\dir` stay.
fn read_escape<'t>(found: &'t str, out: &mut String) -> &'t str {
    const ESCAPED: &[char] = &['*', '_', '-', '+', '^', '~', '{', '}', '[', ']', '!', '|', '?', '#'];
    let rest = found.get(1..).unwrap_or_default();
    let mut chars = rest.chars();
    match chars.next() {
        Some(next) if ESCAPED.contains(&next) => {
            out.push(next);
            chars.as_str()
        }
        Some('\\') => {
            out.push_str("\\\\");
            chars.as_str()
        }
        _ => {
            out.push('\\');
            rest
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_keeps_code_links_mentions_and_cells() {
        let json = r#"{"version":1,"type":"doc","content":[
            {"type":"heading","attrs":{"level":1},"content":[{"type":"text","text":"Access"}]},
            {"type":"paragraph","content":[{"type":"mention","attrs":{"id":"5b10","text":"@Ana"}},{"type":"text","text":" see "},
             {"type":"text","text":"here","marks":[{"type":"link","attrs":{"href":"https://example.com/k"}}]},{"type":"hardBreak"},
             {"text":"bold","type":"text","marks":[{"type":"strong"}]},{"type":"inlineCard","attrs":{"url":"https://example.com/c"}}]},
            {"content":[{"text":"a = 1\n  b = 2","type":"text"}],"type":"codeBlock","attrs":{"language":"py"}},
            {"type":"bulletList","content":[{"type":"listItem","content":[{"type":"paragraph","content":[{"type":"text",
            "text":"one"}]}]}]},
            {"type":"table","content":[{"type":"tableRow","content":[
              {"type":"tableCell","content":[{"type":"paragraph","content":[{"type":"text","text":"user"}]}]},
              {"type":"tableCell","content":[{"type":"paragraph","content":[{"type":"text","text":"pass"}]}]}]}]},
            {"type":"expand","attrs":{"title":"More"},"content":[{"type":"paragraph","content":[{"type":"status",
            "attrs":{"text":"DONE"}}]}]}]}"#;
        let expected =
            "Access\n@Ana see here <https://example.com/k>\nboldhttps://example.com/c\na = 1\n  b = 2\none\nuser\tpass\nMore\nDONE";
        assert_eq!(document_text(json), expected);
        assert!(is_document(json));
        assert!(!is_document(r#"{"type":"page"}"#));
    }

    #[test]
    fn a_document_nested_beyond_reason_still_gives_its_texts() {
        let deep = 3_000;
        let json = format!(
            r#"{{"type":"doc","content":[{}{{"type":"text","text":"found"}}{}]}}"#,
            r#"{"type":"panel","content":["#.repeat(deep),
            "]}".repeat(deep)
        );
        assert_eq!(document_text(&json), "found");
    }

    #[test]
    fn wiki_markup_loses_its_marks_and_keeps_its_words() {
        for (markup, expected) in [
            ("plain {text} [1] C:\\dir", "plain {text} [1] C:\\dir"),
            ("{code:java|title=a}x = \"{b}\";{code} end", "x = \"{b}\"; end"),
            ("{noformat}\\_a{noformat}", "\\_a"),
            ("{code}open", "open"),
            ("{{mono}} and {color:red}red{color}", "mono and red"),
            ("[label|https://example.com/a?b=c|smart-link]", "label <https://example.com/a?b=c>"),
            ("[https://example.com]", "https://example.com"),
            ("[~accountid:5b10] [~ana] [^id_rsa]", "@5b10 @ana id_rsa"),
            ("sk\\_live \\*x\\* \\\\server\\share", "sk_live *x* \\\\server\\share"),
            ("a[b|c] {", "a[b|c] {"),
            ("é{é[é\\é", "é{é[é\\é"),
        ] {
            assert_eq!(wiki_text(Cow::Borrowed(markup)), expected, "{markup}");
        }
        assert!(matches!(wiki_text(Cow::Borrowed("nothing to do")), Cow::Borrowed(_)));
    }

    #[test]
    fn a_field_may_be_a_string_a_document_or_nothing() {
        for (json, expected) in [
            (r#""plain""#, Some("plain")),
            (r#""  ""#, None),
            ("null", None),
            ("12", None),
            (r#"{"type":"doc","content":[{"type":"paragraph","content":[{"type":"text","text":"x"}]}]}"#, Some("x")),
            (r#""{\"type\":\"doc\",\"content\":[{\"type\":\"text\",\"text\":\"y\"}]}""#, Some("y")),
            (r#"{"type":"doc","content":[]}"#, None),
        ] {
            let raw: &RawValue = serde_json::from_str(json).expect("valid");
            assert_eq!(field_text(raw).as_deref(), expected, "{json}");
        }
    }
}
