use super::*;

fn text_of(message: &str) -> String {
    #[derive(serde::Deserialize)]
    struct Message<'a> {
        #[serde(borrow, default)]
        text: Str<'a>,
        #[serde(borrow, default)]
        blocks: Option<&'a RawValue>,
        #[serde(borrow, default)]
        attachments: List<'a>,
    }
    let message: Message<'_> = serde_json::from_str(message).expect("valid");
    let mut text = MessageText::new(&message.text.0);
    text.add_blocks(message.blocks);
    text.add_attachments(&message.attachments, true);
    text.finish().unwrap_or_default().into_owned()
}

#[test]
fn markup_becomes_plain_text() {
    for (marked, expected) in [
        ("plain", "plain"),
        ("<https://example.com/a?b=1&amp;c=2>", "https://example.com/a?b=1&c=2"),
        ("<https://example.com|here>", "https://example.com here"),
        ("<http://example.com|example.com>", "http://example.com"),
        ("<mailto:ana@example.com|ana@example.com>", "mailto:ana@example.com"),
        ("<@U0ANA0001> and <@U0BO00001|bo>", "@U0ANA0001 and @bo"),
        ("<#C0GENERAL1|general> <#C0OPS00001>", "#general #C0OPS00001"),
        ("<!here> <!subteam^S0TEAM001|@oncall> <!date^1714557600^{date}|1 May>", "@here @oncall 1 May"),
        ("a &lt;b&gt; &amp;amp; c & d &copy;", "a <b> &amp; c & d &copy;"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("<unclosed", "<unclosed"),
        ("Vec<u8> <<x>", "Vec<u8> <<x>"),
        ("<>", "<>"),
        ("é<@é|ü>ö", "é@üö"),
    ] {
        assert_eq!(plain(marked), expected, "{marked}");
    }
}

#[test]
fn text_without_markup_is_borrowed() {
    assert!(matches!(plain("no markup"), Cow::Borrowed(_)));
    let text = Some(Cow::Borrowed("no markup"));
    assert!(matches!(MessageText::new(&text).finish(), Some(Cow::Borrowed(_))));
}

#[test]
fn blocks_that_mirror_the_text_add_nothing() {
    let json = r#"{"text":"*key* is `abc&amp;def` <@U0ANA0001> see <https://example.com|docs> :eyes:","blocks":[{"type":"rich_text",
        "elements":[{"type":
        "rich_text_section","elements":[{"type":"text","text":"key","style":{"bold":true}},{"type":"text","text":" is "},{"type":"text",
            "text":"abc&def",
        "style":{"code":true}},{"type":"text","text":" "},{"type":"user","user_id":"U0ANA0001"},{"type":"text","text":" see "},
            {"type":"link","url":
        "https://example.com","text":"docs"},{"type":"text","text":" "},{"type":"emoji","name":"eyes"}]}]}]}"#;
    assert_eq!(text_of(json), "*key* is `abc&def` @U0ANA0001 see https://example.com docs :eyes:");
}

#[test]
fn what_only_blocks_say_is_added_part_by_part() {
    let json = r#"{"text":"summary","blocks":[
        {"type":"header","text":{"type":"plain_text","text":"Deploy"}},
        {"type":"section","text":{"type":"mrkdwn","text":"to <https://example.com|prod>"},"fields":[{"type":"mrkdwn","text":"user"},
            {"type":"mrkdwn","text":"root"}],
         "accessory":{"type":"button","text":{"type":"plain_text","text":"Open"},"url":"https://example.com/open","value":"v"}},
        {"type":"context","elements":[{"type":"image","image_url":"https://example.com/i.png","alt_text":"logo"},{"type":"plain_text",
            "text":"by ci"}]},
        {"type":"rich_text","elements":[{"type":"rich_text_preformatted","elements":[{"type":"text","text":"line 1\nline 2 <x>"}]},
         {"type":"rich_text_list","style":"bullet","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"ask "},
          {"type":"user","user_id":"U0ANA0001"},{"type":"text","text":" in "},{"type":"channel","channel_id":"C0GENERAL1"}]}]}]},
        {"type":"divider"}]}"#;
    let expected = "summary\nDeploy\nto https://example.com prod\nuser\nroot\nhttps://example.com/open\nOpen\
        \nlogo\nby ci\nline 1\nline 2 <x>\nask @U0ANA0001 in #C0GENERAL1";
    assert_eq!(text_of(json), expected);
}

#[test]
fn attachments_add_their_parts_once() {
    let json = r#"{"text":"","attachments":[{"fallback":"short form","pretext":"Build 12","title":"Build",
        "title_link":"https://ci.example.com/12","text":"exit 1",
        "fields":[{"title":"Env","value":"prod","short":true}],"footer":"circle"},{"fallback":"only this"},{"text":"exit 1"},
        {"message_blocks":[{"message":{"blocks":[{"type":"section","text":{"type":"mrkdwn","text":"forwarded"}}]}}],"text":"forwarded"}]}"#;
    assert_eq!(text_of(json), "Build 12\nhttps://ci.example.com/12\nexit 1\nEnv: prod\ncircle\nonly this\nforwarded");
}

#[test]
fn a_short_part_inside_a_longer_word_is_not_said_yet() {
    let json = r#"{"text":"see https://circle.example.com","attachments":[{"footer":"circ"},{"footer":"circle"},{"footer":"ci"}]}"#;
    assert_eq!(text_of(json), "see https://circle.example.com\ncirc\nci");
}

#[test]
fn deep_nesting_is_cut_not_followed() {
    let deep = format!("{}{}", r#"{"type":"section","elements":["#.repeat(120), "]}".repeat(120));
    assert_eq!(text_of(&format!(r#"{{"text":"t","blocks":[{deep}]}}"#)), "t");
    let deeper = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    assert_eq!(text_of(&format!(r#"{{"text":"t","blocks":{deeper}}}"#)), "t");
}
