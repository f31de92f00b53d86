//! Layout blocks, read into a small tree of what carries text, and written out section by section.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::super::lenient::Str;
use super::{MessageText, plain};
use crate::event::Text;

/// Blocks nest a handful deep; what lies deeper than this is not read.
const DEPTH_MAX: u8 = 24;

/// Adds the text of a JSON value that holds blocks; what is no JSON adds nothing.
pub(super) fn add<'a>(text: &mut MessageText<'a>, json: &'a str) {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    if let Ok(root) = Seed(DEPTH_MAX).deserialize(&mut deserializer) {
        root.write(text);
    }
}

/// A block, an element of one, or a list of these.
#[derive(Default)]
struct Node<'a> {
    kind: Text<'a>,
    /// The text of its own: `text`, or the id, name or address of what it stands for.
    text: Text<'a>,
    url: Text<'a>,
    alt_text: Text<'a>,
    children: Vec<Node<'a>>,
}

impl<'a> Node<'a> {
    fn write(&self, text: &mut MessageText<'a>) {
        match self.kind.as_deref().unwrap_or_default() {
            "rich_text_section" | "rich_text_preformatted" | "rich_text_quote" => self.write_inline(text),
            kind => {
                let markup = kind != "text";
                for part in [&self.text, &self.alt_text, &self.url].into_iter().flatten() {
                    let part = if markup { plain(part) } else { Cow::Borrowed(part.as_ref()) };
                    text.add(&part);
                }
                for child in &self.children {
                    child.write(text);
                }
            }
        }
    }

    /// Writes inline elements as one line of text, unless each of them is said already.
    ///
    /// Mentions and emoji are left out of that question: the message's text may name them in another way.
    fn write_inline(&self, text: &mut MessageText<'a>) {
        let is_new = self.children.iter().any(|child| match child.kind.as_deref() {
            Some("text" | "link" | "color") => [&child.text, &child.url].into_iter().flatten().any(|part| !text.says(part)),
            _ => !child.children.is_empty(),
        });
        if !is_new {
            return;
        }
        let mut line = String::new();
        for child in &self.children {
            child.write_element(&mut line, DEPTH_MAX);
        }
        text.add(&line);
    }

    fn write_element(&self, line: &mut String, depth: u8) {
        let own = self.text.as_deref().unwrap_or_default();
        match self.kind.as_deref().unwrap_or_default() {
            "user" | "usergroup" | "broadcast" | "team" => line.extend(["@", own]),
            "channel" => line.extend(["#", own]),
            "emoji" => line.extend([":", own, ":"]),
            "link" => {
                let url = self.url.as_deref().unwrap_or_default();
                line.push_str(url);
                if !own.is_empty() && own != url {
                    line.extend([" ", own]);
                }
            }
            _ => line.push_str(own),
        }
        if depth > 0 {
            self.children.iter().for_each(|child| child.write_element(line, depth - 1));
        }
    }
}

/// Reads any JSON value as a [`Node`], at most so many levels deep.
#[derive(Clone, Copy)]
struct Seed(u8);

impl Seed {
    fn deeper(self) -> Self {
        Self(self.0.saturating_sub(1))
    }
}

impl<'de> DeserializeSeed<'de> for Seed {
    type Value = Node<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node<'de>, D::Error> {
        if self.0 == 0 {
            deserializer.deserialize_ignored_any(IgnoredAny)?;
            return Ok(Node::default());
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed {
    type Value = Node<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("blocks")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node<'de>, A::Error> {
        let mut node = Node::default();
        while let Some(Str(key)) = map.next_key::<Str<'de>>()? {
            match key.as_deref().unwrap_or_default() {
                "type" => node.kind = map.next_value::<Str<'de>>()?.0,
                "text" => {
                    let value = map.next_value_seed(self.deeper())?;
                    if value.kind.is_none() && value.children.is_empty() {
                        node.text = value.text;
                    } else {
                        node.children.push(value);
                    }
                }
                "user_id" | "usergroup_id" | "channel_id" | "team_id" | "range" | "fallback" => {
                    node.text = node.text.or(map.next_value::<Str<'de>>()?.0);
                }
                "name" | "value" => {
                    let value = map.next_value::<Str<'de>>()?.0;
                    if matches!(node.kind.as_deref(), Some("emoji" | "color")) {
                        node.text = value;
                    }
                }
                "url" | "title_url" => node.url = map.next_value::<Str<'de>>()?.0,
                "alt_text" => node.alt_text = map.next_value::<Str<'de>>()?.0,
                "elements" | "fields" | "title" | "description" | "accessory" | "rows" | "blocks" | "label" | "hint" | "message" => {
                    node.children.push(map.next_value_seed(self.deeper())?);
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        // The element list of a section is the section's own list.
        if let [only] = node.children.as_mut_slice()
            && only.kind.is_none()
            && only.text.is_none()
        {
            node.children = std::mem::take(&mut only.children);
        }
        Ok(node)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node<'de>, A::Error> {
        let mut node = Node::default();
        while let Some(child) = seq.next_element_seed(self.deeper())? {
            node.children.push(child);
        }
        Ok(node)
    }

    fn visit_borrowed_str<E: Error>(self, v: &'de str) -> Result<Node<'de>, E> {
        Ok(Node { text: (!v.is_empty()).then_some(Cow::Borrowed(v)), ..Node::default() })
    }

    fn visit_str<E: Error>(self, v: &str) -> Result<Node<'de>, E> {
        Ok(Node { text: (!v.is_empty()).then(|| Cow::Owned(v.to_owned())), ..Node::default() })
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Node<'de>, E> {
        Ok(Node::default())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Node<'de>, E> {
        Ok(Node::default())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Node<'de>, E> {
        Ok(Node::default())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Node<'de>, E> {
        Ok(Node::default())
    }

    fn visit_unit<E: Error>(self) -> Result<Node<'de>, E> {
        Ok(Node::default())
    }
}
