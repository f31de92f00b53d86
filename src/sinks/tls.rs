//! What went wrong with TLS, in words without a name or address: the library's own would tell both.

use std::error::Error;
use std::io;

use rustls::CertificateError;

/// The words, if TLS is behind an error.
pub fn told(error: &(dyn Error + 'static)) -> Option<&'static str> {
    Some(match behind(error)? {
        rustls::Error::InvalidCertificate(why) => match why {
            CertificateError::UnknownIssuer => "the sink's certificate has an issuer that is not trusted (`ca_file`)",
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => "the sink's certificate is over",
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => "the sink's certificate is not valid yet",
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "the sink's certificate is for another name"
            }
            CertificateError::Revoked => "the sink's certificate was revoked",
            _ => "the sink's certificate is not accepted",
        },
        _ => "TLS with the sink failed",
    })
}

/// The error of TLS in a chain. An `io::Error` hides what it wraps from `source`.
fn behind<'e>(mut error: &'e (dyn Error + 'static)) -> Option<&'e rustls::Error> {
    loop {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        error = match wrapped {
            Some(inner) => inner as &'e (dyn Error + 'static),
            None => error.source()?,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_certificate_is_to_blame_and_no_name_is_told() {
        let name = "siem.example.com".try_into().expect("a name");
        let why = CertificateError::NotValidForNameContext { expected: name, presented: vec!["other.example.com".into()] };
        let error = io::Error::other(io::Error::other(rustls::Error::InvalidCertificate(why)));
        assert_eq!(told(&error), Some("the sink's certificate is for another name"));
        assert_eq!(told(&io::Error::other("else")), None);
    }
}
