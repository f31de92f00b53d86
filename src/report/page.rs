//! The page itself: numbers in, HTML out. Every text is escaped, and the page's own policy forbids scripts and everything from elsewhere.

use std::fmt::Write;

/// What stands on the page.
pub struct Page {
    pub alerts: Vec<Alert>,
    pub days: Vec<Bar>,
    pub detections: Vec<Bar>,
    pub sources: Vec<Bar>,
    pub quarantine: Vec<Bar>,
    pub switched_off: Vec<String>,
}

/// One alert as the page shows it.
pub struct Alert {
    pub detection: String,
    pub severity: String,
    pub risk: i64,
    pub entity: String,
    pub group: String,
    pub time: String,
    pub summary: String,
    pub evidence: i64,
}

/// A label and its number.
pub struct Bar {
    pub label: String,
    pub number: i64,
}

const HEAD: &str = r#"<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Bittern report</title>
<style>
:root { color-scheme: light dark; --line: #8884; --high: #c0392b; --medium: #b9770e; --low: #2471a3; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
.high { color: var(--high); font-weight: 600; } .medium { color: var(--medium); font-weight: 600; } .low { color: var(--low); }
.number { text-align: right; font-variant-numeric: tabular-nums; } .wide { overflow-x: auto; }
svg text { fill: currentColor; font: 12px system-ui, sans-serif; } svg rect { fill: var(--low); }
@media print { body { margin: 0; max-width: none; } }
</style></head><body>
"#;

impl Page {
    /// The whole page.
    pub fn html(&self) -> String {
        let mut out = String::from(HEAD);
        let high = self.alerts.iter().filter(|alert| alert.severity == "high").count();
        let people: std::collections::HashSet<&str> = self.alerts.iter().map(|alert| alert.entity.as_str()).collect();
        out.push_str("<h1>What needs a look</h1>\n");
        let _ = writeln!(out, "<p>{} alerts about {} people, {high} of them high.</p>", self.alerts.len(), people.len());
        chart(&mut out, "Alerts a day", &self.days);
        chart(&mut out, "Alerts by detection", &self.detections);
        self.alert_table(&mut out);
        out.push_str("<h1>What was looked at</h1>\n");
        chart(&mut out, "Events by source", &self.sources);
        chart(&mut out, "In quarantine, lines by reason", &self.quarantine);
        if !self.switched_off.is_empty() {
            out.push_str("<h2>Switched off</h2><ul>");
            for line in &self.switched_off {
                let _ = write!(out, "<li>{}</li>", escaped(line));
            }
            out.push_str("</ul>\n");
        }
        out.push_str("</body></html>\n");
        out
    }

    fn alert_table(&self, out: &mut String) {
        out.push_str("<h2>Alerts by risk</h2><div class=\"wide\"><table><thead><tr>");
        for name in ["Risk", "Severity", "Detection", "Person", "Group", "First event", "What", "Events"] {
            let _ = write!(out, "<th scope=\"col\">{name}</th>");
        }
        out.push_str("</tr></thead><tbody>\n");
        for alert in &self.alerts {
            let class = if ["high", "medium", "low"].contains(&alert.severity.as_str()) { alert.severity.as_str() } else { "" };
            let _ = write!(out, "<tr><td class=\"number\">{}</td><td class=\"{class}\">{}</td>", alert.risk, escaped(&alert.severity));
            for text in [&alert.detection, &alert.entity, &alert.group, &alert.time, &alert.summary] {
                let _ = write!(out, "<td>{}</td>", escaped(text));
            }
            let _ = writeln!(out, "<td class=\"number\">{}</td></tr>", alert.evidence);
        }
        out.push_str("</tbody></table></div>\n");
    }
}

/// Horizontal bars with their numbers: readable without colour, and as text by a screen reader.
fn chart(out: &mut String, title: &str, bars: &[Bar]) {
    if bars.is_empty() {
        return;
    }
    let greatest = bars.iter().map(|bar| bar.number).max().unwrap_or(1).max(1);
    let height = bars.len() * 20 + 4;
    let _ = writeln!(out, "<h2>{}</h2>", escaped(title));
    let _ = writeln!(out, "<svg role=\"img\" aria-label=\"{}\" viewBox=\"0 0 700 {height}\" width=\"100%\">", escaped(title));
    for (at, bar) in bars.iter().enumerate() {
        let y = at * 20;
        let width = (bar.number.max(0) as f64 / greatest as f64 * 340.0).max(1.0);
        let label: String = bar.label.chars().take(44).collect();
        let _ = writeln!(out, "<text x=\"0\" y=\"{}\">{}</text>", y + 14, escaped(&label));
        let _ = writeln!(out, "<rect x=\"280\" y=\"{}\" width=\"{width:.0}\" height=\"14\"/>", y + 3);
        let _ = writeln!(out, "<text x=\"{:.0}\" y=\"{}\">{}</text>", 286.0 + width, y + 14, bar.number);
    }
    out.push_str("</svg>\n");
}

/// Text as text: nothing in it opens a tag, an attribute or a reference; control and direction characters are dropped.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            c if c.is_control() => safe.push(' '),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_stays_text() {
        let alert = Alert {
            detection: "bulk_download".into(),
            severity: "\"><script>alert(1)</script>".into(),
            risk: 1,
            entity: "p_1".into(),
            group: "javascript:alert(1)".into(),
            time: String::new(),
            summary: "<img src=x onerror=alert(1)> & 'x'".into(),
            evidence: 0,
        };
        let page =
            Page { alerts: vec![alert], days: vec![], detections: vec![], sources: vec![], quarantine: vec![], switched_off: vec![] };
        let html = page.html();
        assert!(!html.contains("<script") && !html.contains("<img"), "{html}");
        assert!(html.contains("&lt;img src=x onerror=alert(1)&gt; &amp; &#39;x&#39;"));
    }
}
