//! How gateways spell the fields of a mail.

/// A longer key is nobody's.
const KEY_MAX: usize = 40;

/// What a field says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    /// Whom the reader sees as the sender.
    From,
    /// Whom the servers saw as the sender; stands in where the other is not written.
    Sender,
    /// Whoever got it.
    Recipients,
    /// The one recipient that this row of several is about.
    Recipient,
    Subject,
    Text,
    Html,
    MessageId,
    /// The gateway's own id.
    TraceId,
    /// The time, and its rank: the smaller is nearer to the sending.
    Time(u8),
    Ip,
    Country,
    Status,
    Delivered,
    Kind,
    Attachments,
    AttachmentName,
}

/// Spelling (lower case, letters and digits only) → meaning, sorted.
const SLOTS: &[(&str, Slot)] = &[
    ("attachment", Slot::Attachments),
    ("attachmentname", Slot::AttachmentName),
    ("attachmentnames", Slot::AttachmentName),
    ("attachments", Slot::Attachments),
    ("attnames", Slot::AttachmentName),
    ("bcc", Slot::Recipients),
    ("bccaddresses", Slot::Recipients),
    ("bccrecipients", Slot::Recipients),
    ("body", Slot::Text),
    ("bodyhtml", Slot::Html),
    ("bodytext", Slot::Text),
    ("cc", Slot::Recipients),
    ("ccaddresses", Slot::Recipients),
    ("ccrecipients", Slot::Recipients),
    ("clientip", Slot::Ip),
    ("country", Slot::Country),
    ("date", Slot::Time(1)),
    ("datetime", Slot::Time(2)),
    ("delivered", Slot::Delivered),
    ("deliveryaction", Slot::Status),
    ("deliverystatus", Slot::Status),
    ("disposition", Slot::Status),
    ("emailsubject", Slot::Subject),
    ("eventtime", Slot::Time(3)),
    ("eventtype", Slot::Kind),
    ("from", Slot::From),
    ("fromaddress", Slot::From),
    ("fromip", Slot::Ip),
    ("guid", Slot::TraceId),
    ("headerfrom", Slot::From),
    ("html", Slot::Html),
    ("htmlbody", Slot::Html),
    ("internetmessageid", Slot::MessageId),
    ("ip", Slot::Ip),
    ("mailfrom", Slot::Sender),
    ("messageid", Slot::MessageId),
    ("messageparts", Slot::Attachments),
    ("messagesubject", Slot::Subject),
    ("messagetime", Slot::Time(1)),
    ("messagetraceid", Slot::TraceId),
    ("msgid", Slot::MessageId),
    ("msgparts", Slot::Attachments),
    ("networkmessageid", Slot::TraceId),
    ("origintimestamputc", Slot::Time(1)),
    ("plain", Slot::Text),
    ("rcptto", Slot::Recipients),
    ("received", Slot::Time(2)),
    ("receiveddatetime", Slot::Time(3)),
    ("recipient", Slot::Recipients),
    ("recipientaddress", Slot::Recipient),
    ("recipientemailaddress", Slot::Recipient),
    ("recipients", Slot::Recipients),
    ("recipientstatus", Slot::Recipients),
    ("rfc2822messageid", Slot::MessageId),
    ("rfc822messageid", Slot::MessageId),
    ("sender", Slot::Sender),
    ("senderaddress", Slot::Sender),
    ("senderenvelope", Slot::Sender),
    ("senderfromaddress", Slot::From),
    ("senderheader", Slot::From),
    ("senderip", Slot::Ip),
    ("senderipv4", Slot::Ip),
    ("senderipv6", Slot::Ip),
    ("sentdatetime", Slot::Time(0)),
    ("senttime", Slot::Time(0)),
    ("sourceip", Slot::Ip),
    ("status", Slot::Status),
    ("subject", Slot::Subject),
    ("text", Slot::Text),
    ("textbody", Slot::Text),
    ("timestamp", Slot::Time(3)),
    ("to", Slot::Recipients),
    ("toaddresses", Slot::Recipients),
    ("torecipients", Slot::Recipients),
    ("ts", Slot::Time(2)),
    ("type", Slot::Kind),
];

/// What a key means.
pub(super) fn slot(key: &str) -> Option<Slot> {
    let mut letters = [0_u8; KEY_MAX];
    let mut length = 0;
    for byte in key.bytes().filter(u8::is_ascii_alphanumeric) {
        *letters.get_mut(length)? = byte.to_ascii_lowercase();
        length += 1;
    }
    let letters = letters.get(..length)?;
    let at = SLOTS.binary_search_by(|(known, _)| known.as_bytes().cmp(letters)).ok()?;
    SLOTS.get(at).map(|(_, slot)| *slot)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_are_sorted_and_found_in_any_style() {
        assert!(SLOTS.windows(2).all(|pair| pair[0].0 < pair[1].0));
        for key in ["Message-ID", "message_id", "messageId", "MESSAGE ID"] {
            assert_eq!(slot(key), Some(Slot::MessageId), "{key}");
        }
        assert_eq!(slot(&"x".repeat(10_000)), None);
        assert_eq!(slot(""), None);
    }
}
