//! Addresses in one canonical form: IP addresses without ports and mappings, mail addresses in lower case, domains of URLs.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

/// The IP address in `a.b.c.d`, `a.b.c.d:port`, `v6`, `[v6]`, `[v6]:port` or an IPv4-mapped form of these, canonical; `None` for host names.
pub fn ip(text: &str) -> Option<Cow<'_, str>> {
    let text = text.trim();
    if is_canonical_v4(text) {
        return Some(Cow::Borrowed(text));
    }
    let unzoned = text.split('%').next().unwrap_or(text);
    // `[v4]:port` is valid nowhere but stands in Microsoft's logs.
    let unbracketed = || text.trim_start_matches('[').replacen(']', "", 1);
    let address = unzoned
        .parse::<IpAddr>()
        .or_else(|_| text.parse::<SocketAddr>().map(|socket| socket.ip()))
        .or_else(|_| unbracketed().parse::<IpAddr>())
        .or_else(|_| unbracketed().parse::<SocketAddr>().map(|socket| socket.ip()))
        .ok()?;
    Some(Cow::Owned(address.to_canonical().to_string()))
}

/// Four decimal numbers up to 255 without leading zeros: what `IpAddr` would print again.
fn is_canonical_v4(text: &str) -> bool {
    if text.len() > 15 {
        return false;
    }
    let mut parts = 0;
    for part in text.split('.') {
        parts += 1;
        let fits = !part.is_empty() && part.len() <= 3 && part.bytes().all(|b| b.is_ascii_digit());
        if !fits || (part.len() > 1 && part.starts_with('0')) || part.parse::<u8>().is_err() {
            return false;
        }
    }
    parts == 4
}

/// A mail address in lower case without surrounding space or `mailto:`; `None` where there is no `@` between two parts.
pub fn email(text: &str) -> Option<Cow<'_, str>> {
    let mut text = text.trim();
    while let Some(rest) = text.strip_prefix("mailto:") {
        text = rest;
    }
    let (local, domain) = text.rsplit_once('@')?;
    if local.is_empty() || domain.is_empty() {
        return None;
    }
    if text.bytes().all(|b| b.is_ascii_graphic() && !b.is_ascii_uppercase()) {
        return Some(Cow::Borrowed(text));
    }
    if text.contains(char::is_whitespace) {
        return None;
    }
    Some(Cow::Owned(text.to_lowercase()))
}

/// The host of a URL (or of a bare `host/path`) in lower case, without user, port and `www.`.
pub fn domain(url: &str) -> Option<String> {
    let rest = url.trim();
    let rest = rest.split_once("://").map_or(rest, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#', '\\']).next()?;
    let host = authority.rsplit('@').next()?;
    let host = host.split(':').next()?.trim_end_matches('.').to_lowercase();
    let host = host.strip_prefix("www.").unwrap_or(&host);
    let named = host.contains('.') && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_') || b >= 0x80);
    named.then(|| host.to_owned())
}

/// The last part of a path or URL path, `/` and `\` alike.
pub fn file_name(path: &str) -> Option<&str> {
    path.rsplit(['/', '\\']).next().filter(|name| !name.is_empty())
}

/// What stands behind the last dot of a file name, if it looks like an extension.
pub fn extension(name: &str) -> Option<&str> {
    let (stem, extension) = name.rsplit_once('.')?;
    let fits = !stem.is_empty() && !extension.is_empty() && extension.len() <= 10 && extension.bytes().all(|b| b.is_ascii_alphanumeric());
    fits.then_some(extension)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_an_address_is_one() {
        for (text, expected) in [
            ("192.0.2.7", Some("192.0.2.7")),
            ("192.0.2.7:51234", Some("192.0.2.7")),
            ("[192.0.2.7]:443", Some("192.0.2.7")),
            ("::ffff:192.0.2.7", Some("192.0.2.7")),
            ("[::ffff:192.0.2.7]:80", Some("192.0.2.7")),
            ("2001:DB8::0001", Some("2001:db8::1")),
            ("[2001:db8::1]:443", Some("2001:db8::1")),
            ("[2001:db8::1]", Some("2001:db8::1")),
            ("fe80::1%eth0", Some("fe80::1")),
            ("localhost", None),
            ("host.example.com:443", None),
            ("1.2.3", None),
            ("", None),
        ] {
            assert_eq!(ip(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn mail_addresses_and_domains_are_lower_case() {
        assert_eq!(email(" Ana.Lee@Example.COM ").as_deref(), Some("ana.lee@example.com"));
        assert_eq!(email("SHAREPOINT\\system"), None);
        assert_eq!(domain("https://user@WWW.Example.com:8443/a?b").as_deref(), Some("example.com"));
        assert_eq!(domain("C:\\Users\\ana"), None);
        assert_eq!(extension("report.final.PDF"), Some("PDF"));
        assert_eq!(extension(".npmrc"), None);
    }
}
