//! Change notifications, and the paths by which Graph names a chat or channel.

use super::Shape;
use crate::sources::Reject;

/// Why a notification without readable content yields no message.
pub(super) fn without_content(notification: &Shape<'_>) -> Reject {
    if notification.encrypted_content.is_some() {
        return Reject::bad("the notification is encrypted: its content must be decrypted before it comes here");
    }
    if notification.resource.get().is_some_and(|path| path.contains("/messages")) {
        return Reject::bad("the notification names a message and does not hold it: the message must be fetched");
    }
    Reject::Nothing
}

/// The id behind the first of these openings, `channels('` say, in a path like `teams('a')/channels('b')/messages`.
pub(in crate::sources) fn named_place(path: &str, openings: &[&str]) -> Option<String> {
    let inner = openings.iter().find_map(|open| path.split_once(open))?.1;
    let id = inner.split('\'').next().filter(|id| !id.is_empty())?;
    Some(percent_encoding::percent_decode_str(id).decode_utf8_lossy().into_owned())
}
