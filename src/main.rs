//! The program: settings of the process, then one command.

use std::process::ExitCode;

fn main() -> ExitCode {
    // Two TLS providers arrive with the dependencies; without a choice the first connection would panic. A second choice changes nothing.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    bittern::cli::main()
}
