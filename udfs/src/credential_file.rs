//! `credential_file`: does a file of this name hold credentials?

use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature};

use datafusion::arrow::array::{ArrayRef, BooleanArray};

use crate::credentials::file_name;
use crate::functions::FunctionInfo;
use crate::text_column::{self, Texts};

/// What is written about the function.
pub const INFO: FunctionInfo = FunctionInfo {
    name: "credential_file",
    kind: "scalar",
    syntax: "credential_file(name)",
    description: "Whether a file of this name holds credentials (id_rsa, .npmrc, vault.kdbx, passwords.xlsx).",
    example: "SELECT file_name FROM events WHERE credential_file(file_name)",
    version: 3,
};

/// See [`INFO`].
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct CredentialFile {
    signature: Signature,
}

impl CredentialFile {
    /// The function.
    pub fn new() -> Self {
        Self { signature: text_column::signature() }
    }
}

impl ScalarUDFImpl for CredentialFile {
    fn name(&self) -> &str {
        INFO.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        text_column::coerced(INFO.name, types)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        text_column::evaluate(INFO.name, &args, files)
    }
}

fn files(names: &Texts) -> Result<ArrayRef> {
    text_column::array(names.iter().map(|name| name.map(|name| file_name::kind(name).is_some())).collect::<BooleanArray>())
}
