use proptest::prelude::*;

use super::*;

#[test]
fn blocks_are_lines_and_entities_are_characters() {
    for (html, expected) in [
        ("", ""),
        ("plain\n text", "plain text"),
        ("<p>one</p><p>two</p>", "one\ntwo"),
        ("<div>one<br>two<br/>\nthree</div>", "one\ntwo\nthree"),
        ("<div><div>\n<p>deep</p>\n</div></div>", "deep"),
        ("a <b>bold</b>word", "a boldword"),
        ("<b>a</b> <i>b</i>", "a b"),
        ("<p>a &amp; b &lt;c&gt; &#39;d&#x27; &quot;e&quot; &eacute; &colon;</p>", "a & b <c> 'd' \"e\" é :"),
        ("x&nbsp;&nbsp;y", "x  y"),
        ("&amp;lt;", "&lt;"),
        ("AT&T &unknown; &; &#; &#x; &", "AT&T &unknown; &; &#; &#x; &"),
        ("&#0;&#x110000;&#150;", "\u{fffd}\u{fffd}–"),
        ("pass\u{ad}word &shy;&ZeroWidthSpace;x", "password x"),
        ("<ul><li>one</li><li>two</li></ul>after", "one\ntwo\nafter"),
        ("<table><tr><th>user</th><th>password</th></tr><tr><td>ana</td><td>x</td></tr></table>end", "user\tpassword\nana\tx\nend"),
        ("<script>var a = '<p>';</script><style>p{}</style>text<!-- no --><!---->!", "text!"),
        ("<SCRIPT>x</ScRiPt >y", "y"),
        ("<!doctype html><html><head><title>t</title></head><body>b</body></html>", "t\nb"),
        ("1 < 2 and 3 > 2, a<3, <3", "1 < 2 and 3 > 2, a<3, <3"),
        ("unclosed <b", "unclosed <b"),
        ("<p class=\"a>b\">text</p>", "text"),
        ("<p title=\"it's\">text</p>", "text"),
        ("<p it's>text</p>", "text"),
        ("<p class=\"broken>text</p>more", "text\nmore"),
    ] {
        assert_eq!(to_text(html), expected, "{html}");
    }
}

#[test]
fn code_keeps_its_spaces_and_lines() {
    for (html, expected) in [
        ("<pre>a\n  b\tc\r\n</pre>x", "a\n  b\tc\nx"),
        ("<p>see</p><pre><code>if x:\n    y &lt; 1</code></pre>", "see\nif x:\n    y < 1"),
        ("<codeblock class=\"Json\"><code>{<br>&nbsp; \"a\": 1<br>}</code></codeblock>", "{\n  \"a\": 1\n}"),
        ("<p>run <code>curl -u a:b</code> now</p>", "run curl -u a:b now"),
        (
            "<ac:structured-macro ac:name=\"code\"><ac:plain-text-body><![CDATA[x = \"<a>\"\n  y & z]]></ac:plain-text-body>\
             </ac:structured-macro><p>p</p>",
            "x = \"<a>\"\n  y & z\np",
        ),
    ] {
        assert_eq!(to_text(html), expected, "{html}");
    }
}

#[test]
fn links_show_their_target_where_the_label_does_not() {
    for (html, expected) in [
        ("<a href=\"https://example.com/a?b=1&amp;c=2\">here</a>.", "here <https://example.com/a?b=1&c=2>."),
        ("<a href=\"https://example.com/a\">https://example.com/a</a>", "https://example.com/a"),
        ("<a href='https://example.com/'>example.com</a>", "example.com"),
        ("<a href=mailto:ana@example.com>ana@example.com</a>", "ana@example.com"),
        ("<a id=1 href = \"https://example.com\" >&nbsp;<b>x</b> </a>y", " x <https://example.com>y"),
        ("<a href=\"https://example.com/x\"></a>", "<https://example.com/x>"),
        ("<a href=\"#top\">up</a><a href=\"javascript:void(0)\">run</a><a>bare</a>", "uprunbare"),
        ("<a href=\"https://example.com/x\">open", "open <https://example.com/x>"),
    ] {
        assert_eq!(to_text(html), expected, "{html}");
    }
}

#[test]
fn pictures_and_references_show_what_they_stand_for() {
    for (html, expected) in [
        ("<p>ok <emoji id=\"like\" alt=\"👍\" title=\"Like\"></emoji> <img src=\"x\" alt=\"chart\">", "ok 👍 chart"),
        ("<ac:link><ri:attachment ri:filename=\"keys.txt\"/></ac:link>", "keys.txt"),
        ("hi <at id=\"0\">Ana Lee</at>&nbsp;see <attachment id=\"1\"></attachment>", "hi Ana Lee see"),
    ] {
        assert_eq!(to_text(html), expected, "{html}");
    }
}

#[test]
fn hostile_input_is_read_to_its_end_in_one_pass() {
    // If some piece took quadratic time, this test would take minutes.
    for piece in [
        "<a",
        "<a \"",
        "<a =\"",
        "<a b='",
        "<!--",
        "<![CDATA[",
        "</",
        "&",
        "&#",
        "&ampx",
        "<script>",
        "<script></",
        "<pre>",
        "<a href=x>",
        "<td>",
        "<",
        "< a=\">",
        "<a =\">",
    ] {
        for html in [piece.repeat(30_000), format!("{}>", piece.repeat(30_000))] {
            assert!(to_text(&html).len() <= html.len() + piece.len(), "{piece}: more text than markup");
        }
    }
}

proptest! {
    #[test]
    fn no_input_panics_and_no_text_without_markup_is_lost(
        html in "\\PC*",
        pieces in prop::collection::vec("[<>&/\"'=a-c#x;! \\[\\]-]{0,6}|<p>|</pre>|<pre>|<!--|-->|é", 0..40),
    ) {
        to_text(&html);
        to_text(&pieces.concat());
        let plain: String = html.chars().filter(|c| c.is_ascii_alphanumeric()).collect();
        prop_assert_eq!(to_text(&format!("<p>{plain}</p>")), plain);
    }
}
