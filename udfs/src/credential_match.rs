//! `credential_match`: is a credential in the text?

use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature};

use datafusion::arrow::array::{ArrayRef, BooleanArray, BooleanBufferBuilder};

use crate::functions::FunctionInfo;
use crate::setup::Setup;
use crate::text_column::{self, Texts};

/// What is written about the function.
pub const INFO: FunctionInfo = FunctionInfo {
    name: "credential_match",
    kind: "scalar",
    syntax: "credential_match(text)",
    description: "Whether a credential (a password, a key, a token) is in the text. The fast one, for WHERE.",
    example: "SELECT event_id FROM events WHERE credential_match(text)",
    version: 7,
};

/// See [`INFO`].
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct CredentialMatch {
    signature: Signature,
    setup: Setup,
}

impl CredentialMatch {
    /// The function over one setup.
    pub fn new(setup: &Setup) -> Self {
        Self { signature: text_column::signature(), setup: setup.clone() }
    }
}

impl ScalarUDFImpl for CredentialMatch {
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
        text_column::evaluate(INFO.name, &args, |texts| matches(&self.setup, texts))
    }
}

fn matches(setup: &Setup, texts: &Texts) -> Result<ArrayRef> {
    let mut found = BooleanBufferBuilder::new(texts.len());
    found.append_n(texts.len(), false);
    texts.matching(setup.rules(), |row| found.set_bit(row, true));
    text_column::array(BooleanArray::new(found.finish(), texts.nulls().cloned()))
}
