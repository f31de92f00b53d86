//! A server's certificate. What cannot be read or does not fit together ends the server: there is no plain text instead.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use crate::error::{Error, Result};

/// How connections are encrypted, if they are to be. `protocols` are those that clients may ask for as they begin (ALPN); `names` are the
/// settings of certificate and key.
///
/// # Errors
/// `Usage` where one of certificate and key is missing, cannot be read, or does not fit the other.
pub fn acceptor(certificate: Option<&Path>, key: Option<&Path>, protocols: &[&[u8]], names: (&str, &str)) -> Result<Option<TlsAcceptor>> {
    let (certificate, key) = match (certificate, key) {
        (None, None) => return Ok(None),
        (Some(certificate), Some(key)) => (certificate, key),
        _ => return Err(Error::usage(format!("`{}` and `{}` come together", names.0, names.1))),
    };
    let chain = certificates(certificate)?;
    let key_der = PrivateKeyDer::from_pem_file(key)
        .map_err(|e| Error::usage(format!("there is no private key in PEM in `{}`", key.display())).caused_by(e))?;
    let mut server = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|e| Error::internal("TLS cannot be set up").caused_by(e))?
        .with_no_client_auth()
        .with_single_cert(chain, key_der)
        .map_err(|e| {
            Error::usage(format!("the certificate in `{}` and the key in `{}` do not fit", certificate.display(), key.display()))
                .caused_by(e)
        })?;
    server.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    Ok(Some(TlsAcceptor::from(Arc::new(server))))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let wrong = || Error::usage(format!("there is no certificate in PEM in `{}`", path.display()));
    let chain = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<std::result::Result<Vec<_>, _>>)
        .map_err(|e| wrong().caused_by(e))?;
    if chain.is_empty() { Err(wrong()) } else { Ok(chain) }
}
