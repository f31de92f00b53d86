//! The SQL files travel inside the program: a changed or new one makes it anew.
fn main() {
    println!("cargo:rerun-if-changed=sql");
    println!("cargo:rerun-if-changed=sample_data");
}
