//! `credential_redact`: the text without its credentials.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature};

use std::borrow::Cow;

use datafusion::arrow::array::{ArrayRef, LargeStringArray, StringArray};
use datafusion::common::exec_err;

use crate::functions::FunctionInfo;
use crate::setup::Setup;
use crate::text_column::{self, Texts};

/// What is written about the function.
pub const INFO: FunctionInfo = FunctionInfo {
    name: "credential_redact",
    kind: "scalar",
    syntax: "credential_redact(text)",
    description: "The text with each credential replaced by ****. Bytes that are not UTF-8 become U+FFFD.",
    example: "SELECT credential_redact(text) FROM events",
    version: 7,
};

/// See [`INFO`].
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct CredentialRedact {
    signature: Signature,
    setup: Setup,
}

impl CredentialRedact {
    /// The function over one setup.
    pub fn new(setup: &Setup) -> Self {
        Self { signature: text_column::signature(), setup: setup.clone() }
    }
}

impl ScalarUDFImpl for CredentialRedact {
    fn name(&self) -> &str {
        INFO.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        Ok(match types {
            [DataType::LargeUtf8 | DataType::LargeBinary] => DataType::LargeUtf8,
            [DataType::Dictionary(_, values)] if matches!(**values, DataType::LargeUtf8 | DataType::LargeBinary) => DataType::LargeUtf8,
            _ => DataType::Utf8,
        })
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        text_column::coerced(INFO.name, types)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        text_column::evaluate(INFO.name, &args, |texts| redacted(&self.setup, texts))
    }
}

fn redacted(setup: &Setup, texts: &Texts) -> Result<ArrayRef> {
    let mut rows: Vec<Option<Cow<'_, str>>> = texts.iter().map(|text| text.map(String::from_utf8_lossy)).collect();
    texts.finding(setup.rules(), |row, text, _| {
        if let (Some(slot), Some(masked)) = (rows.get_mut(row), setup.rules().redact(text)) {
            *slot = Some(Cow::Owned(String::from_utf8_lossy(&masked).into_owned()));
        }
    });
    let bytes: usize = rows.iter().flatten().map(|row| row.len()).sum();
    match texts {
        Texts::Large(_) => text_column::array(rows.into_iter().collect::<LargeStringArray>()),
        _ if i32::try_from(bytes).is_err() => exec_err!("{} of one batch is longer than 2 GiB: use a smaller batch size", INFO.name),
        _ => text_column::array(rows.into_iter().collect::<StringArray>()),
    }
}
