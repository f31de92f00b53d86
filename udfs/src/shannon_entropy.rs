//! `shannon_entropy`: how unpredictable a text is.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature};

use datafusion::arrow::array::{ArrayRef, Float64Array};

use crate::credentials::entropy;
use crate::functions::FunctionInfo;
use crate::text_column::{self, Texts};

/// What is written about the function.
pub const INFO: FunctionInfo = FunctionInfo {
    name: "shannon_entropy",
    kind: "scalar",
    syntax: "shannon_entropy(text)",
    description: "Shannon entropy of the text, in bits a character; 0 for an empty text.",
    example: "SELECT shannon_entropy('correct horse')",
    version: 2,
};

/// See [`INFO`].
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct ShannonEntropy {
    signature: Signature,
}

impl ShannonEntropy {
    /// The function.
    pub fn new() -> Self {
        Self { signature: text_column::signature() }
    }
}

impl ScalarUDFImpl for ShannonEntropy {
    fn name(&self) -> &str {
        INFO.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        text_column::coerced(INFO.name, types)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        text_column::evaluate(INFO.name, &args, entropies)
    }
}

fn entropies(texts: &Texts) -> Result<ArrayRef> {
    text_column::array(texts.iter().map(|text| text.map(entropy::shannon)).collect::<Float64Array>())
}
