//! `credential_find`: the credentials in a text.

use datafusion::arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature};

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Float64Builder, Int64Builder, ListArray, StringBuilder, StructArray};
use datafusion::arrow::buffer::OffsetBuffer;

use crate::functions::FunctionInfo;
use crate::setup::Setup;
use crate::text_column::{self, Texts};

/// What is written about the function.
pub const INFO: FunctionInfo = FunctionInfo {
    name: "credential_find",
    kind: "scalar",
    syntax: "credential_find(text)",
    description: "The credentials in the text: rule, kind, confidence in (0, 1], byte range, masked text, keyed fingerprint. \
                  In order, without overlap.",
    example: "SELECT unnest(credential_find(text)) FROM events WHERE credential_match(text)",
    version: 7,
};

/// See [`INFO`].
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct CredentialFind {
    signature: Signature,
    setup: Setup,
}

impl CredentialFind {
    /// The function over one setup.
    pub fn new(setup: &Setup) -> Self {
        Self { signature: text_column::signature(), setup: setup.clone() }
    }
}

impl ScalarUDFImpl for CredentialFind {
    fn name(&self) -> &str {
        INFO.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(DataType::List(item()))
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        text_column::coerced(INFO.name, types)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        text_column::evaluate(INFO.name, &args, |texts| findings(&self.setup, texts))
    }
}

fn fields() -> Fields {
    Fields::from(vec![
        Field::new("rule", DataType::Utf8, false),
        Field::new("kind", DataType::Utf8, false),
        Field::new("confidence", DataType::Float64, false),
        Field::new("start", DataType::Int64, false),
        Field::new("end", DataType::Int64, false),
        Field::new("masked", DataType::Utf8, false),
        Field::new("fingerprint", DataType::Utf8, false),
    ])
}

fn item() -> Arc<Field> {
    Arc::new(Field::new("item", DataType::Struct(fields()), true))
}

fn findings(setup: &Setup, texts: &Texts) -> Result<ArrayRef> {
    let rules = setup.rules();
    let (mut rule, mut kind, mut mask, mut fingerprint) =
        (StringBuilder::new(), StringBuilder::new(), StringBuilder::new(), StringBuilder::new());
    let (mut confidence, mut start, mut end) = (Float64Builder::new(), Int64Builder::new(), Int64Builder::new());
    let mut lengths = vec![0; texts.len()];
    texts.finding(rules, |row, text, found| {
        for candidate in found {
            rule.append_value(rules.name(candidate));
            kind.append_value(rules.kind(candidate));
            confidence.append_value(candidate.confidence);
            start.append_value(i64::try_from(candidate.range.start).unwrap_or(i64::MAX));
            end.append_value(i64::try_from(candidate.range.end).unwrap_or(i64::MAX));
            mask.append_value(rules.masked(candidate, text));
            fingerprint.append_value(setup.fingerprint(candidate.secret(text)));
        }
        if let Some(length) = lengths.get_mut(row) {
            *length = found.len();
        }
    });
    let columns: Vec<ArrayRef> = vec![
        Arc::new(rule.finish()),
        Arc::new(kind.finish()),
        Arc::new(confidence.finish()),
        Arc::new(start.finish()),
        Arc::new(end.finish()),
        Arc::new(mask.finish()),
        Arc::new(fingerprint.finish()),
    ];
    let structs = StructArray::try_new(fields(), columns, None)?;
    text_column::array(ListArray::try_new(item(), OffsetBuffer::from_lengths(lengths), Arc::new(structs), texts.nulls().cloned())?)
}
