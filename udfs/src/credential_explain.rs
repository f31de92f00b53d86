//! `credential_explain`: why something in a text is or is not a credential.

use datafusion::arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature};

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, BooleanBuilder, Float64Builder, Int64Builder, ListArray, StringBuilder, StructArray};
use datafusion::arrow::buffer::OffsetBuffer;

use crate::functions::FunctionInfo;
use crate::setup::Setup;
use crate::text_column::{self, Texts};

/// What is written about the function.
pub const INFO: FunctionInfo = FunctionInfo {
    name: "credential_explain",
    kind: "scalar",
    syntax: "credential_explain(text)",
    description: "Each candidate in the text: rule, kind, byte range, masked text, whether it was accepted, its confidence, \
                  and the test that decided, with what can be read from the secret (a token's end, a key's account).",
    example: "SELECT unnest(credential_explain(text)) FROM events WHERE event_id = 'x'",
    version: 8,
};

/// See [`INFO`].
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct CredentialExplain {
    signature: Signature,
    setup: Setup,
}

impl CredentialExplain {
    /// The function over one setup.
    pub fn new(setup: &Setup) -> Self {
        Self { signature: text_column::signature(), setup: setup.clone() }
    }
}

impl ScalarUDFImpl for CredentialExplain {
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
        text_column::evaluate(INFO.name, &args, |texts| explanations(&self.setup, texts))
    }
}

fn fields() -> Fields {
    Fields::from(vec![
        Field::new("rule", DataType::Utf8, false),
        Field::new("kind", DataType::Utf8, false),
        Field::new("start", DataType::Int64, false),
        Field::new("end", DataType::Int64, false),
        Field::new("masked", DataType::Utf8, false),
        Field::new("accepted", DataType::Boolean, false),
        Field::new("confidence", DataType::Float64, false),
        Field::new("test", DataType::Utf8, false),
    ])
}

fn item() -> Arc<Field> {
    Arc::new(Field::new("item", DataType::Struct(fields()), true))
}

fn explanations(setup: &Setup, texts: &Texts) -> Result<ArrayRef> {
    let rules = setup.rules();
    let (mut rule, mut kind, mut mask, mut test) = (StringBuilder::new(), StringBuilder::new(), StringBuilder::new(), StringBuilder::new());
    let (mut confidence, mut start, mut end, mut accepted) =
        (Float64Builder::new(), Int64Builder::new(), Int64Builder::new(), BooleanBuilder::new());
    let mut lengths = Vec::with_capacity(texts.len());
    for text in texts.iter() {
        let found = text.map(|text| rules.explain(text)).unwrap_or_default();
        lengths.push(found.len());
        for candidate in &found {
            rule.append_value(rules.name(candidate));
            kind.append_value(rules.kind(candidate));
            start.append_value(i64::try_from(candidate.range.start).unwrap_or(i64::MAX));
            end.append_value(i64::try_from(candidate.range.end).unwrap_or(i64::MAX));
            mask.append_value(rules.masked(candidate, text.unwrap_or_default()));
            accepted.append_value(candidate.accepted());
            confidence.append_value(candidate.confidence);
            test.append_value(text.map_or_else(String::new, |text| rules.explanation(candidate, text)));
        }
    }
    let columns: Vec<ArrayRef> = vec![
        Arc::new(rule.finish()),
        Arc::new(kind.finish()),
        Arc::new(start.finish()),
        Arc::new(end.finish()),
        Arc::new(mask.finish()),
        Arc::new(accepted.finish()),
        Arc::new(confidence.finish()),
        Arc::new(test.finish()),
    ];
    let structs = StructArray::try_new(fields(), columns, None)?;
    text_column::array(ListArray::try_new(item(), OffsetBuffer::from_lengths(lengths), Arc::new(structs), texts.nulls().cloned())?)
}
