//! `credential_term`: the credential words in a search.

use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature};

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, ListBuilder, StringBuilder};

use crate::credentials::term;
use crate::functions::FunctionInfo;
use crate::text_column::{self, Texts};

/// What is written about the function.
pub const INFO: FunctionInfo = FunctionInfo {
    name: "credential_term",
    kind: "scalar",
    syntax: "credential_term(text)",
    description: "The credential words in the text (password, token, api key, ... in many languages), lower-case, each once; \
                  empty where the text is about credentials (a policy, a reset).",
    example: "SELECT actor_id FROM events WHERE cardinality(credential_term(search_query)) > 0",
    version: 4,
};

/// See [`INFO`].
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct CredentialTerm {
    signature: Signature,
}

impl CredentialTerm {
    /// The function.
    pub fn new() -> Self {
        Self { signature: text_column::signature() }
    }
}

impl ScalarUDFImpl for CredentialTerm {
    fn name(&self) -> &str {
        INFO.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(DataType::List(Arc::new(Field::new("item", DataType::Utf8, true))))
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        text_column::coerced(INFO.name, types)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        text_column::evaluate(INFO.name, &args, terms)
    }
}

fn terms(texts: &Texts) -> Result<ArrayRef> {
    let mut lists = ListBuilder::new(StringBuilder::new());
    for text in texts.iter() {
        match text {
            Some(text) => lists.append_value(term::terms(text).into_iter().map(Some)),
            None => lists.append_null(),
        }
    }
    text_column::array(lists.finish())
}
